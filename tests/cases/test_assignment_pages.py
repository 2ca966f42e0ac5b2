"""The page that says who works on what."""

import re
import threading
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import actions as account_actions
from accounts.models import AuditEvent
from cases.models import Assignment
from cases.rule_actions import assign
from tests import factories as make

from .test_rule_pages import text_of
from .test_rule_seeds import edition, publication, seeded  # noqa: F401 - fixtures


@pytest.fixture
def leader():
    return make.signed_in("leader", name="陈立")


def matrix(client) -> dict:
    """The form as the page gives it."""
    page = text_of(client.get(reverse("cases:assignment-list")))
    told: dict = dict(re.findall(r'name="(was-\d+)"(?: value="([^"]*)")?', page))
    for name, value in re.findall(r'name="(items-\d+)" value="([0-9.]+)"[^>]* checked', page):
        told.setdefault(name, []).append(value)
    return told


@pytest.mark.usefixtures("seeded")
class TestAssignments:
    def test_people_at_work_and_items(self, leader):
        worker, administrator, gone = (
            make.person("preparer", name="林晓舟"),
            make.person("system_admin", name="管管"),
            make.person("preparer", name="已走", disabled=True),
        )

        page = text_of(leader.get(reverse("cases:assignment-list")))

        assert [person.name in page for person in (worker, administrator, gone)] == [True, False, False]
        assert page.count(f'name="items-{worker.pk}"') == 8

    def test_ticked_and_unticked(self, leader):
        worker = make.worker("preparer", "2.1")
        form = matrix(leader)
        assert form[f"items-{worker.pk}"] == ["2.1"]

        response = leader.post(
            reverse("cases:assignment-list"),
            urlencode(form | {f"items-{worker.pk}": ["2.2", "4.1"]}, doseq=True),
            content_type="application/x-www-form-urlencoded",
            follow=True,
        )

        assert "已保存 3 处变动。" in text_of(response)
        live = Assignment.objects.filter(user=worker, ended_at=None)
        assert sorted(live.values_list("item", "since_by")) == [("2.2", leader.person.pk), ("4.1", leader.person.pk)]
        assert Assignment.objects.get(user=worker, item="2.1").ended_by == leader.person
        assert sorted(AuditEvent.objects.filter(action__startswith="assignment.").values_list("action", "subject")) == sorted(
            [("assignment.end", f"accounts.user:{worker.pk}"), *[("assignment.start", f"accounts.user:{worker.pk}")] * 2]
        )

    def test_nothing_changed(self, leader):
        make.worker("preparer", "2.1")

        response = leader.post(reverse("cases:assignment-list"), matrix(leader), follow=True)

        assert "没有改动，未保存。" in text_of(response)
        assert not AuditEvent.objects.filter(action__startswith="assignment.").exists()

    def test_what_another_did_meanwhile_stays(self, leader):
        worker = make.person("preparer")
        form = matrix(leader)
        assign({(worker.pk, "1.1"): True, (worker.pk, "2.1"): True}, by=make.person("leader"))

        leader.post(reverse("cases:assignment-list"), form | {f"items-{worker.pk}": ["2.1", "2.2"]})

        assert sorted(Assignment.objects.filter(user=worker, ended_at=None).values_list("item", flat=True)) == ["1.1", "2.1", "2.2"]
        assert Assignment.objects.filter(user=worker).count() == 3

    def test_whoever_has_left_can_still_be_relieved(self, leader):
        gone = make.worker("preparer", "2.1", name="已走")
        account_actions.disable_person(person=gone, reason="调离", by=make.person("system_admin"))
        form = matrix(leader)

        leader.post(reverse("cases:assignment-list"), {name: value for name, value in form.items() if name != f"items-{gone.pk}"})

        assert not Assignment.objects.filter(user=gone, ended_at=None).exists()

    def test_an_unknown_item_is_refused_and_ticks_are_kept(self, leader):
        worker = make.person("preparer")
        form = matrix(leader) | {f"items-{worker.pk}": ["2.2", "9.9"]}

        response = leader.post(reverse("cases:assignment-list"), form)

        assert response.status_code == 200
        assert "<title>错误：" in text_of(response)
        assert re.search(rf'name="items-{worker.pk}" value="2.2"[^>]* checked', text_of(response))
        assert not Assignment.objects.exists()

    def test_the_number_of_queries_does_not_grow(self, leader, django_assert_num_queries):
        leader.get(reverse("cases:assignment-list"))
        with CaptureQueriesContext(connection) as few:
            leader.get(reverse("cases:assignment-list"))
        for _number in range(10):
            make.worker("preparer")

        with django_assert_num_queries(len(few)):
            leader.get(reverse("cases:assignment-list"))


@pytest.mark.django_db(transaction=True)
def test_two_leaders_at_once_assign_once():
    make.duty_list()
    worker, leaders, counts = make.person("preparer"), [make.person("leader") for _number in range(4)], []

    def run(person) -> None:
        try:
            counts.append(assign({(worker.pk, "2.1"): True}, by=person))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[person]) for person in leaders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(counts) == [0, 0, 0, 1]
    assert Assignment.objects.filter(user=worker, item="2.1").count() == 1
