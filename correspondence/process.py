"""What the register adds to every case: its letters on the page of the case, and the two acts that link them, by way of the engine.

A linked letter is the case's correspondence: the required materials that the department's list (字典“登记函电即为收到的要件”) names are received
with it. The link removed, they are missing again where nothing else holds them: no other letter, no document, nothing noted of them, not verified.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from accounts.models import User
from cases import annexes
from cases.forms import ActionForm, ReasonForm
from cases.kinds import Action, Blocker, Turn, anybody
from cases.models import Case, CaseMaterial, Term
from cases.process import BlockedError
from cases.standing import standings_of

from .models import Entry, EntryChange, EntryLink
from .queries import state_of

REGISTER = "correspondence.register_entry"


class EntryField(forms.CharField):
    """The register number of an entry that the person sees."""

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("登记号"), max_length=24, help_text=_("例如 收〔2026〕12号。"), **options)


def entry_numbered(number: str, by: User) -> Entry:
    """The entry with this number, if this person sees it. Raises ValidationError."""
    entry = Entry.objects.visible_to(by).filter(number=number.replace("[", "〔").replace("]", "〕").replace(" ", "")).first()
    if entry is None:
        raise forms.ValidationError(_("没有找到这个登记号的函电，请核对登记号。"))
    return entry


class LinkLetterForm(ActionForm):
    entry = EntryField()

    def clean_entry(self) -> Entry:
        entry = entry_numbered(self.cleaned_data["entry"], self.turn.by)
        if entry.is_cancelled:
            raise forms.ValidationError(_("这件函电已经作废，不能关联。"))
        if entry.links.filter(case=self.turn.case, removed_at=None).exists():
            raise forms.ValidationError(_("这件函电已经关联本办件。"))
        return entry


class UnlinkLetterForm(ReasonForm):
    entry = EntryField()

    field_order = ["entry", "reason"]

    def clean_entry(self) -> Entry:
        entry = entry_numbered(self.cleaned_data["entry"], self.turn.by)
        if not entry.links.filter(case=self.turn.case, removed_at=None).exists():
            raise forms.ValidationError(_("这件函电没有关联本办件。"))
        return entry


def _locked(turn: Turn) -> Entry:
    """The entry of the form, locked; refused where it was cancelled meanwhile. The case is locked before it, everywhere."""
    entry = Entry.objects.select_for_update(no_key=True).get(pk=turn.data["entry"].pk)
    if entry.is_cancelled:
        raise BlockedError([Blocker("COR-01", gettext("这件函电已经作废"))])
    return entry


def _note(turn: Turn, entry: Entry, kind: str, reason: str = "") -> None:
    entry.version += 1
    entry.save(update_fields=["version"])
    EntryChange.objects.create(
        entry=entry,
        kind=kind,
        at=turn.at,
        by=turn.by,
        on_behalf_of=turn.on_behalf_of,
        reason=reason,
        changes=[[gettext("办件"), "", f"{turn.case.number} {turn.case.title}"]],
        version=entry.version,
    )
    record(f"letter.{kind}", entry, number=entry.number, case=turn.case.number, reason=reason)


def link_letter(turn: Turn) -> str:
    entry = _locked(turn)
    EntryLink.objects.create(entry=entry, case=turn.case, made_at=turn.at, made_by=turn.by)
    _note(turn, entry, EntryChange.Kind.LINK)
    received = [] if turn.case.is_closed else _receive(turn)
    return _told(entry, gettext("收到要件：%(names)s"), received)


def unlink_letter(turn: Turn) -> str:
    entry = _locked(turn)
    made = EntryLink.objects.select_for_update(no_key=True).get(entry=entry, case=turn.case, removed_at=None)
    made.removed_at, made.removed_by = turn.at, turn.by
    made.save(update_fields=["removed_at", "removed_by"])
    _note(turn, entry, EntryChange.Kind.UNLINK, turn.data["reason"])
    missing = [] if turn.case.is_closed else _take_back(turn)
    return "\n".join([_told(entry, gettext("要件改为未收：%(names)s"), missing), turn.data["reason"]])


def _told(entry: Entry, words: str, materials: list[CaseMaterial]) -> str:
    told = gettext("%(number)s %(counterpart)s《%(subject)s》") % {"number": entry.number, "counterpart": entry.counterpart, "subject": entry.subject}
    return "\n".join([told, *([words % {"names": "、".join(material.name for material in materials)}] if materials else [])])


def _of_letters(case: Case) -> list[CaseMaterial]:
    """The materials of the case that a letter is."""
    names = set(Term.objects.filter(kind=Term.Kind.LETTER_MATERIAL, archived_at=None).values_list("name", flat=True))
    return [material for material in case.materials.all() if material.name in names]


def _receive(turn: Turn) -> list[CaseMaterial]:
    found = [material for material in _of_letters(turn.case) if material.status == CaseMaterial.Status.MISSING]
    for material in found:
        material.status, material.received_at, material.received_by = CaseMaterial.Status.RECEIVED, turn.at, turn.by
        material.save(update_fields=["status", "received_at", "received_by"])
    return found


def _take_back(turn: Turn) -> list[CaseMaterial]:
    if EntryLink.objects.filter(case=turn.case, removed_at=None).exists():
        return []
    by_letters = set(EntryLink.objects.filter(case=turn.case).values_list("made_at", flat=True))
    with_papers = {paper.material_id for paper in turn.case.papers}
    found = [
        material
        for material in _of_letters(turn.case)
        if material.status == CaseMaterial.Status.RECEIVED
        and material.received_at in by_letters
        and material.pk not in with_papers
        and not (material.number or material.dated_on or material.issuer)
    ]
    for material in found:
        material.status, material.received_at, material.received_by = CaseMaterial.Status.MISSING, None, None
        material.save(update_fields=["status", "received_at", "received_by"])
    return found


LINK_LETTER = Action("link_letter", _("关联函电"), permission=REGISTER, who=anybody, form=LinkLetterForm, effect=link_letter)
UNLINK_LETTER = Action("unlink_letter", _("取消关联函电"), permission=REGISTER, who=anybody, form=UnlinkLetterForm, effect=unlink_letter)


@dataclass(frozen=True)
class Letters:
    """What the page of a case shows of its correspondence."""

    entries: list[Entry]
    today: date
    may_register: bool

    @property
    def lines(self) -> list[tuple[Entry, str]]:
        """Each with the word for how it stands."""
        return [(entry, state_of(entry, self.today)) for entry in self.entries]


def letters_of(case: Case, person: User) -> Letters:
    """The letters of a case that the person sees, the last first."""
    found = Entry.objects.filter(links__case=case, links__removed_at=None).with_answers().select_related("medium").order_by("-exchanged_on", "-pk")
    may = any(REGISTER in standing.permissions and standing.sees(case) for standing in standings_of(person))
    return Letters(list(found), timezone.localdate(), may)


ANNEX = annexes.register(annexes.Annex((LINK_LETTER, UNLINK_LETTER), "correspondence/_case_panel.html", letters_of))
