"""Twenty people do whatever comes into their heads. After each act everything that must always be true is true.

The same walks every time. WALKS=1000:1200 takes those with other numbers: for a night, or after a change of the engine.
"""

import os
import random
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django import forms
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.audit import find_faults
from accounts.models import AuditEvent, User
from cases import process
from cases.kinds import Action, Blocker, CaseKind, Move, Stage, register, unregister
from cases.models import Approval, Assignment, Case, CaseLink, CaseMaterial, CaseStep, CaseTask, Need, StepRule, TaskTemplate, TimelineEntry
from cases.process import STANDARD, BlockedError, ConflictError, InvalidError
from cases.progress import current_steps
from core.models import Serial
from duties.models import DutyItem, ProcessStep, RequiredMaterial, Sheet
from duties.publishing import publish_sheet
from tests import factories as make

from .census import content

pytestmark = pytest.mark.django_db

ITEMS = ("1.1", "2.1", "4.1")
ROLES = (("preparer",), ("preparer", "reviewer"), ("reviewer",), ("signer",), ("reviewer", "signer"), ("leader",), ("registrar",), ("preparer", "signer"))
STRANGE = ("", "  ", "\x00", "字" * 501, "x" * 5000, "99999999", "-1", "２", "{{ 7*7 }}", "2026-13-40", "' OR 1=1 --")
COUNTED = (Case, CaseStep, CaseMaterial, CaseTask, CaseLink, Approval, AuditEvent, StepRule, Sheet)


def not_the_handler(turn):
    return [Blocker("T-SOD", "不能由承办人审核", can_override=False)] if turn.case.handler_id in turn.people else []


def too_short(turn):
    return [Blocker("T-SHORT", "名称太短", can_override=True)] if len(turn.case.title) < 6 else []


KIND = CaseKind(
    ("4.1",),
    stages=(
        Stage("check", "审核", (Action("pass_check", "通过", Move.COMPLETE, permission="cases.review_case", who=lambda turn: True, blockers=not_the_handler),)),
        Stage("issue", "签发", (Action("issue", "签发", Move.COMPLETE, final=True, blockers=too_short), Action("drop", "不发", Move.SKIP))),
    ),
)


def luck_of(seed):
    return random.Random(seed)  # noqa: S311 - it draws tests, not secrets


# What brings a case forward is done more often than what only writes on it.
LIKELY = {
    **dict.fromkeys(["complete", "pass_check", "issue", "close", "submit", "resume", "repin"], 12),
    **dict.fromkeys(["receive", "tick", "skip", "ask_waiver", "return"], 4),
    **dict.fromkeys(["add_task", "add_material", "drop_material", "hold"], 0.7),
    **dict.fromkeys(["note", "link", "reassign", "edit", "withdraw", "hand_over"], 0.3),
}


class World:
    """What stays the same through all walks: people, items, the first editions."""

    def __init__(self):
        luck = luck_of(20260901)
        make.working_days(*range(2025, 2031))
        self.editor, self.first_publisher, self.second_publisher = make.person("editor"), make.person("publisher"), make.person("publisher")
        self.people = [make.person(*(ROLES[number % len(ROLES)] if number < 18 else ("auditor",))) for number in range(20)]
        for code in ITEMS:
            DutyItem.objects.get_or_create(pk=code)
            self.publish(code, luck)
            for person in luck.sample(self.people, 12):
                Assignment.objects.create(user=person, item_id=code)
        make.relation()

    def publish(self, code, luck):
        """One more edition with rules of every sort."""
        size = luck.randint(2, 5)
        sheet = Sheet.objects.create(
            item_id=code, edition=Sheet.objects.filter(item=code).count() + 1, drafted_by=self.editor, name=code, materials_open=luck.random() < 0.7
        )
        names = luck.sample(["委托函", "名单", "护照", "日程", "译文"], luck.randint(0, 3))
        materials = RequiredMaterial.objects.bulk_create(RequiredMaterial(sheet=sheet, position=place, name=name) for place, name in enumerate(names, 1))
        texts = luck.sample(["接件", "公示", "审核", "签发", "网上提交", "反馈", "归档"], size)
        ProcessStep.objects.bulk_create(ProcessStep(sheet=sheet, number=number, text=text) for number, text in enumerate(texts, 1))
        for step in sheet.steps.all():
            need = luck.choice([Need.ALWAYS] * 3 + [Need.IF_NEEDED, Need.ONE_OF])
            stage = luck.choice(["", "check", "issue"]) if code == "4.1" else ""
            rule = StepRule.objects.create(
                step=step, need=need, stage=stage, approval_levels=luck.choice([0, 0, 1, 2]), due_days=luck.choice([None, 0, 2, 5]), basis="本单位惯例"
            )
            rule.materials.set(luck.sample(materials, min(len(materials), luck.randint(0, 1))))
            if luck.random() < 0.5:
                TaskTemplate.objects.create(
                    step=step, position=1, title=f"任务{step.number}", due_days=luck.choice([None, 1, 4]), is_required=luck.random() < 0.7
                )
        Sheet.objects.filter(pk=sheet.pk).update(status=Sheet.Status.IN_REVIEW)
        Sheet.objects.filter(pk=sheet.pk).update(status=Sheet.Status.APPROVED, reviewed_by=self.first_publisher, reviewed_at=timezone.now())
        publish_sheet(Sheet.objects.get(pk=sheet.pk), by=self.second_publisher)


@pytest.fixture
def world():
    with time_machine.travel("2026-11-23T09:00+08:00", tick=False) as clock:
        register(KIND)
        made = World()
        made.clock = clock
        yield made
        unregister(KIND)


def fill(form, luck):
    """Answers to a form: mostly such as will do, now and then something strange or nothing at all."""
    data = {}
    for name, field in form.fields.items():
        if luck.random() < 0.06:
            data[name] = luck.choice(STRANGE)
        elif isinstance(field, forms.ModelChoiceField):
            found = list(field.queryset)
            data[name] = str(luck.choice(found).pk) if found else ""
        elif isinstance(field, forms.MultipleChoiceField):
            data[name] = [value for value, _label in field.choices if luck.random() < 0.5]
        elif isinstance(field, forms.ChoiceField):
            data[name] = field.initial if field.initial and luck.random() < 0.7 else luck.choice([value for value, _label in field.choices] or [""])
        elif isinstance(field, forms.BooleanField):
            data[name] = luck.choice(["on", ""])
        elif isinstance(field, forms.DateField):
            data[name] = luck.choice(["", "2026-12-01", "2027-03-01"])
        elif name == "number" and isinstance(field, forms.CharField):
            data[name] = luck.choice([*Case.objects.values_list("number", flat=True), "津函〔2026〕3号"])
        else:
            data[name] = luck.choice(["甲方", "因故调整，改为下周二", "字" * (getattr(field, "max_length", None) or 20)])
    return data


class Walk:
    """One walk: a hundred acts drawn from one number."""

    def __init__(self, world, number, seen):
        self.world, self.luck, self.seen = world, luck_of(number), seen
        self.days = 0
        self.finals: set[int] = set()
        self.ended: dict[int, tuple] = {}
        self.counts: dict[type, int] = {}
        self.content = content()

    def go(self, length):
        acts = {
            self.open_case: 5,
            self.act_as_offered: 60,
            self.decide: 12,
            self.act_out_of_turn: 8,
            self.publish: 3,
            self.stand_in: 3,
            self.change_assignment: 2,
            self.wait: 5,
        }
        self.open_case()
        for act in self.luck.choices(list(acts), list(acts.values()), k=length):
            act()
        assert list(find_faults()) == []

    # -- acts -------------------------------------------------------------------------------------------------------------------------------------------

    def open_case(self):
        code = self.luck.choice(ITEMS)
        able = [person for person in self.world.people if "preparer" in {role.slug for role in person.held_roles}]
        if Case.objects.count() < 6:
            make.case(code, self.luck.choice(able), title=self.luck.choice(["代表团来访", "神港市商工联合会代表团来访"]))
            self.look()

    def act_as_offered(self):
        luck, case = self.luck, self.any_case()
        by = self.fresh(luck.choice([case.handler] * 60 + self.world.people))
        found = process.offers(case, by)
        if not found:
            self.refused(case, luck.choice(STANDARD).name, by, luck.choice(["", "1"]), {})
            return
        clear = [offer for offer in found if not offer.blockers]
        rows = clear if clear and luck.random() < 0.9 else found
        offer = luck.choices(rows, [LIKELY.get(offer.action.name, 1) for offer in rows])[0]
        data = fill(offer.action.form(None, turn=offer.turn), luck) if offer.action.form else {}
        if offer.blockers:
            self.refused(case, offer.action.name, by, offer.key, data)
        else:
            self.try_it(case, offer, by, data)

    def decide(self):
        """Somebody who may answers what waits for an answer."""
        waiting = list(Case.objects.filter(approvals__decision="").order_by("pk"))
        if not waiting:
            return
        case = self.load(self.luck.choice(waiting))
        for person in self.luck.sample(self.world.people, len(self.world.people)):
            by = self.fresh(person)
            found = [offer for offer in process.offers(case, by) if offer.action.name in {"approve", "send_back"} and not offer.blockers]
            if found:
                self.try_it(case, self.luck.choice(found), by, {"note": self.luck.choice(["", "同意。"])})
                return

    def act_out_of_turn(self):
        """Anything on anything, in the name of anybody; on an old version too."""
        luck, case = self.luck, self.any_case()
        by = self.fresh(luck.choice(self.world.people))
        parts = [("material", case.materials.all()), ("task", case.tasks.all()), ("approval", case.approvals.all())]
        keys = ["", "1", "2", "9", *(f"{kind}:{row.pk}" for kind, rows in parts for row in rows)]
        name, key = luck.choice(STANDARD).name, luck.choice(keys)
        offer = process.find(case, by, name, key)
        if offer is None or offer.blockers:
            self.refused(case, name, by, key, {"reason": "理由"})
        if case.version > 1:
            with pytest.raises(ConflictError) as caught:
                process.perform(case, name, by=by, version=case.version - 1, target=key, data={"reason": "别的理由"})
            assert caught.value.changes
            assert content() == self.content

    def publish(self):
        code = self.luck.choice(ITEMS)
        if Sheet.objects.filter(item=code).count() < 4:
            self.world.publish(code, self.luck)
            self.look()

    def stand_in(self):
        person, substitute = self.luck.sample(self.world.people, 2)
        make.substitution(person, substitute, until=timezone.localdate() + timedelta(days=self.luck.randint(0, 10)))
        self.look()

    def change_assignment(self):
        person, code = self.luck.choice(self.world.people), self.luck.choice(ITEMS)
        if not Assignment.objects.filter(user=person, item=code, ended_at=None).update(ended_at=timezone.now(), ended_by=person):
            Assignment.objects.create(user=person, item_id=code)
        self.look()

    def wait(self):
        days = self.luck.randint(1, 6)
        self.days += days
        self.world.clock.shift(timedelta(days=days))

    # -- how ----------------------------------------------------------------------------------------------------------------------------------------------

    def fresh(self, person):
        return User.objects.get(pk=person.pk)

    def load(self, case):
        return process.load({"pk": case.pk})

    def any_case(self):
        rows = list(Case.objects.order_by("pk"))
        still = [row for row in rows if not row.is_closed]
        return self.load(self.luck.choice(still if still and self.luck.random() < 0.9 else rows))

    def refused(self, case, action, by, key, data):
        with pytest.raises(BlockedError) as caught:
            process.perform(case, action, by=by, version=case.version, target=key, data=data)
        assert caught.value.blockers
        assert all(str(blocker.text) for blocker in caught.value.blockers)
        assert content() == self.content
        self.seen["refused"] += 1

    def try_it(self, case, offer, by, data):
        try:
            after = process.perform(case, offer.action.name, by=by, version=case.version, target=offer.key, data=data)
        except InvalidError as invalid:
            assert invalid.form.errors, offer  # noqa: PT017
            assert content() == self.content
            self.seen["invalid"] += 1
            return
        self.seen[offer.action.name] += 1
        assert after.version == case.version + 1
        if offer.action.name in {"approve", "send_back"}:
            assert case.handler_id not in offer.turn.people
        again = process.perform(case, offer.action.name, by=by, version=case.version, target=offer.key, data=data)
        assert again.version == after.version
        self.look()

    # -- what is always true ------------------------------------------------------------------------------------------------------------------------------

    def look(self):
        for case in Case.objects.with_parts().annotate(entries=Count("timeline", distinct=True)):
            assert case.version == case.entries, case
            self.look_at_parts(case)
            self.look_at_order(case)
            assert case.due_on == due_on(case), [(str(task.started_at), task.due_days, task.due_on) for task in current_steps(case)] + [
                (task.step.number, task.status, task.due_days, task.due_on) for task in case.tasks.all()
            ]
            if case.is_closed:
                self.look_at_end(case)
        self.look_at_numbers()
        look_at_approvals()
        counts = {model: model._default_manager.count() for model in COUNTED}
        assert all(counts[model] >= self.counts.get(model, 0) for model in COUNTED)
        self.counts = counts
        assert AuditEvent.objects.filter(action__startswith="case.").count() == sum(Case.objects.values_list("version", flat=True))
        self.content = content()

    def look_at_parts(self, case):
        assert sum(hold.ended_at is None for hold in case.holds.all()) <= 1
        for row in (*case.steps.all(), *case.tasks.all()):
            assert (row.status == "open") == (row.done_at is None) == (row.done_by_id is None), row
        for material in case.materials.all():
            assert (material.status in {"received", "verified"}) == (material.received_at is not None), material
            assert (material.status == "verified") == (material.verified_at is not None), material
        assert len({step.step_id for step in case.own_steps}) == len(case.own_steps) == case.sheet.steps.count()
        final = {step.pk for step in case.steps.all() if step.is_final}
        assert all(step.status == "done" for step in case.steps.all() if step.is_final)
        assert final >= {pk for pk in self.finals if pk in {step.pk for step in case.steps.all()}}
        assert sum(step.is_final for step in case.own_steps) >= len({step.pk for step in case.steps.all() if step.is_final}) / max(1, editions(case))
        self.finals |= final

    def look_at_order(self, case):
        current = current_steps(case)
        for step in current:
            before = [other for other in case.own_steps if other.number < step.number]
            assert step.is_open
            assert not [other for other in before if other.need == Need.ALWAYS and other.is_open], case
            if step.need != Need.ONE_OF:
                one_of = [other for other in before if other.need == Need.ONE_OF]
                assert not any(other.is_open for other in one_of) or any(other.status == "done" for other in one_of), case
            if not case.is_closed and not case.open_hold:
                assert step.started_at is not None, case
        for row in case.approvals.all():
            if row.is_open and row.kind != "waiver":
                assert row.step_id in {step.pk for step in current}, f"{case}: {row} is asked about a step that is not at hand"
        if not case.is_closed and not case.open_hold:  # never a dead end: somebody can bring it to its close
            names = {offer.action.name for offer in process.offers(case, self.fresh(case.handler))}
            assert current or "close" in names or not case.handler.is_active or "note" not in names or "withdraw" not in names, [
                (step.need, step.status) for step in case.own_steps
            ]

    def look_at_end(self, case):
        assert case.outcome
        assert not [row for row in case.approvals.all() if row.is_open]
        assert case.due_on is None
        assert case.open_hold is None
        now = (
            case.outcome,
            case.closed_at,
            [(step.pk, step.status, step.done_at) for step in case.steps.all()],
            [row.decision for row in case.approvals.all()],
        )
        assert self.ended.setdefault(case.pk, now) == now
        if case.outcome != "withdrawn":
            assert not [step for step in case.own_steps if step.is_open or (step.need == Need.ALWAYS and step.status != "done" and step.stage != "issue")]
            assert not [material for material in case.materials.all() if material.is_missing]

    def look_at_numbers(self):
        numbers = [number.split("-") for number in Case.objects.order_by("pk").values_list("number", flat=True)]
        for code in ITEMS:
            for year in {year for item, year, _serial in numbers if item == code}:
                serials = [int(serial) for item, of_year, serial in numbers if (item, of_year) == (code, year)]
                assert serials == list(range(1, len(serials) + 1))
                assert Serial.objects.get(series=f"case {code}", year=year).last == len(serials)


def editions(case):
    return len({step.step.sheet_id for step in case.steps.all()})


def look_at_approvals():
    """Nobody decides what they asked, nor both levels, in their own name or in another's."""
    below: dict[int, set] = {}
    for row in Approval.objects.order_by("pk"):
        if row.decision in {"approved", "returned"}:
            deciders = {row.decided_by_id, row.decided_for_id} - {None}
            assert not deciders & {row.submitted_by_id, row.submitted_for_id}
            if row.kind == "step" and row.level == 1:
                below[row.step_id] = deciders
            if row.level == 2:
                assert not deciders & below[row.step_id]


def due_on(case):
    """When the case is due, counted afresh: weekdays after the step began, without those of holds."""
    if case.is_closed or case.open_hold:
        return None
    still = [(timezone.localdate(hold.since_at), timezone.localdate(hold.ended_at)) for hold in case.holds.all()]
    days = []
    for step in current_steps(case):
        begun = timezone.localdate(step.started_at)
        days += [after(begun, step.due_days, still)] if step.due_days is not None else []
        for task in case.tasks.all():
            if task.step_id == step.pk and task.status == "open":
                days += [after(begun, task.due_days, still)] if task.due_days is not None else [task.due_on] if task.due_on else []
    return min(days, default=None)


def after(day, count, still):
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and not any(since < day <= until for since, until in still)
    return day


WALKS = range(*map(int, os.environ.get("WALKS", "0:7").split(":")))


def test_whatever_twenty_people_do_what_must_be_true_stays_true(world):
    seen: Counter = Counter()
    for number in WALKS:
        savepoint = transaction.savepoint()
        walk = Walk(world, number, seen)
        try:
            walk.go(90)
        except Exception as fault:
            fault.add_note(f"in walk {number}, after {list(TimelineEntry.objects.order_by('pk').values_list('case', 'kind', 'target'))[-25:]}")
            raise
        transaction.savepoint_rollback(savepoint)
        world.clock.shift(timedelta(days=-walk.days))
    assert seen["refused"] > 20
    assert seen["invalid"] > 10
    assert len(set(seen) & {action.name for action in STANDARD}) > 20, seen
