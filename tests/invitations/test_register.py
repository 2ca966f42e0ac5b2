"""发文登记簿: what it lists and for whom, filters and exports, prints by year and month; a letter that is void says so everywhere."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import AuditEvent, User
from core.printing import PrintRefusedError
from invitations import register_views
from invitations.lists import COLUMNS, LETTERS, rows
from invitations.models import Cancellation, InvitationLetter
from invitations.register_printing import register_pdf
from jobs.actions import ask
from lists.exporting import make as make_export
from lists.jobs import EXPORT
from tests import factories as make

from .conftest import fill, invite, issued, reviewed, taken_in

LIST, YEARS = reverse("invitations:register"), reverse("invitations:register-years")


def words_of(body):
    """The words of a PDF, without the blanks between them."""
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).split())


@pytest.fixture
def letters(preparer, unit, reviewers, signer):
    """Four letters: one in force, one cancelled, one replaced by the first, one that is over."""
    for place in range(1, 5):
        case = make.case("4.1", by=preparer, title=f"第 {place} 份申请")
        invite(fill(case.invitation_application, unit), [(f"BERG{chr(64 + place)}", "LARS", "", "M", f"P00006{place:03}")])
        for name in ("贸易往来文件", "中文译文"):
            make.act(case, "add_material", name=name)
        issued(make.collected(case), reviewers, signer)
    now = timezone.now()
    found = list(InvitationLetter.objects.order_by("serial"))
    Cancellation.objects.create(letter=found[1], reason="来访取消", told="邀请单位", asked_by=preparer, decision="approved", decided_at=now, decided_by=signer)
    InvitationLetter.objects.filter(pk=found[1].pk).update(cancelled_at=now)
    InvitationLetter.objects.filter(pk=found[2].pk).update(replaced_by=found[0], replaced_at=now)
    return list(InvitationLetter.objects.order_by("serial"))


@pytest.fixture
def registrar_client(registrar):
    return make.client_of(registrar)


def listed(client, query=""):
    return [letter.serial for letter, _state in client.get(f"{LIST}{query}").context["lines"]]


def test_the_register_lists_every_letter_with_its_state(registrar_client, letters):
    page = registrar_client.get(LIST)

    assert [(letter.serial, state.value) for letter, state in page.context["lines"]] == [(4, "valid"), (3, "replaced"), (2, "cancelled"), (1, "valid")]
    for told in ("已作废：来访取消", f"已被 {letters[0].number} 替代", "天津北湾展览服务有限公司", letters[0].application.case.number):
        assert told in page.text
    assert "P00006" not in page.text
    assert "BERG" not in page.text
    assert LIST in registrar_client.get(reverse("invitations:home")).text


def test_a_letter_that_is_over_says_so(registrar_client, letters, monkeypatch):
    later = timezone.localdate() + timedelta(days=100)
    monkeypatch.setattr(register_views.timezone, "localdate", lambda *args: later)

    assert [state.value for _letter, state in registrar_client.get(LIST).context["lines"]] == ["expired", "replaced", "cancelled", "expired"]


@pytest.mark.parametrize(
    ("query", "serials"),
    [
        ("?state=valid", [4, 1]),
        ("?state=cancelled", [2]),
        ("?state=replaced", [3]),
        ("?state=expired", []),
        ("?q=1号", [1]),
        ("?q=北湾", [4, 3, 2, 1]),
        ("?q=没有的", []),
        ("?year=1999", None),
        ("?year=2000", []),
        ("?month=13", None),
        ("?since=2999-01-01", None),
        ("?sort=number", [1, 2, 3, 4]),
        ("?sort=-until", [4, 3, 2, 1]),
        ("?sort=nonsense", [4, 3, 2, 1]),
    ],
)
def test_filters_and_orders_stand_in_the_address(registrar_client, letters, query, serials):
    assert listed(registrar_client, query) == (serials or [])


def test_by_year_month_kind_and_day(registrar_client, letters):
    today = timezone.localdate()

    assert listed(registrar_client, f"?year={today.year}&month={today.month}") == [4, 3, 2, 1]
    assert listed(registrar_client, f"?year={today.year}&month={today.month % 12 + 1}") == []
    assert listed(registrar_client, f"?kind={letters[0].kind_id}&since={today}&until={today}") == [4, 3, 2, 1]
    assert listed(registrar_client, f"?until={today - timedelta(days=1)}") == []
    chips = registrar_client.get(f"{LIST}?year={today.year}&state=valid&month={today.month}").context["chips"]
    assert [chip.address for chip in chips][-1] == f"?year={today.year}&month={today.month}"
    assert "状态：有效" in [chip.text for chip in chips]


def test_without_letters_it_says_so(registrar_client):
    assert "还没有签发过邀请函" in registrar_client.get(LIST).text
    assert "没有找到符合条件的函件" in registrar_client.get(f"{LIST}?q=x").text
    assert "还没有签发过邀请函。" in registrar_client.get(YEARS).text


def test_every_column_can_be_shown_and_taken_along(registrar, letters):
    found = LETTERS.with_columns(rows(registrar, QueryDict("sort=number")), COLUMNS)

    cells = {column.name: [column.value(letter) for letter in found] for column in COLUMNS}

    assert cells["issued"] == [timezone.localdate()] * 4
    assert cells["state"] == ["有效", "已作废：来访取消", f"已被 {letters[0].number} 替代", "有效"]
    assert cells["reviewed_by"] == ["吴核"] * 4
    assert cells["count"] == [1] * 4


def test_it_is_exported_through_the_lists(registrar, letters):
    asked = {"list": "letters", "query": "state=cancelled", "columns": ["number", "state"], "format": "csv"}
    job = ask(EXPORT.name, parameters=asked, title="登记簿", by=User.objects.get(pk=registrar.pk))
    job.attempts = 1
    job.save()

    made = make_export(job, lambda *args: None)

    content = made.path.read_text(encoding="utf-8-sig")
    assert content.splitlines()[1:] == [f"{letters[1].number},已作废：来访取消"]


def test_months_are_counted_and_lead_to_their_letters(registrar_client, letters):
    today = timezone.localdate()

    page = registrar_client.get(YEARS)

    [(year, total, [month], volumes)] = page.context["rows"]
    assert (year, total, month["total"], month["cancelled"], month["replaced"], len(volumes)) == (today.year, 4, 4, 1, 1, 1)
    for name, args in (("register-print", [today.year, 1]), ("register-print-month", [today.year, today.month, 1])):
        assert reverse(f"invitations:{name}", args=args) in page.text


@pytest.mark.parametrize("by_month", [False, True])
def test_the_register_is_printed(registrar_client, letters, by_month):
    today = timezone.localdate()
    args = [today.year, today.month, 1] if by_month else [today.year, 1]

    answer = registrar_client.get(reverse("invitations:register-print-month" if by_month else "invitations:register-print", args=args))

    words = words_of(answer.content)
    title = f"{today.year}年{today.month}月邀请函发文登记簿" if by_month else f"{today.year}年度邀请函发文登记簿"
    for told in (title, letters[3].number, "已作废：来访取消", "共4件，其中作废1件，其中被替代1件"):
        assert told in words
    assert "P00006" not in words
    assert AuditEvent.objects.filter(action="invitation.print").count() == 1


def test_a_letter_that_was_handed_over_and_submitted_tells_to_whom_and_when(registrar, letters):
    day = timezone.localdate()
    InvitationLetter.objects.filter(pk=letters[0].pk).update(
        handed_over_at=timezone.now(), handed_over_by=registrar, handed_over_to="苏明", submitted_on=day, submitted_by=registrar, receipt_number="R-7"
    )

    words = words_of(register_pdf(day.year, None, 1, registrar, timezone.now()))

    assert "苏明" in words
    assert "R-7" in words


def test_what_is_out_of_sight_is_a_number_and_a_day(letters):
    elsewhere = make.worker("registrar", "2.1")

    words = words_of(register_pdf(timezone.localdate().year, None, 1, elsewhere, timezone.now()))

    assert words.count("不在查看范围") == 4
    assert "北湾" not in words
    assert listed(make.client_of(elsewhere)) == []


def test_what_is_not_there_or_cannot_be_printed(registrar_client, letters, monkeypatch):
    year = timezone.localdate().year
    assert registrar_client.get(reverse("invitations:register-print", args=[year, 2])).status_code == 404
    assert registrar_client.get(reverse("invitations:register-print", args=[1999, 1])).status_code == 404

    def refuse(*args):
        raise PrintRefusedError("有 1 个字符在打印字库里没有")

    monkeypatch.setattr(register_views, "register_pdf", refuse)
    told = registrar_client.get(reverse("invitations:register-print", args=[year, 1]))
    assert (told.status_code, "打印字库里没有" in told.text) == (422, True)


@pytest.mark.parametrize("role", ["preparer", "reviewer", "signer", "registrar", "leader"])
def test_who_reads_the_register(role, letters):
    client = make.client_of(make.worker(role, "4.1"))
    may = role in {"signer", "registrar", "leader"}

    assert [client.get(path).status_code for path in (LIST, YEARS)] == [200 if may else 403] * 2
    assert (LIST in client.get(reverse("invitations:home")).text) == may


def test_pages_cost_the_same_however_many(registrar_client, preparer, unit, reviewers, signer, case):
    def counted(path):
        registrar_client.get(path)
        with CaptureQueriesContext(connection) as queries:
            registrar_client.get(path)
        return len(queries)

    issued(case, reviewers, signer)
    before = [counted(path) for path in (LIST, YEARS)]
    other = make.case("4.1", by=preparer)
    invite(fill(other.invitation_application, unit), [("OTHER", "ONE", "", "M", "P00007001")])
    for name in ("贸易往来文件", "中文译文"):
        make.act(other, "add_material", name=name)
    issued(make.collected(other), reviewers, signer)

    assert [counted(path) for path in (LIST, YEARS)] == before


# -- an application on paper -------------------------------------------------------------------------------------------------------------------------------


def printed(client, which, case):
    return client.get(reverse(f"invitations:application-{which}", args=[case.number]))


def test_a_receipt_lists_the_papers_and_says_what_to_know(case, preparer):
    taken_in(case)

    answer = printed(make.client_of(preparer), "receipt", case)

    words = words_of(answer.content)
    for told in (
        "接件回执",
        case.number,
        "天津北湾展览服务有限公司",
        "贸易往来文件",
        "没有需要补正的内容",
        "不是行政许可",
        "不予办理的，不说明理由",
        "送件人签字",
    ):
        assert told in words
    assert AuditEvent.objects.filter(action="case.print", subject=f"cases.case:{case.pk}").count() == 1


def test_a_receipt_tells_every_gap_once(preparer, unit):
    case = make.case("4.1", by=preparer, title="材料不全的申请")
    application = fill(case.invitation_application, unit, purpose="", relation_en="")
    invite(application, has_visited=False)

    words = words_of(printed(make.client_of(preparer), "receipt", case).content)

    for told in ("尚未接件", "申请没有填全：来访目的、双方关系（英文）", "缺：委托函", "首次来华，材料中缺“派遣证明”"):
        assert told in words


def test_a_receipt_of_an_empty_application(preparer, office):
    case = make.case("4.1", by=preparer, title="刚立项")

    assert "申请没有填全" in words_of(printed(make.client_of(preparer), "receipt", case).content)


def test_the_sheet_has_a_box_for_each_signature(case, reviewers, preparer):
    client = make.client_of(preparer)
    words = words_of(printed(client, "approval", case).content)
    for told in ("邀请函审签单", "经办人意见", "初审意见", "复核意见", "签发意见", "BERGLARS", "P****4417", "参加装备展布展并进行商务洽谈"):
        assert told in words
    assert words.count("签字") >= 4
    assert "系统记录" not in words
    assert "P00004417" not in words

    reviewed(case, reviewers)

    words = words_of(printed(client, "approval", case).content)
    assert "系统记录：周审" in words
    assert "系统记录：吴核" in words


def test_the_roster_lists_the_people_with_masked_numbers(case, preparer):
    words = words_of(printed(make.client_of(preparer), "roster", case).content)

    for told in ("被邀请人名单", "BERGLARS", "王䶮", "P****3310", "挪威", "共3人"):
        assert told in words
    assert "P0000" not in words


@pytest.mark.parametrize("which", ["receipt", "approval", "roster"])
def test_prints_are_for_whoever_sees_the_case(case, which):
    elsewhere = make.client_of(make.worker("preparer", "2.1"))

    hidden = printed(elsewhere, which, case)
    absent = elsewhere.get(reverse(f"invitations:application-{which}", args=["4.1-2026-9999"]))

    assert (hidden.status_code, hidden.content) == (404, absent.content)
    other = make.case("2.1")
    assert printed(make.client_of(other.handler), which, other).status_code == 404
