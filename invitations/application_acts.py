"""Filling in an application: its facts and its people, by the handler, while nothing of it is with a second person. All by way of the engine."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.kinds import Action, Handed, Turn, kind_of
from cases.models import Approval, Case, CaseLink, CaseStep
from cases.progress import current_steps
from cases.standing import standings_of
from contacts.models import Country
from core.encryption import blind_indexes

from . import checks
from .application_forms import ApplicationForm, RemoveForm, TakeOverForm
from .invitee_forms import FIELDS, InviteeForm, RosterForm
from .models import Application, Invitee

EDITED_IN = ("receive", "review")  # stages
WITH_OTHERS = {Approval.Kind.STEP, Approval.Kind.OVERRIDE}


def step_of_editing(case: Case) -> CaseStep | None:
    """The step beside which the application may be changed now; None once it is submitted, or reviewed."""
    if case.is_closed or any(row.is_open and row.kind in WITH_OTHERS for row in case.approvals.all()):
        return None
    return next((step for step in current_steps(case) if step.stage in EDITED_IN), None)


def may_edit(case: Case, person: User) -> bool:
    """Whether this person, or whom they stand in for, carries the case and may change its application now."""
    if step_of_editing(case) is None:
        return False
    return any("cases.handle_case" in one.permissions and one.sees(case) and one.person.pk == case.handler_id for one in standings_of(person))


def offered(case: Case, detail: Model | None) -> Iterator[tuple[Action, Any]]:
    """What may be changed beside the step, and of whom on the list."""
    step = step_of_editing(case)
    if step is None or not isinstance(detail, Application):
        return
    yield from ((action, step) for action in (EDIT, ADD, PASTE, TAKE_OVER))
    for invitee in detail.invitees.filter(removed_at=None):
        yield from ((action, invitee) for action in (EDIT_INVITEE, REMOVE))


# -- effects -----------------------------------------------------------------------------------------------------------------------------------------------


def _application(turn: Turn) -> Application:
    assert isinstance(turn.detail, Application)
    return turn.detail


def _set(application: Application, values: dict[str, Any]) -> str:
    """Store what is new of these values; returns the names of the fields that it changed."""
    changed = [name for name, value in values.items() if getattr(application, name) != value]
    for name in changed:
        setattr(application, name, values[name])
    application.save(update_fields=changed)
    return "、".join(str(Application._meta.get_field(name).verbose_name) for name in changed)  # type: ignore[union-attr]


def edit(turn: Turn) -> str:
    return _set(_application(turn), {name: turn.data[name] for name in checks.NEEDED})


def add(turn: Turn) -> str:
    invitee = _make(_application(turn), turn.data)
    earlier = turn.data["earlier"]
    if earlier:
        return gettext("%(name)s（照 %(number)s 的记录）") % {"name": invitee.name, "number": earlier.application.case.number}
    return invitee.name


def _make(application: Application, values: Any) -> Invitee:
    last = application.invitees.order_by("-position").values_list("position", flat=True).first() or 0
    known = {name: value for name in (*FIELDS, "passport_number", "is_from_mrz") if (value := values.get(name)) not in (None, "")}
    return Invitee.objects.create(application=application, position=last + 1, **known)


def edit_invitee(turn: Turn) -> str:
    invitee, typed = turn.target, turn.data
    assert isinstance(invitee, Invitee)
    passport = [name for name in ("surname", "given_names", "sex", "birth_on", "nationality", "passport_expires_on") if getattr(invitee, name) != typed[name]]
    is_other = bool(passport) or invitee.passport != typed["passport_number"]
    invitee.is_from_mrz = typed["is_from_mrz"] or (invitee.is_from_mrz and not is_other)
    for name in FIELDS:
        setattr(invitee, name, typed[name])
    if invitee.passport != typed["passport_number"]:
        invitee.passport_number = typed["passport_number"]
    invitee.save()
    _place(_application(turn), invitee, int(typed["position"]))
    return invitee.name


def _place(application: Application, invitee: Invitee, place: int) -> None:
    people = [one for one in checks.current_invitees(application) if one.pk != invitee.pk]
    people.insert(place - 1, invitee)
    for position, one in enumerate(people, 1):
        if one.position != position:
            one.position = position
            one.save(update_fields=["position"])


def remove(turn: Turn) -> str:
    invitee = turn.target
    assert isinstance(invitee, Invitee)
    invitee.removed_at = turn.at
    invitee.save(update_fields=["removed_at"])
    return gettext("%(name)s：%(reason)s") % {"name": invitee.name, "reason": turn.data["reason"]}


def paste(turn: Turn) -> str:
    application = _application(turn)
    names = [_make(application, row).name for row in turn.data["rows"]]
    told = [gettext("%(count)d 人：%(names)s") % {"count": len(names), "names": "、".join(names)}]
    if turn.data["left_out"]:
        told.append(gettext("没有录入的列：%(columns)s") % {"columns": "、".join(turn.data["left_out"])})
    return "\n".join(told)


TAKEN_OVER = tuple(name for name in checks.NEEDED if name not in {"entry_on", "exit_on"})
NEEDED_OF_PERSON = ("sex", "birth_on", "nationality", "passport_expires_on", "passport_number")


def hand_over(case: Case, detail: Model | None) -> Handed:
    """What an application gives to a case that is started from it."""
    assert isinstance(detail, Application)
    people = [
        {name: getattr(one, name) for name in FIELDS} | {"nationality": one.nationality.code, "passport_number": one.passport, "is_from_mrz": one.is_from_mrz}
        for one in checks.current_invitees(detail)
    ]
    return Handed(detail.purpose or case.title, detail.entry_on, detail.exit_on, people)


def take_over(turn: Turn) -> str:
    """Fill the gaps from another case of whatever kind: its purpose, its dates where they lie ahead, its people; from an application everything else too."""
    application, other = _application(turn), turn.data["other"]
    kind = kind_of(other)
    source = kind.details_of([other]).get(other.pk)
    handed = kind.hands_over(other, source)
    values = facts_of(source, timezone.localdate(turn.at)) if isinstance(source, Application) else {}
    values["purpose"] = handed.purpose[: Application._meta.get_field("purpose").max_length]
    if handed.start_on and handed.start_on > timezone.localdate(turn.at):
        values |= {"entry_on": handed.start_on, "exit_on": handed.end_on}
    told = [_set(application, {name: value for name, value in values.items() if getattr(application, name) in (None, "") and value not in (None, "")})]
    told += _copied(application, handed.people)
    if relation := turn.data["relation"]:
        CaseLink.objects.create(case=turn.case, other=other, relation=relation, made_at=turn.at, made_by=turn.by)
    return gettext("照 %(number)s：%(told)s") % {"number": other.number, "told": "、".join(one for one in told if one) or gettext("没有可带入的内容")}


def _copied(application: Application, people: Sequence[Mapping[str, Any]]) -> list[str]:
    """Put those on the list who are not on it and of whom enough is known; what is told of each."""
    here = set(application.invitees.filter(removed_at=None).values_list("passport_index", flat=True))
    known = {row.code: row for row in Country.objects.filter(code__in=[one.get("nationality") for one in people])}
    told = []
    for one in people:
        values = {**one, "nationality": known.get(one.get("nationality", ""))}
        name = f"{one.get('surname', '')} {one.get('given_names', '')}".strip() or str(one.get("chinese_name", ""))
        if not (one.get("surname") or one.get("given_names")) or not all(values.get(fact) for fact in NEEDED_OF_PERSON):
            told.append(gettext("%(name)s（护照信息不全，请另行增加）") % {"name": name})
        elif here.isdisjoint(blind_indexes(values["passport_number"])):
            told.append(_make(application, values).name)
    return told


def copy_people(application: Application, people: Iterable[Invitee]) -> list[Invitee]:
    """Put these people on the list of another application, but for those whose numbers were purged."""
    return [
        _make(application, {name: getattr(one, name) for name in FIELDS} | {"passport_number": one.passport, "is_from_mrz": one.is_from_mrz})
        for one in people
        if one.passport_index
    ]


def facts_of(source: Application, today: date) -> dict[str, Any]:
    """What another application takes over of this one: all but days that have passed."""
    facts = {name: getattr(source, name) for name in TAKEN_OVER}
    return facts | ({"entry_on": source.entry_on, "exit_on": source.exit_on} if source.entry_on and source.entry_on > today else {})


EDIT = Action("edit_application", _("填写申请"), form=ApplicationForm, effect=edit)
ADD = Action("add_invitee", _("增加被邀请人"), form=InviteeForm, effect=add)
PASTE = Action("paste_roster", _("粘贴名单"), form=RosterForm, effect=paste, is_told=True)
TAKE_OVER = Action("take_over_case", _("从其他办件带入"), form=TakeOverForm, effect=take_over)
EDIT_INVITEE = Action("edit_invitee", _("修改被邀请人"), form=InviteeForm, effect=edit_invitee)
REMOVE = Action("remove_invitee", _("移出名单"), form=RemoveForm, effect=remove)
ACTIONS = (EDIT, ADD, PASTE, TAKE_OVER, EDIT_INVITEE, REMOVE)
