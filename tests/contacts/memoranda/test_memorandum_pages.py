"""The pages of memoranda: the list, the comparison of two texts, prints, reminders, the rules; each with a fixed number of queries."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import AuditEvent
from cases.models import Case, Term
from contacts import memorandum_book, memorandum_queries
from contacts.memorandum_lists import MEMORANDA
from contacts.memorandum_queries import State, state_of
from contacts.models import Commitment, LiaisonRule, Memorandum, MemorandumParty, MemorandumText, TextCheck
from core.printing import PrintRefusedError
from core.search import put, search
from tests import factories as make
from tests.cases.pages import text_of
from tests.contacts.memoranda.conftest import CHINESE, ENGLISH, add_file, agreed, approved, memorandum, signed

TODAY = timezone.localdate()
LIST = "/memoranda/"


def page(client, address, **query):
    return client.get(address, query).text


def count(client, address):
    """Queries of a page that was looked at before."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def plain(preparer, partner, title, **facts):
    """A memorandum as it would stand after years of work: its facts are set, the way there is tested elsewhere."""
    case = make.case("1.2", by=preparer, title=title)
    found = case.memorandum
    signed_facts = {"approved_digest": "a" * 64, "approved_at": timezone.now(), "approved_by": preparer, "signed_digest": "a" * 64}
    signed_facts |= {"signing_recorded_at": timezone.now(), "signing_recorded_by": preparer, "renewal": "written", "title": title}
    if "signed_on" in facts:
        facts = signed_facts | {"effective_on": facts["signed_on"]} | facts
    MemorandumParty.objects.create(memorandum=found, organisation=partner, made_by=preparer)
    Memorandum.objects.filter(pk=found.pk).update(**facts)
    return Memorandum.objects.select_related("case").get(pk=found.pk)


@pytest.fixture
def several(preparer, partner):
    """One in each state."""
    old, soon, ended = TODAY - timedelta(days=700), TODAY + timedelta(days=60), {"end_recorded_at": timezone.now(), "end_recorded_by": preparer}
    made = {
        State.TALKS: plain(preparer, partner, "洽谈中的"),
        State.APPROVED: plain(preparer, partner, "待签署的", approved_digest="b" * 64, approved_at=timezone.now(), approved_by=preparer),
        State.IN_FORCE: plain(preparer, partner, "执行中的", signed_on=old, expires_on=TODAY + timedelta(days=400)),
        State.EXPIRING: plain(preparer, partner, "快到期的", signed_on=old, expires_on=soon),
        State.EXPIRED: plain(preparer, partner, "到期的", signed_on=old, expires_on=TODAY - timedelta(days=1)),
        State.RENEWED: plain(preparer, partner, "续签的", signed_on=old, expires_on=soon, end_kind="renewed", ended_on=TODAY, **ended),
        State.TERMINATED: plain(preparer, partner, "终止的", signed_on=old, expires_on=soon, end_kind="terminated", ended_on=TODAY, **ended),
        State.WITHDRAWN: plain(preparer, partner, "撤回的"),
    }
    make.act(made[State.WITHDRAWN].case, "withdraw", reason="对方无意")
    return made


# -- the list


def test_each_state_is_found_by_its_filter_and_said_of_the_row(several, preparer):
    client = make.client_of(preparer)
    for state, expected in several.items():
        response = client.get(LIST, {"state": state.value})

        assert [(str(row), said) for row, said in response.context["lines"]] == [(str(expected), state)]


def test_one_that_will_end_soon_is_about_to_run_out(preparer, partner):
    facts = {"end_kind": "terminated", "ended_on": TODAY + timedelta(days=20), "end_recorded_at": timezone.now(), "end_recorded_by": preparer}
    found = plain(preparer, partner, "将终止的", signed_on=TODAY, renewal="open", **facts)
    lasting = plain(preparer, partner, "长期的", signed_on=TODAY, renewal="open")
    rows = Memorandum.objects.all()

    assert (state_of(found, TODAY), state_of(lasting, TODAY)) == (State.EXPIRING, State.IN_FORCE)
    assert list(memorandum_queries.in_state(rows, State.EXPIRING, TODAY)) == [found]
    assert list(memorandum_queries.in_state(rows, State.IN_FORCE, TODAY)) == [lasting]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"partner": "north bay"}, 8),
        ({"partner": "南湾"}, 0),
        ({"country": "NOR"}, 8),
        ({"country": "CHN"}, 0),
        ({"q": "快到期"}, 1),
        ({"q": "北湾商会"}, 8),
        ({"q": "到"}, 2),
        ({"signed_since": TODAY.isoformat()}, 0),
        ({"expires_until": (TODAY + timedelta(days=90)).isoformat()}, 4),
        ({"signed_until": "?"}, 0),
        ({"sort": "expires"}, 8),
    ],
)
def test_the_list_is_narrowed(several, preparer, query, titles):
    for found in several.values():
        put(memorandum_queries.MEMORANDA, [found])

    response = make.client_of(preparer).get(LIST, query)

    assert len(response.context["lines"]) == titles


def test_a_filter_is_told_and_can_be_taken_away(several, preparer):
    text = page(make.client_of(preparer), LIST, state="expiring", country="NOR")

    assert "状态：即将届满" in text
    assert "国家（地区）：挪威" in text
    assert 'href="?country=NOR"' in text


def test_out_of_sight_is_not_listed(several):
    client = make.client_of(make.worker("preparer", "2.1"))

    assert "还没有备忘录" in page(client, LIST)
    assert "没有找到符合条件的记录" in page(client, LIST, q="到期")
    assert "新建备忘录办件" not in page(client, LIST)


def test_the_columns_say_what_stands_in_the_records(in_force, partner):
    Commitment.objects.create(
        memorandum=memorandum(in_force), clause="一", item="互访", owner=in_force.handler, frequency="once", first_due_on=TODAY, made_by=in_force.handler
    )
    row = MEMORANDA.with_columns(Memorandum.objects.all(), MEMORANDA.columns).get()
    cells = {column.name: column.value(row) for column in MEMORANDA.columns}

    assert (cells["partners"], cells["countries"], cells["rate"], cells["state"]) == ("北湾商会", "挪威", "0%（0/1）", "执行中")
    assert (cells["term"], cells["originals"], cells["originals_place"], cells["kind"]) == ("3 年，需书面续签", 2, "部门档案柜 3 号", "合作备忘录")
    assert {cells[name] for name in ("level", "handler", "signed_place", "title_en")} == {"会级（市贸促会）", "林晓舟", "天津", "Memorandum of Cooperation"}
    assert list(MEMORANDA.rows(in_force.handler, QueryDict())) == [row]


def test_the_list_costs_the_same_for_one_and_for_many(several, preparer, partner):
    client = make.client_of(preparer)
    few = count(client, LIST)
    for place in range(5):
        plain(preparer, partner, f"又一份 {place}", signed_on=TODAY, expires_on=TODAY + timedelta(days=900))

    assert count(client, LIST) == few


def test_it_is_found_by_search(draft, preparer):
    (group,) = search("beiwanshanghui", preparer, kinds=["memorandum"])

    assert [hit.url for hit in group.hits] == [memorandum(draft).get_absolute_url()]
    assert search("北湾", make.worker("preparer", "2.1"), kinds=["memorandum"]) == []


# -- the page of the case, and of the approval


def test_the_page_of_a_case_shows_all_of_it(in_force, preparer):
    client = make.client_of(preparer)
    make.act(in_force, "add_commitment", "3", clause="第一条", item="互访", owner=preparer.pk, frequency="yearly", first_due_on=TODAY - timedelta(days=380))
    paper = make.attached(in_force, "纪要.txt")
    target = f"commitment:{Commitment.objects.get().pk}"
    make.act(in_force, "fulfil", target, due_on=TODAY - timedelta(days=380), done_on=TODAY - timedelta(days=370), document=paper.pk)
    make.act(in_force, "add_yearly_review", "3", year=TODAY.year, reviewed_on=TODAY, summary="执行良好")

    text = page(client, in_force.get_absolute_url())

    for words in (
        "北湾商会",
        "Lars Berg（会长）",
        "已签署",
        "采纳",
        "部门档案柜 3 号",
        "50%（1/2）",
        "纪要.txt",
        "执行良好",
        "为续签立项",
        "登记终止",
        "履约率 =",
    ):
        assert words in text, words


def test_the_page_says_where_the_text_was_changed_after_the_approval(draft, reviewer, signer):
    approved(draft, reviewer, signer)
    assert "现行文本不是批准的文本" not in page(make.client_of(draft.handler), draft.get_absolute_url())

    add_file(draft, "add_text", "2", CHINESE + b" ", language="zh", note="改字")

    text = page(make.client_of(draft.handler), draft.get_absolute_url())
    assert "批准以后文本有改动" in text
    assert "现行，未批准" in text


def test_the_page_costs_the_same_for_few_and_for_many_parts(draft, preparer):
    client = make.client_of(preparer)

    def grow(name):
        make.act(draft, "add_review", "2", reviewer=f"法规处 {name}", reviewed_on="2026-01-06", opinion="无", adoption="none")
        make.act(draft, "add_countersignature", "2", body=f"单位 {name}", sent_on="2026-01-06")
        make.act(draft, "add_commitment", "2", clause=name, item="互访", owner=preparer.pk, frequency="once", first_due_on="2026-06-01")

    grow("一")
    few = count(client, draft.get_absolute_url())
    for name in "二三四":
        grow(name)

    assert count(client, draft.get_absolute_url()) == few


def test_whoever_approves_reads_the_memorandum(draft, reviewer):
    make.act(draft, "submit", "2")

    text = page(make.client_of(reviewer), Case.objects.get(pk=draft.pk).approvals.get(decision="").get_absolute_url())

    assert "北湾商会" in text
    assert "法律顾问" in text
    assert "/do/edit_memorandum/" not in text


def test_a_leader_sees_texts_and_does_not_open_them(draft):
    text = page(make.client_of(make.person("leader")), draft.get_absolute_url())

    assert "中文文本第 1 版" in text
    assert "双语核对</a>" not in text


def test_an_unsettled_standing_in_china_is_a_warning_with_its_basis(case, ours, partner):
    type(partner).objects.filter(pk=partner.pk).update(china_status="unchecked")
    agreed(case, ours, partner)

    text = page(make.client_of(case.handler), case.get_absolute_url())

    assert "NGO-01" in text
    assert "在华身份为“未核实”" in text
    assert "境外非政府组织境内活动管理法" in text
    assert "（本单位待确认）" in text


# -- two texts side by side


def compare(case):
    return reverse("contacts:memorandum-compare", args=[case.number])


def test_two_texts_are_compared_and_a_person_notes_what_they_say(draft, preparer):
    add_file(draft, "add_text", "2", ENGLISH.replace(b"5 persons", b"6 persons"), "english.txt", language="en", note="改")
    client = make.client_of(preparer)
    text = page(client, compare(draft))
    assert "中文文本写有人数“5人”，英文文本里没有。" in text
    assert MemorandumText.objects.exclude(words=None).count() == 0

    version = Case.objects.get(pk=draft.pk).version
    empty = client.post(compare(draft), {"version": version, "note": ""}, follow=True)
    stale = client.post(compare(draft), {"version": version - 1, "note": "x"}, follow=True)
    done = client.post(compare(draft), {"version": version, "note": "以中文为准，英文待改"}, follow=True)

    assert "这个字段是必填项" in empty.text or "请填写" in empty.text
    assert "办件已有变化" in stale.text
    assert "差异 2 处；以中文为准，英文待改" in done.text
    assert TextCheck.objects.get().made_by == preparer
    assert "已核对，当时差异 2 处" in page(client, compare(draft))
    again = page(client, draft.get_absolute_url())
    assert "MEM-02" not in again


def test_what_cannot_be_read_is_said(draft, preparer):
    MemorandumText.objects.filter(language="en").update(words="")
    client = make.client_of(preparer)

    text = page(client, compare(draft))
    refused = client.post(compare(draft), {"version": 1, "note": "x"}, follow=True)

    assert "“english.txt”读不出文字" in text
    assert "备忘录现在不能改动，没有登记" in refused.text
    assert TextCheck.objects.count() == 0


def test_a_lost_file_is_said(draft, preparer):
    for text in MemorandumText.objects.select_related("document"):
        text.document.path.unlink()

    assert "读不出文字" in page(make.client_of(preparer), compare(draft))


def test_it_is_there_for_whoever_reads_and_where_there_are_two(case, draft, reviewer):
    other = make.case("1.2", by=case.handler, title="又一件")

    assert make.client_of(case.handler).get(compare(other)).status_code == 404
    assert make.client_of(make.worker("preparer", "2.1")).get(compare(draft)).status_code == 404
    assert "登记双语核对" not in page(make.client_of(reviewer), compare(draft))


# -- prints


def words(response):
    return "".join(page.extract_text() for page in PdfReader(BytesIO(response.content)).pages).replace("\n", "")


def test_one_is_printed_on_a_sheet(in_force, preparer):
    make.act(in_force, "add_commitment", "3", clause="第一条", item="互访", owner=preparer.pk, frequency="yearly", first_due_on=TODAY - timedelta(days=380))

    response = make.client_of(preparer).get(reverse("contacts:memorandum-print", args=[in_force.number]))

    told = words(response)
    for part in ("合作备忘录摘要", "天津市贸促会与北湾商会合作备忘录", "Lars Berg", "部门档案柜", "0%（0/2）", "履约率", "已履行/已到期"):
        assert part in told, part
    assert len(PdfReader(BytesIO(response.content)).pages) == 1
    assert AuditEvent.objects.filter(action="memorandum.print").count() == 1


def test_a_draft_is_printed_too_and_the_register_lists_what_was_signed(several, draft, preparer):
    client = make.client_of(preparer)
    year = (TODAY - timedelta(days=700)).year

    sheet = client.get(reverse("contacts:memorandum-print", args=[draft.number]))
    register = client.get(reverse("contacts:memorandum-register", args=[year]))

    assert sheet["Content-Type"] == register["Content-Type"] == "application/pdf"
    told = words(register)
    assert f"{year}年度备忘录登记簿" in told
    assert "快到期的" in told
    assert "洽谈中的" not in told
    assert client.get(reverse("contacts:memorandum-register", args=[1999])).status_code == 404


def test_a_print_that_is_refused_says_why(in_force, preparer, monkeypatch):
    def refuse(*args):
        raise PrintRefusedError("缺字")

    monkeypatch.setattr("contacts.memorandum_views.sheet_pdf", refuse)

    response = make.client_of(preparer).get(reverse("contacts:memorandum-print", args=[in_force.number]))

    assert (response.status_code, "缺字" in response.text) == (422, True)


def test_another_case_has_no_sheet(preparer):
    client = make.client_of(preparer)

    assert client.get(reverse("contacts:memorandum-print", args=["1.2-2026-9999"])).status_code == 404


# -- reminders


def test_today_calls_to_mind_what_runs_out_what_is_late_and_the_review(several, preparer):
    found = several[State.EXPIRING]
    Commitment.objects.create(
        memorandum=found, clause="一", item="互访", owner=preparer, frequency="yearly", first_due_on=TODAY - timedelta(days=9), made_by=preparer
    )

    text = page(make.client_of(preparer), "/today/")

    assert "备忘录届满：决定续签、顺延或终止" in text
    assert "合作事项逾期：互访" in text
    assert "年度检查" in text


def test_whoever_sees_to_a_commitment_is_reminded_of_it_alone(several, preparer):
    owner = make.worker("preparer", "1.2")
    Commitment.objects.create(
        memorandum=several[State.EXPIRING], clause="一", item="互访", owner=owner, frequency="once", first_due_on=TODAY - timedelta(days=9), made_by=preparer
    )

    assert [str(one.text) for one in memorandum_queries.reminders_for(owner)] == ["合作事项逾期：互访"]
    assert memorandum_queries.reminders_for(make.worker("preparer", "1.2")) is None
    assert memorandum_queries.reminders_for(make.person("editor")) is None


def test_rules_that_are_off_call_nothing_to_mind(several, preparer):
    LiaisonRule.objects.update(strictness="off")

    assert memorandum_queries.reminders_for(preparer) is None


def test_the_figure_of_the_rule_says_how_early(several, preparer):
    LiaisonRule.objects.filter(code="MEM-04").update(figure=30)

    assert [row for row, _said in make.client_of(preparer).get(LIST, {"state": "expiring"}).context["lines"]] == []


# -- the book


def test_the_pages_of_a_body_and_a_country_show_their_memoranda(several, partner, preparer):
    client = make.client_of(preparer)

    for address in (partner.get_absolute_url(), partner.country.get_absolute_url()):
        text = page(client, address)
        assert "快到期的" in text
        assert "即将届满" in text
        assert client.get(address).text.count("links2") >= 1
    assert memorandum_book.of_organisation(make.organisation("丙", preparer), preparer) is None
    assert "快到期的" not in page(make.client_of(make.worker("preparer", "2.1")), partner.get_absolute_url())


def test_the_brief_tells_what_is_signed_and_still_to_be_done(several, partner, preparer):
    Commitment.objects.create(
        memorandum=several[State.EXPIRING], clause="一", item="互访", owner=preparer, frequency="once", first_due_on=TODAY - timedelta(days=9), made_by=preparer
    )
    lasting = plain(preparer, partner, "长期的", signed_on=TODAY, renewal="open")

    lines = [f"{line.lead}|{line.text}" for line in memorandum_book.of_brief(partner, preparer)]

    assert len(lines) == 7
    assert f"|待履行：一 互访（{TODAY - timedelta(days=9)}，已逾期）" in lines
    assert f"{lasting}|{TODAY} 签署，无固定期限，执行中" in lines


def test_the_figure_of_a_country_is_the_list_that_it_leads_to(several, partner, preparer):
    counts = memorandum_book.in_force_by_country(preparer)

    assert counts == {partner.country_id: 2}
    assert len(make.client_of(preparer).get(memorandum_book.address_of("NOR")).context["lines"]) == 2


# -- rules


RULES = "/rules/liaison/"


def test_the_rules_stand_with_their_basis_unconfirmed(office):
    text = page(make.signed_in("leader"), RULES)

    assert text.count("本单位待确认</span>") == 6
    assert "吉政发〔2012〕9号" in text
    assert "/edit/" not in text


def test_a_rule_is_changed_and_confirmed_by_another(office):
    editor, publisher = make.signed_in("editor", "publisher"), make.signed_in("publisher")
    rule = LiaisonRule.objects.get(code="MEM-04")
    address = f"{RULES}{rule.pk}/edit/"
    seen = editor.get(address).context["seen"]

    typed = {"seen": seen, "strictness": "warn", "figure": "60", "basis": "本单位惯例"}
    assert "没有改动" in editor.post(address, typed | {"figure": "90", "basis": rule.basis}, follow=True).text
    assert editor.post(address, typed | {"figure": "0"}).context["form"].errors.keys() == {"figure"}
    assert editor.post(address, typed | {"basis": ""}).context["form"].errors.keys() == {"basis"}
    editor.post(address, typed)
    assert "打开页面之后" in editor.post(address, typed | {"figure": "45"}).text
    rule.refresh_from_db()
    assert (rule.figure, rule.changed_by) == (60, editor.person)

    now = editor.get(address).context["seen"]
    own = editor.post(f"{RULES}{rule.pk}/confirm/", {"seen": now}, follow=True)
    done = publisher.post(f"{RULES}{rule.pk}/confirm/", {"seen": now}, follow=True)
    again = publisher.post(f"{RULES}{rule.pk}/confirm/", {"seen": editor.get(address).context["seen"]}, follow=True)
    assert "规则须由修改人以外的人确认" in own.text
    assert "已确认。" in done.text
    assert "这条规则已经确认" in again.text
    assert set(AuditEvent.objects.filter(action__startswith="liaison_rule").values_list("action", flat=True)) == {
        "liaison_rule.seed",
        "liaison_rule.change",
        "liaison_rule.confirm",
    }


def test_a_rule_without_a_figure_has_none(office):
    editor = make.signed_in("editor")
    rule = LiaisonRule.objects.get(code="MEM-01")
    address = f"{RULES}{rule.pk}/edit/"

    editor.post(address, {"seen": editor.get(address).context["seen"], "strictness": "warn", "basis": "本单位惯例"})

    rule.refresh_from_db()
    assert (rule.strictness, rule.figure) == ("warn", None)


def test_opening_a_case_asks_for_kind_and_level(preparer):
    client = make.client_of(preparer)
    kind = Term.objects.get(kind="memorandum_kind", name="友好商会协议")

    client.post("/cases/new/1.2/", {"title": "与南湾商会", "sensitivity": "internal", "kind": kind.pk, "level": "city"})

    found = Memorandum.objects.get()
    assert (found.kind, found.level, str(found)) == (kind, "city", "与南湾商会")


def test_signing_is_asked_for_on_its_page(draft, reviewer, signer, preparer):
    approved(draft, reviewer, signer)
    client = make.client_of(preparer)
    assert "登记签署" in page(client, draft.get_absolute_url())
    signed(draft)

    assert "签署完毕，转入执行" in page(client, draft.get_absolute_url())


def test_archiving_a_party_tells_of_what_is_in_force(in_force, partner):
    client = make.client_of(in_force.handler)
    archive = reverse("contacts:organisation-archive", args=[partner.pk])
    assert in_force.number in text_of(client.get(archive))
    assert in_force.number not in text_of(client.get(reverse("contacts:organisation-archive", args=[make.organisation("双湾商会").pk])))

    client.post(archive, {"reason": "已撤销", "version": 1})

    assert "北湾商会 签署方 已归档" in text_of(client.get(in_force.get_absolute_url()))
