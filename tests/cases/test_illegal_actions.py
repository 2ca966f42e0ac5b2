"""Every action × actor × state: who has it is what stands here, and whoever does not have it changes nothing."""

from contextlib import suppress

import pytest
from django.db import transaction

from accounts.models import User
from accounts.roles import ROLES
from cases import process
from cases.models import Approval, Case, Need
from cases.process import STANDARD, BlockedError, InvalidError
from tests import factories as make

from .census import content
from .engine import rule

pytestmark = pytest.mark.django_db

HANDLER, COLLEAGUES, LEADER = {"handler", "substitute"}, {"reviewer", "signer", "registrar"}, {"leader"}
WRITERS = {*HANDLER, *COLLEAGUES, "preparer", "assignee", "far signer"}

# Who has an action, where the state of the case has it at all. One line for each of process.STANDARD.
WHO = {
    **dict.fromkeys(["complete", "skip", "return", "hold", "resume", "hand_over", "repin", "withdraw", "close", "edit", "link", "unlink"], HANDLER),
    **dict.fromkeys(["receive", "amend", "verify", "take_back", "add_material", "drop_material"], HANDLER),
    **dict.fromkeys(["add_task", "change", "leave_out", "untick"], HANDLER),
    **dict.fromkeys(["attach", "new_version", "withdraw_document"], HANDLER),
    **dict.fromkeys(["submit", "ask_waiver", "ask_override", "recall"], HANDLER),
    "tick": {*HANDLER, "assignee"},
    "note": WRITERS,
    "reassign": LEADER,
    "approve": {"reviewer", "signer", "far signer"},
    "send_back": {"reviewer", "signer", "far signer"},
}
SECOND_LEVEL = {"signer", "far signer"}

ALWAYS = {"add_material", "attach", "edit", "note", "link", "hand_over", "reassign", "withdraw"}
MISSING, OPEN_TASK = {"receive", "ask_waiver"}, {"tick", "change", "leave_out"}
AT_WORK = {*ALWAYS, *MISSING, *OPEN_TASK, "hold", "complete", "add_task"}

# What the state of the case has to offer to those of WHO.
STATES = {
    "open": {*AT_WORK, "submit", "ask_override", "unlink"},
    "held": {*ALWAYS, "receive", *OPEN_TASK, "resume"},
    "submitted": {*AT_WORK, "approve", "send_back", "recall", "untick"} - OPEN_TASK,
    "submitted and held": {*ALWAYS, "receive", "untick", "resume", "recall"},
    "at the second level": {*AT_WORK, "approve", "send_back", "recall", "untick"} - OPEN_TASK,
    "sent back": {*AT_WORK, "submit", "untick"} - OPEN_TASK,
    "second step": {*ALWAYS, *MISSING, "hold", "complete", "add_task", "return", "skip", "close"},
    "with one added": {*AT_WORK, "submit", "ask_override", "drop_material"},
    "received": {*AT_WORK, "submit", "ask_override", "verify", "amend", "take_back"} - MISSING,
    "verified and waived": {*AT_WORK, "submit", "ask_override", "amend", "take_back"} - MISSING,
    "finished with one open": {*ALWAYS, "hold", "complete", "add_task", "return", "skip", "close", "verify", "amend", "take_back"},
    "with a document": {*AT_WORK, "submit", "ask_override", "new_version", "withdraw_document"},
    "superseded": {*AT_WORK, "submit", "ask_override", "repin"},
    "closed": {"note", "link"},
    "withdrawn": {"note", "link", "unlink"},
}


@pytest.fixture
def people(edition):
    """Who stands where towards the case: its handler, their substitute, each role on the item, some on another, some not at all."""
    made = {role: make.worker(role, "2.1") for role in ROLES}
    made["leader"] = make.person("leader")
    made["handler"], made["assignee"] = make.worker("preparer", "2.1"), make.worker("preparer", "2.1")
    made["substitute"] = make.person("registrar")
    make.substitution(made["handler"], made["substitute"])
    made["far preparer"], made["far reviewer"], made["far signer"] = (make.worker(role, "4.1") for role in ("preparer", "reviewer", "signer"))
    made["disabled"] = make.worker("preparer", "2.1", disabled=True)
    made["newcomer"] = make.person()
    return made


@pytest.fixture
def case(people):
    make.sheet("2.1", ["决定", "准备"], ["名单"])
    rule("2.1", 1, approval_levels=2)
    rule("2.1", 2, need=Need.IF_NEEDED)
    made = make.case("2.1", people["handler"])
    return make.act(made, "add_task", "1", title="订会议室", assignee=str(people["assignee"].pk), is_required="on")


def key_of(case, part):
    return f"{part}:{getattr(case, f'{part}s').last().pk}"


def bring(case, people, state):
    """Bring the case to this state by the acts of its people."""

    def act(action, target="", by="handler", **data):
        make.act(case, action, target, by=people[by], **data)

    def decide(by, action="approve"):
        act(action, f"approval:{Approval.objects.filter(case=case, decision='').last().pk}", by=by, note="意见")

    def linked():
        act("link", number=make.case("2.1", people["handler"]).number, relation=str(make.relation().pk))

    task, material = key_of(case, "task"), key_of(case, "material")
    match state:
        case "open":
            linked()
        case "held":
            act("hold", reason="待补正")
        case "submitted" | "submitted and held" | "at the second level" | "sent back":
            act("tick", task)
            act("submit", "1")
            if state == "submitted and held":
                act("hold", reason="待补正")
            if state == "at the second level":
                decide("reviewer")
            if state == "sent back":
                decide("reviewer", "send_back")
        case "second step" | "finished with one open" | "closed":
            if state != "second step":
                act("receive", material)
            act("tick", task)
            act("submit", "1")
            decide("reviewer")
            decide("signer")
            act("complete", "1")
            if state == "closed":
                act("skip", "2", reason="不需要", outcome="completed")
        case "with one added":
            act("add_material", name="译文")
        case "received":
            act("receive", material)
        case "with a document":
            make.attached(case)
        case "verified and waived":
            act("add_material", name="译文")
            act("ask_waiver", key_of(case, "material"), reason="原件留存")
            decide("reviewer")
            act("receive", material)
            act("verify", material)
        case "superseded":
            make.sheet("2.1", ["决定", "公示", "准备"], ["名单"])
        case "withdrawn":
            linked()
            act("withdraw", reason="对方取消来访")


def all_offers(case, people):
    """What each has, by name: {action: {key: blockers}}."""
    case = process.load({"pk": case.pk})
    found = {}
    for name, person in people.items():
        found[name] = {}
        for offer in process.offers(case, User.objects.get(pk=person.pk)):
            found[name].setdefault(offer.action.name, {})[offer.key] = [blocker.rule for blocker in offer.blockers]
    return found


def test_each_standard_action_has_its_line():
    assert {action.name for action in STANDARD} == set(WHO) == {name for names in STATES.values() for name in names}
    assert len({action.name for action in STANDARD}) == len(STANDARD)


@pytest.mark.parametrize("state", STATES)
def test_whoever_is_not_offered_an_action_changes_nothing(case, people, state):
    bring(case, people, state)
    found = all_offers(case, people)
    for name in people:
        who = WHO | ({"approve": SECOND_LEVEL, "send_back": SECOND_LEVEL} if state == "at the second level" else {})
        assert set(found[name]) == {action for action in STATES[state] if name in who[action]}, f"{name}, {state}"

    outsiders = [name for name in people if not found[name]]
    tried = [name for name in people if found[name]] + [outsiders[(list(STATES).index(state) * 2 + number) % len(outsiders)] for number in range(2)]
    keys = {action.name: {key for one in found.values() for key in one.get(action.name, {})} for action in STANDARD}
    for name in tried:
        before = content()
        by, now = User.objects.get(pk=people[name].pk), Case.objects.get(pk=case.pk)
        unknown = ["", "1"] if name in {"handler", tried[-1]} else []
        pairs = [(action, key) for action, offered in keys.items() for key in sorted(offered) or unknown]
        for action, key in pairs:
            blockers = found[name].get(action, {}).get(key)
            if blockers == []:
                try_it(now, action, key, by)
            else:
                refused(now, action, key, by, blockers or ["ENG-01"])
        assert content() == before, f"{name}, {state}"


DATA = {"reason": "理由", "text": "备注", "title": "名称", "name": "译文二", "note": "意见", "outcome": "completed", "sensitivity": "public"}


def refused(case, action, key, by, rules):
    with pytest.raises(BlockedError) as caught:
        process.perform(case, action, by=by, version=case.version, target=key, data=DATA)
    assert [blocker.rule for blocker in caught.value.blockers] == rules, f"{by}, {action}, {key}"


def try_it(case, action, key, by):
    """What is offered and not blocked is done, or asks for more; then undone."""
    savepoint = transaction.savepoint()
    with suppress(InvalidError):
        assert process.perform(case, action, by=by, version=case.version, target=key, data=DATA).version == case.version + 1
    transaction.savepoint_rollback(savepoint)


@pytest.mark.parametrize("key", ["3", "0", "-1", "99", "x", "material:0", "task:0", "approval:0", "link:0", "case:1", "material", "material:", ":", "1 ", "１"])
def test_no_key_that_names_no_part_gets_through(case, people, key):
    before = content()
    for action in STANDARD:
        refused(case, action.name, key, people["handler"], ["ENG-01"])
    for name in ("", "perform", "complete ", "COMPLETE", "open", "__class__"):
        refused(case, name, "1", people["handler"], ["ENG-01"])
    assert content() == before


def test_a_part_of_another_case_is_not_reached_through_this_one(case, people):
    other = make.case("2.1", people["handler"])
    make.act(other, "add_task", "1", title="订车")
    make.act(other, "receive", key_of(other, "material"))
    before = content()
    for part in ("task", "material"):
        for action in STANDARD:
            refused(Case.objects.get(pk=case.pk), action.name, key_of(other, part), people["handler"], ["ENG-01"])
    assert content() == before


def test_a_right_that_was_taken_away_ends_at_once(case, people):
    handler = people["handler"]
    handler.groups.clear()

    refused(Case.objects.get(pk=case.pk), "note", "", User.objects.get(pk=handler.pk), ["ENG-01"])
    assert not Case.objects.visible_to(User.objects.get(pk=handler.pk)).exists()
    assert process.offers(process.load({"pk": case.pk}), User.objects.get(pk=people["substitute"].pk)) == []
