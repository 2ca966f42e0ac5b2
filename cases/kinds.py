"""What a kind of case is made of: stages, actions, what blocks them; and the registry that the apps above fill in their `process.py`."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise

from accounts.models import User

from .models import Approval, Case, CaseLink, CaseMaterial, CaseStep, CaseTask, Document
from .standing import Standing

Text = str | Promise
Target = CaseStep | CaseMaterial | CaseTask | CaseLink | Approval | Document | None


class Move(Enum):
    """What an action does to the case beside its effect."""

    STAY = auto()
    COMPLETE = auto()
    SKIP = auto()
    RETURN = auto()
    HOLD = auto()
    RESUME = auto()
    REASSIGN = auto()
    REPIN = auto()
    WITHDRAW = auto()
    CLOSE = auto()


@dataclass(frozen=True)
class Blocker:
    """Why an action cannot be taken yet: the rule's code, what is wrong, what the rule rests on, and who can clear it."""

    rule: str
    text: Text
    basis: Text = ""
    cleared_by: Text = ""
    can_override: bool = False  # a second person may override it, with a reason


@dataclass
class Turn:
    """One person at one target of a case: what blockers, effects and forms are given.

    `standing` is the right that is used: the person's own, or that of whom they stand in for.
    """

    case: Case
    detail: models.Model | None
    target: Target
    by: User
    standing: Standing
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on_behalf_of(self) -> User | None:
        """Whom `by` stands in for; None if the right is their own."""
        return None if self.standing.person.pk == self.by.pk else self.standing.person

    @property
    def people(self) -> set[int]:
        """Primary keys of all who take part in this turn."""
        return {self.by.pk, self.standing.person.pk}


def handler(turn: Turn) -> bool:
    """The person who carries the case."""
    return turn.case.handler_id == turn.standing.person.pk


def anybody(turn: Turn) -> bool:
    """Whoever holds the permission and sees the case."""
    return True


def nothing_blocks(turn: Turn) -> Sequence[Blocker]:
    return ()


def no_effect(turn: Turn) -> str | None:
    return None


@dataclass(frozen=True)
class Action:
    """A button on a case or one of its parts.

    `permission` and `who` say who has it; `blockers` why not yet; `effect` changes facts with the move (nothing slow) and may return the text
    for the timeline (else the reason or note of the form); `form` is what the button asks for. A step done by a `final` action is never reopened.
    """

    name: str
    label: Text
    move: Move = Move.STAY
    permission: str | Callable[[Any], str] = "cases.handle_case"
    who: Callable[[Turn], bool] = handler
    final: bool = False
    blockers: Callable[[Turn], Sequence[Blocker]] = nothing_blocks
    effect: Callable[[Turn], str | None] = no_effect
    form: Callable[..., forms.Form] | None = None  # an ActionForm
    asks_password: bool = False  # whoever takes it types the password again
    takes_files: bool = False
    is_told: bool = False  # what the timeline says of it is told to whoever took it, at once
    look: Callable[..., None] | None = None  # looks further into its `files` for a `case` and the `key` of its part, before the engine is asked

    def permission_for(self, target: Target) -> str:
        return self.permission(target) if callable(self.permission) else self.permission


@dataclass(frozen=True)
class Level:
    """One level of approval: the right that it takes, and the action that saying yes is, where it is more than that."""

    right: Approval.Right
    approve: Action | None = None


LEVELS = (Level(Approval.Right.REVIEW), Level(Approval.Right.SIGN))


@dataclass(frozen=True)
class Stage:
    """A slug that a step rule may name, and the actions that its step then has.

    `blockers` stand against submitting its step as against completing it. With `levels`, its step wants exactly these approvals. Where they are
    `midway`, what is approved are the facts of the kind alone (a text before it is signed): the materials and tasks of the step come after.
    """

    slug: str
    label: Text
    actions: tuple[Action, ...] = ()
    blockers: Callable[[Turn], Sequence[Blocker]] = nothing_blocks
    levels: tuple[Level, ...] = ()
    midway: bool = False


def nothing_offered(case: Case, detail: models.Model | None) -> Iterable[tuple[Action, Any]]:
    return ()


def nobody_asked(case: Case, detail: models.Model | None) -> str:
    return ""


def nothing_begins(case: Case, detail: models.Model) -> None:
    """A case without anything to begin with but its steps."""


def nothing_frozen(case: Case, detail: models.Model | None) -> Collection[int]:
    return ()


@dataclass(frozen=True)
class Reminder:
    """Something that is up to the handler of a case after its close: what, by when, and where it is done."""

    case: Case
    title: Text
    due: date | None
    address: str


def no_reminders(people: Sequence[int], today: date) -> Iterable[Reminder]:
    return ()


@dataclass(frozen=True)
class Handed:
    """What a case gives to another that is started from it: what it is for, from when to when, and its people.

    Each person is a mapping of what is known: "surname" and "given_names" as in the passport, "chinese_name", "sex" ("M", "F", "X"), "birth_on",
    "nationality" (its three-letter code), "passport_number", "passport_issued_on", "passport_expires_on", "employer", "employer_en", "job", "job_en".
    """

    purpose: str = ""
    start_on: date | None = None
    end_on: date | None = None
    people: Sequence[Mapping[str, Any]] = ()


def nothing_checked(case: Case, detail: models.Model | None) -> Iterable[tuple[bool, Text, Text]]:
    return ()


def only_the_title(case: Case, detail: models.Model | None) -> Handed:
    return Handed(purpose=case.title)


def no_cases() -> Any:
    return None


def no_facts(case: Case, detail: models.Model | None) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class CaseKind:
    """What the cases of some duty items know beyond steps and materials. An item without a kind runs on the steps alone."""

    items: tuple[str, ...]
    detail: type[models.Model] | None = None  # a one-to-one record with the field `case`
    needs_detail: bool = True  # False: a case that is opened without facts has none, and runs on the steps alone
    form: type[forms.ModelForm] | None = None  # what opening a case asks for beside its title
    panel: str = ""  # template of the detail on the case page
    stages: tuple[Stage, ...] = ()
    snapshot: Callable[[Case, models.Model | None], Mapping[str, Any]] = no_facts  # what the digest of an approval covers beside the materials
    actions: tuple[Action, ...] = ()  # beside those of its stages
    offered: Callable[[Case, models.Model | None], Iterable[tuple[Action, Any]]] = nothing_offered  # which of them its state allows, and on what
    afterwards: Callable[[Case, models.Model | None], Iterable[tuple[Action, Any]]] = nothing_offered  # the same, for what goes on after the case is closed
    addressee: Callable[[Case, models.Model | None], str] = nobody_asked  # whom a notice of gaps is written to, by name
    opened: Callable[[Case, models.Model], None] = nothing_begins  # what else is begun with a case that has a detail, before its steps start
    frozen: Callable[[Case, models.Model | None], Collection[int]] = nothing_frozen  # documents (primary keys) that are neither replaced nor withdrawn any more
    reminders: Callable[[Sequence[int], date], Iterable[Reminder]] = no_reminders  # what is up to these people (primary keys) after the close
    # what the page of an approval says was checked, beside what it looks at itself: whether it is as it should be, in words, and more of it
    checks: Callable[[Case, models.Model | None], Iterable[tuple[bool, Text, Text]]] = nothing_checked
    hands_over: Callable[[Case, models.Model | None], Handed] = only_the_title  # to a case that is started from one of these
    takes_over: str = ""  # the action by which one of these takes that from another: it is given `number` and `relation`

    quiet: Callable[[], Any] = no_cases  # a condition on cases that ask for nothing while nothing of them is due: today's work leaves them out

    def stage(self, slug: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.slug == slug), None)

    def details_of(self, cases: Sequence[Case], *, lock: bool = False) -> dict[int, models.Model]:
        """The detail records of these cases, by the case's primary key, in one query (none for a kind without)."""
        if self.detail is None:
            return {}
        rows = self.detail._default_manager.filter(case__in=cases)
        if lock:
            rows = rows.select_for_update(of=("self",), no_key=True)
        return {row.case_id: row for row in rows}  # type: ignore[attr-defined]


_kinds: dict[str, CaseKind] = {}
PLAIN = CaseKind(())


def register(kind: CaseKind) -> CaseKind:
    """Make `kind` the kind of its items' cases. Raises ValueError where an item has one already."""
    for code in kind.items:
        if code in _kinds:
            raise ValueError(f"{code} has two kinds")
    _kinds.update(dict.fromkeys(kind.items, kind))
    return kind


def unregister(kind: CaseKind) -> None:
    """Take `kind` out again."""
    for code in kind.items:
        _kinds.pop(code, None)


def reminders_for(people: Sequence[int], today: date) -> list[Reminder]:
    """What is up to these people (primary keys) in cases that they have closed, the earliest due first."""
    found = [one for kind in {id(kind): kind for kind in _kinds.values()}.values() for one in kind.reminders(people, today)]
    return sorted(found, key=lambda one: (one.due is None, one.due or today, one.case.pk))


def kind_of(case: Case) -> CaseKind:
    return _kinds.get(case.item_id, PLAIN)


def quiet_cases() -> Q:
    """The cases, of all kinds, that ask for nothing while nothing of them is due."""
    conditions = [condition for kind in dict.fromkeys(_kinds.values()) if (condition := kind.quiet()) is not None]
    return reduce(or_, conditions, Q(pk__in=[]))


def stages_of(item_code: str) -> tuple[Stage, ...]:
    """The stages that step rules of this item may name."""
    return _kinds.get(item_code, PLAIN).stages
