"""Filters under a name: own and shared, renamed, archived, the one that a list begins with; and the columns that a person chose."""

import threading

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions import Refused
from accounts.audit import ACTIONS
from accounts.models import AuditEvent, User
from cases.lists import CASES
from lists import actions, queries
from lists.models import ListSetting, SavedFilter
from tests import factories as make

LIST = reverse("cases:case-list")
FILTERS = reverse("lists:filter-list", args=["cases"])
NEW = reverse("lists:filter-create", args=["cases"])
BEGIN = reverse("lists:filter-begin", args=["cases"])
COLUMNS = reverse("lists:columns-edit", args=["cases"])

pytestmark = pytest.mark.django_db


def save(owner, name="逾期的", query="view=overdue", **options):
    return actions.save_filter(CASES, name=name, query=query, by=owner, **options)


def role(slug):
    return make.person(slug).groups.get()


def at(name, saved):
    return reverse(f"lists:{name}", args=["cases", saved.pk])


def names(client):
    return [saved.name for saved in client.get(LIST, {"view": "mine"}).context["toolbar"].filters]


def events(*acts):
    return list(AuditEvent.objects.filter(action__in=acts).order_by("number").values_list("action", flat=True))


# -- saving -----------------------------------------------------------------------------------------------------------------------------------------------


def test_a_filter_is_saved_from_the_list_and_leads_back_to_it(handler):
    client = make.client_of(handler)
    page = client.get(f"{NEW}?view=department&q=来访&after=3~x&rows=50&item=")
    assert page.context["query"] == "q=%E6%9D%A5%E8%AE%BF&view=department"

    answer = client.post(NEW, {"query": page.context["query"], "name": "来访的"})

    assert answer["Location"] == f"{LIST}?q=%E6%9D%A5%E8%AE%BF&view=department"
    shown = client.get(answer["Location"])
    assert shown.context["toolbar"].current.name == "来访的"
    assert "已保存为常用筛选“来访的”。" in shown.content.decode()
    saved = SavedFilter.objects.get()
    assert (saved.owner, saved.shared_with, str(saved), saved.role_name) == (handler, None, "来访的", "")
    assert events("filter.save") == ["filter.save"]


@pytest.mark.parametrize(("name", "code"), [("", "required"), ("逾期的", ""), ("长" * 41, "max_length")])
def test_what_is_wrong_with_a_name_is_said_and_nothing_is_lost(handler, name, code):
    save(handler)

    page = make.client_of(handler).post(NEW, {"query": "view=held", "name": name})

    [error] = page.context["form"].errors.as_data()["name"]
    assert (error.code or "", error.messages[0] in page.content.decode()) == (code, True)
    assert (page.context["query"], page.context["form"]["name"].value()) == ("view=held", name)
    assert SavedFilter.objects.count() == 1


def test_a_filter_that_is_too_long_is_refused(handler):
    page = make.client_of(handler).post(NEW, {"query": "q=" + "x" * 2000, "name": "长"})

    assert "筛选条件太长" in page.content.decode()
    assert not SavedFilter.objects.exists()


def test_so_many_filters_are_kept_and_no_more(handler, monkeypatch):
    monkeypatch.setattr(actions, "MOST", 1)
    save(handler)

    with pytest.raises(Refused, match="已有 1 个"):
        save(handler, "另一个")


def test_names_are_ones_own(handler, edition):
    save(handler)

    save(make.person("preparer"))

    assert SavedFilter.objects.filter(name="逾期的").count() == 2


def test_the_parameters_of_paging_are_no_filter():
    assert queries.normalised(CASES, QueryDict("sort=-due&view=mine&q=&after=1&before=2&rows=50&density=compact&filter=7")) == "sort=-due&view=mine"


# -- sharing ----------------------------------------------------------------------------------------------------------------------------------------------


def test_a_shared_filter_is_there_for_the_role_and_for_nobody_else(handler):
    leader = make.signed_in("leader", name="李领导")
    page = leader.post(NEW, {"query": "view=overdue", "name": "全部逾期", "shared_with": role("preparer").pk})
    assert page.status_code == 302

    assert names(make.client_of(handler)) == ["全部逾期"]
    assert names(make.signed_in("reviewer")) == []
    assert names(leader) == ["全部逾期"]
    assert "李领导 共享" in make.client_of(handler).get(LIST, {"view": "mine"}).content.decode()
    assert "已共享" in leader.get(LIST, {"view": "mine"}).content.decode()


def test_a_shared_filter_shows_each_what_they_may_see(handler):
    leader = make.person("leader")
    save(leader, query="view=department", shared_with=role("preparer"))
    make.case("2.1", handler, "自己的")
    make.case("2.3", make.worker("preparer", "2.3"), "别人的")

    assert [line[0].title for line in make.client_of(handler).get(f"{LIST}?view=department").context["lines"]] == ["自己的"]


def test_whoever_may_not_share_is_not_asked(handler):
    client = make.client_of(handler)

    assert "shared_with" not in client.get(NEW).context["form"].fields
    client.post(NEW, {"query": "view=held", "name": "我的", "shared_with": role("preparer").pk})
    assert SavedFilter.objects.get().shared_with is None


def test_a_filter_goes_to_roles_of_the_same_kind(edition):
    offered = make.signed_in("leader").get(NEW).context["form"].fields["shared_with"]

    assert {offered.label_from_instance(group) for group in offered.queryset} == {"经办人", "审核人", "签发人", "档案与用印", "内容编辑", "发布批准", "领导"}


def test_another_persons_filter_is_not_there_to_be_changed(handler):
    saved = save(make.person("leader"), shared_with=role("preparer"))
    client = make.client_of(handler)

    for answer in (client.get(at("filter-edit", saved)), client.post(at("filter-edit", saved), {"name": "x"}), client.post(at("filter-archive", saved))):
        assert answer.status_code == 404
    absent = client.get(reverse("lists:filter-edit", args=["cases", saved.pk + 1000]))
    assert absent.content == client.get(at("filter-edit", saved)).content
    assert "修改" not in client.get(FILTERS).content.decode()


def test_what_somebody_left_behind_is_cleared_up_by_whoever_may_share(edition):
    gone = make.person("reviewer")
    saved = save(gone, shared_with=role("reviewer"))
    reviewer, preparer = make.signed_in("reviewer"), make.signed_in("preparer")
    assert reviewer.post(at("filter-archive", saved)).status_code == 404
    User.objects.filter(pk=gone.pk).update(is_active=False, disabled_reason="调离")

    assert preparer.post(at("filter-archive", saved)).status_code == 404
    assert reviewer.post(at("filter-archive", saved)).status_code == 302
    assert names(reviewer) == []


# -- changing ---------------------------------------------------------------------------------------------------------------------------------------------


def test_a_filter_is_renamed_and_shared(edition):
    leader = make.signed_in("leader")
    saved, preparers = save(leader.person), role("preparer")
    assert leader.get(at("filter-edit", saved)).context["form"].initial["name"] == "逾期的"

    answer = leader.post(at("filter-edit", saved), {"name": "全部逾期", "shared_with": preparers.pk})

    assert answer["Location"] == FILTERS
    changed = SavedFilter.objects.get()
    assert (changed.name, changed.shared_with, changed.role_name) == ("全部逾期", preparers, "经办人")
    assert events("filter.rename", "filter.share") == ["filter.rename", "filter.share"]
    leader.post(at("filter-edit", saved), {"name": "全部逾期", "shared_with": preparers.pk})
    assert events("filter.rename", "filter.share") == ["filter.rename", "filter.share"]


def test_whoever_may_not_share_any_more_keeps_what_is_shared(handler):
    saved = save(handler, shared_with=role("reviewer"))

    make.client_of(handler).post(at("filter-edit", saved), {"name": "别的"})

    changed = SavedFilter.objects.get()
    assert (changed.name, changed.role_name) == ("别的", "审核人")


def test_a_name_that_is_taken_is_refused(handler):
    save(handler)
    other = save(handler, "别的")

    page = make.client_of(handler).post(at("filter-edit", other), {"name": "逾期的"})

    assert "已有同名的常用筛选" in page.content.decode()
    assert SavedFilter.objects.get(pk=other.pk).name == "别的"


def test_an_archived_filter_is_gone_from_the_bar_and_its_name_is_free(handler):
    saved, client = save(handler), make.client_of(handler)

    assert client.post(at("filter-archive", saved))["Location"] == FILTERS

    assert names(client) == []
    assert "还没有常用筛选" in client.get(FILTERS).content.decode()
    save(handler)
    actions.archive_filter(saved, by=handler)
    assert events("filter.archive") == ["filter.archive"]


# -- the filter that a list begins with -------------------------------------------------------------------------------------------------------------------


def test_a_list_begins_with_the_filter_that_the_person_chose(handler):
    client = make.client_of(handler)
    client.post(NEW, {"query": "view=overdue", "name": "逾期的", "begins": "on"})

    assert client.get(LIST)["Location"] == f"{LIST}?view=overdue"
    assert client.get(LIST, {"filter": ""}).status_code == 200
    assert "先用这个" in client.get(FILTERS).content.decode()
    client.post(BEGIN)
    assert client.get(LIST).status_code == 200
    client.post(BEGIN, {"filter": SavedFilter.objects.get().pk})
    assert client.get(LIST).status_code == 302


def test_a_filter_without_conditions_may_be_the_first(handler):
    save(handler, query="", begins=True)

    answer = make.client_of(handler).get(LIST)

    assert answer["Location"] == f"{LIST}?filter="
    assert make.client_of(handler).get(answer["Location"]).context["toolbar"].current.name == "逾期的"


def test_a_list_does_not_begin_with_what_the_person_may_not_use_any_more(handler):
    saved = save(make.person("leader"), shared_with=role("preparer"))
    actions.begin_with(CASES, saved, by=handler)
    assert make.client_of(handler).get(LIST).status_code == 302

    SavedFilter.objects.filter(pk=saved.pk).update(shared_with=None)

    assert make.client_of(handler).get(LIST).status_code == 200


@pytest.mark.parametrize("number", ["999999", "9" * 60])
def test_a_list_begins_with_no_filter_that_is_not_there(handler, number):
    assert make.client_of(handler).post(BEGIN, {"filter": number}).status_code == 404
    assert not ListSetting.objects.exists()


# -- columns ----------------------------------------------------------------------------------------------------------------------------------------------


def shown(client):
    return [column.name for column in client.get(LIST, {"view": "mine"}).context["toolbar"].columns]


def test_columns_are_ticked_put_into_order_and_remembered(handler):
    client = make.client_of(handler)
    assert client.get(f"{COLUMNS}?view=held").context["choice"].chosen == ["number", "title", "item", "steps", "handler", "due", "state"]

    answer = client.post(
        COLUMNS, {"order": ["due", "number", "nonsense", "due"], "shown": ["number", "due", "opened", "nonsense"], "query": "view=held", "save": "1"}
    )

    assert answer["Location"] == f"{LIST}?view=held"
    assert shown(client) == ["due", "number", "title", "opened"]
    assert events("list.columns") == ["list.columns"]
    assert shown(make.signed_in("reviewer")) == ["number", "title", "item", "steps", "handler", "due", "state"]


@pytest.mark.parametrize(
    ("button", "order"),
    [({"up": "title"}, ["title", "number", "item"]), ({"down": "number"}, ["title", "number", "item"]), ({"up": "number"}, ["number", "title", "item"])],
)
def test_a_button_moves_a_column_by_a_place(handler, button, order):
    page = make.client_of(handler).post(COLUMNS, {"order": ["number", "title", "item"], "shown": ["item"], "query": "view=held"} | button)

    choice = page.context["choice"]
    assert (choice.names[:3], choice.chosen, page.context["query"]) == (order, [name for name in order if name in {"item", "title"}], "view=held")
    assert not ListSetting.objects.exists()


def test_the_last_column_stays_the_last(handler):
    order = [column.name for column in CASES.columns]

    page = make.client_of(handler).post(COLUMNS, {"order": order, "down": order[-1]})

    assert page.context["choice"].names == order


def test_the_columns_go_back_to_what_they_were(handler):
    client = make.client_of(handler)
    actions.choose_columns(CASES, ["due"], by=handler)
    assert shown(client) == ["title", "due"]

    client.post(COLUMNS, {"reset": "1"})

    assert shown(client) == ["number", "title", "item", "steps", "handler", "due", "state"]


def test_columns_that_are_no_more_are_left_out(handler):
    ListSetting.objects.create(person=handler, kind="cases", columns=["gone", "due", "title"])

    assert shown(make.client_of(handler)) == ["due", "title"]


# -- the pages --------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 12])
def test_the_pages_take_the_same_queries_for_any_number(handler, number):
    for place in range(number):
        save(handler, f"第{place}个")
        make.case("2.1", handler, "x")
    ListSetting.objects.create(person=handler, kind="cases", columns=[column.name for column in CASES.columns])
    client = make.client_of(handler)
    counts = []
    for address in (f"{LIST}?view=department", FILTERS, COLUMNS, NEW):
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(address).status_code == 200
        counts.append(len(asked))

    assert counts == [21, 11, 9, 8]  # one of them asks whether what the person sees is little


def test_every_act_has_a_name():
    assert {"list.columns", "filter.save", "filter.rename", "filter.share", "filter.archive", "filter.begin"} <= ACTIONS.keys()


@pytest.mark.django_db(transaction=True)
def test_two_filters_of_one_name_at_once_leave_one(transactional_db):
    make.duty_list()
    owner, failures, gate = make.person("preparer"), [], threading.Barrier(2)

    def once():
        gate.wait()
        try:
            save(User.objects.get(pk=owner.pk))
        except Refused as refusal:
            failures.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=once) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == ["已有同名的常用筛选，请换一个名称。"]
    assert SavedFilter.objects.count() == 1
