"""The forms of invitees: one person, typed, read from the machine-readable lines or taken over from an earlier letter; or a roster pasted from Excel."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.forms import ActionForm
from cases.kinds import Turn
from contacts.countries import by_code
from contacts.models import Country
from core.encryption import blind_indexes, mask, plain_number
from core.text_fields import guard

from . import checks
from . import mrz as zones
from . import roster as rosters
from .application_forms import tell_beside
from .models import Application, Invitee
from .names import BadNameError, is_written, read_chinese_name, read_latin_name
from .scope import applications_seen_by

PASSPORT = ("surname", "given_names", "chinese_name", "sex", "birth_on", "nationality", "passport_number", "passport_issued_on", "passport_expires_on")
WORK = ("employer", "employer_en", "job", "job_en", "has_visited", "is_in_china")
FIELDS = tuple(name for name in (*PASSPORT, *WORK) if name != "passport_number")
NEEDED = ("sex", "birth_on", "nationality", "passport_number", "passport_expires_on")
EARLIEST = date(1900, 1, 1)
LONGEST_YEARS = 20  # no passport is valid so long; a year was mistyped
MOST_KNOWN = 200
ZONE_FIELDS = {
    "number": "passport_number",
    "birth": "birth_on",
    "expiry": "passport_expires_on",
    "sex": "sex",
    "nationality": "nationality",
    "names": "surname",
}


def faults_of(values: Mapping[str, Any], today: date) -> dict[str, str]:
    """What cannot be true of a person's passport, by field; `values` may have gaps."""
    faults = {}
    birth, issued, expires = (values.get(name) for name in ("birth_on", "passport_issued_on", "passport_expires_on"))
    if birth and not EARLIEST <= birth < today:
        faults["birth_on"] = _("出生日期应在今天以前，请核对年份。")
    if issued and (issued > today or (birth and issued < birth)):
        faults["passport_issued_on"] = _("签发日期不能晚于今天，也不能早于出生日期。")
    if expires and expires <= today:
        faults["passport_expires_on"] = _("护照已过期，请换发后再办。")
    elif expires and expires.year > today.year + LONGEST_YEARS:
        faults["passport_expires_on"] = _("有效期在 %(count)d 年以后，请核对年份。") % {"count": LONGEST_YEARS}
    return faults


def known_to(person: Any, application: Application) -> dict[str, Invitee]:
    """Invitees of this unit's earlier applications that the person sees, the latest record of each, by its key; not those on the list already."""
    if application.unit_id is None:
        return {}
    now = set(application.invitees.filter(removed_at=None).values_list("passport_index", flat=True))
    rows = Invitee.objects.filter(application__in=applications_seen_by(person).filter(unit=application.unit_id), passport_number__isnull=False)
    rows = rows.exclude(application=application).select_related("nationality", "application__case").order_by("-pk")
    latest: dict[str, Invitee] = {}
    for row in rows[: MOST_KNOWN * 2]:
        if row.passport_index and row.passport_index not in now:
            latest.setdefault(row.passport_index, row)
    return {str(row.pk): row for row in list(latest.values())[:MOST_KNOWN]}


class InviteeForm(ActionForm):
    """One person. What is typed goes first; the machine-readable lines, then the earlier record, fill what is left empty."""

    keeps_drafts = False

    mrz = forms.CharField(
        label=gettext_lazy("护照机读码"),
        required=False,
        max_length=5000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocomplete": "off", "class": "mono"}),
        help_text=gettext_lazy("粘贴或键入资料页最下面的两行，下面空着的栏目由它填写；已填的与它逐项核对。"),
    )

    def fit(self, turn: Turn) -> None:
        application = turn.detail
        assert isinstance(application, Application)
        self.application = application
        self.row = turn.target if isinstance(turn.target, Invitee) else None
        fields: dict[str, Any] = forms.fields_for_model(Invitee, FIELDS)
        hidden = _("已登记 %(number)s；不改动就留空。") % {"number": self.row.passport_number} if self.row else ""
        fields["passport_number"] = forms.CharField(
            label=_("护照号码"), max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}), help_text=hidden
        )
        fields["nationality"].queryset = Country.objects.filter(archived_at=None).order_by("pk")
        guard(fields.items())
        for name, field in fields.items():
            if name in NEEDED:
                field.required = False  # asked for below, once it is clear what the lines and the earlier record say
        if self.row:
            self._show(fields, self.row)
        self.fields.update(fields)
        self._offer_known(turn)
        self._offer_place()
        self.helper.wrapper_class = "mb-3"
        first = [name for name in ("known", "mrz") if name in self.fields]
        last = [*WORK, *(["position"] if "position" in self.fields else [])]
        parts = ((_("从护照或以往记录读取"), first), (_("护照"), PASSPORT), (_("工作和来访"), last))
        self.helper.layout = Layout(*(Fieldset(label, *names) for label, names in parts))
        if self.row:
            found = checks.findings(checks.load(application, turn.case.materials.all()))
            tell_beside(fields, [finding for finding in found if finding.invitee == self.row.pk])

    def _show(self, fields: dict[str, Any], row: Invitee) -> None:
        for name in FIELDS:
            fields[name].initial = getattr(row, f"{name}_id", None) if name == "nationality" else getattr(row, name)

    def _offer_known(self, turn: Turn) -> None:
        self.known = {} if self.row else known_to(turn.by, self.application)
        if self.known:
            labels = [(key, f"{row.name} {row.chinese_name} {row.passport_number}（{row.application.case.number}）") for key, row in self.known.items()]
            self.fields["known"] = forms.ChoiceField(
                label=_("以前邀请过的人"),
                required=False,
                choices=[("", _("不是，新增一人")), *labels],
                help_text=_("选中后，下面空着的栏目照以前的记录填写，护照换发的请改填。"),
            )

    def _offer_place(self) -> None:
        if self.row:
            people = checks.current_invitees(self.application)
            places = [(str(place), _("第 %(place)d 位") % {"place": place}) for place in range(1, len(people) + 1)]
            now = next((place for place, one in enumerate(people, 1) if one.pk == self.row.pk), len(people))
            self.fields["position"] = forms.ChoiceField(label=_("在名单上的位置"), choices=places, initial=str(now))

    # -- reading -------------------------------------------------------------------------------------------------------------------------------------------

    def _latin(self, name: str) -> str:
        return _read(read_latin_name, self.cleaned_data[name])

    def clean_surname(self) -> str:
        return self._latin("surname")

    def clean_given_names(self) -> str:
        return self._latin("given_names")

    def clean_chinese_name(self) -> str:
        return _read(read_chinese_name, self.cleaned_data["chinese_name"])

    def clean_passport_number(self) -> str:
        typed = self.cleaned_data["passport_number"]
        number = plain_number(typed)
        if typed and not (rosters.NUMBER.fullmatch(number) and number.isascii()):
            raise ValidationError(_("护照号码只由 5 至 12 位字母和数字组成，请核对。"))
        return number

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        zone = self._read_zone(cleaned) if cleaned.get("mrz", "").strip() else {}
        earlier = self._earlier(cleaned.get("known", ""), cleaned.get("passport_number") or zone.get("passport_number"))
        for name in (*PASSPORT, *WORK):
            if not cleaned.get(name) and name not in self.errors:
                cleaned[name] = zone.get(name) or (_of_earlier(earlier, name) if earlier else None) or cleaned.get(name)
        if self.row and not cleaned.get("passport_number"):
            cleaned["passport_number"] = self.row.passport
        for name in NEEDED:
            if not cleaned.get(name) and not {name, "mrz"} & set(self.errors):
                self.add_error(name, _("没有填写。"))
        if not cleaned.get("surname") and not cleaned.get("given_names") and not {"surname", "given_names", "mrz"} & set(self.errors):
            self.add_error("surname", _("请填写护照上的姓名。"))
        for name, text in faults_of(cleaned, timezone.localdate()).items():
            if name not in self.errors:
                self.add_error(name, text)
        self._refuse_twin(cleaned.get("passport_number"))
        return cleaned | {"is_from_mrz": bool(zone), "earlier": earlier}

    def _earlier(self, chosen: str, number: str | None) -> Invitee | None:
        """The earlier record that was chosen, else that of the same passport."""
        indexes = blind_indexes(number) if number else []
        return self.known.get(chosen) or next((row for row in self.known.values() if row.passport_index in indexes), None)

    def _refuse_twin(self, number: str | None) -> None:
        if number and "passport_number" not in self.errors:
            others = self.application.invitees.filter(removed_at=None, passport_index__in=blind_indexes(number))
            if twin := (others.exclude(pk=self.row.pk) if self.row else others).first():
                self.add_error("passport_number", _("与名单上的 %(name)s 护照号码相同。") % {"name": twin.name})

    def _read_zone(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """What the lines say, where they are sound, else {}; what is typed and differs is an error beside its field."""
        try:
            reading = zones.read_mrz(cleaned["mrz"], timezone.localdate())
        except zones.UnreadableZoneError as error:
            self.add_error("mrz", str(error))
            return {}
        if not reading.is_sound:
            self.add_error("mrz", [fault.text for fault in reading.faults if not fault.is_hint])
            return {}
        said = _values_of(reading)
        against = [name for name, value in said.items() if value and cleaned.get(name) and not _agrees(name, cleaned[name], value, reading.is_cut)]
        for name in against:
            shown = mask(value) if name == "passport_number" and (value := said[name]) else said[name]
            self.add_error(name, _("与机读码不同：机读码是 %(value)s，请核对。") % {"value": shown})
        return said


def _read(reader: Any, typed: str) -> str:
    if not typed:
        return ""
    try:
        read: str = reader(typed)
    except BadNameError as error:
        raise ValidationError(error.faults) from error
    return read


def _values_of(reading: zones.Reading) -> dict[str, Any]:
    """The zone in the fields of an invitee."""
    country = by_code(reading.nationality)
    return {
        "surname": reading.surname,
        "given_names": reading.given_names,
        "sex": reading.sex,
        "birth_on": reading.born_on,
        "nationality": Country.objects.filter(code=country.alpha3).first() if country else None,
        "passport_number": reading.number,
        "passport_expires_on": reading.expires_on,
    }


def _agrees(name: str, typed: Any, said: Any, is_cut: bool) -> bool:
    if name in {"surname", "given_names"}:
        return is_written(typed, said.replace(" ", "<"), is_cut=is_cut)
    return bool(typed == said)


def _of_earlier(row: Invitee, name: str) -> Any:
    if name == "passport_number":
        return row.passport
    if name in {"is_in_china"}:
        return False
    return True if name == "has_visited" and row.has_visited else getattr(row, name)


class RosterForm(ActionForm):
    """Rows copied in Excel. All of them are taken, or none: what is wrong is said row by row, and the text stays as it was pasted."""

    keeps_drafts = False

    roster = forms.CharField(
        label=gettext_lazy("名单"),
        max_length=rosters.MAX_LENGTH,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off", "wrap": "off", "class": "mono"}),
        help_text=gettext_lazy(
            "在 Excel 里连标题行一起选中、复制，粘贴到这里。标题可用中文或英文，次序不限，"
            "例如：护照上的姓、护照上的名、中文姓名、性别、出生日期、国籍、护照号码、签发日期、有效期至、工作单位、职务；也可以有工作单位（英文）、职务（英文）、曾来华、现在境内。"
        ),
        error_messages={"required": gettext_lazy("没有内容。请在 Excel 里选中名单，复制，再粘贴到这里。")},
    )

    def clean_roster(self) -> str:
        typed: str = self.cleaned_data["roster"]
        today = timezone.localdate()
        try:
            read = rosters.read_roster(typed, today)
        except rosters.RosterError as error:
            raise ValidationError(str(error)) from error
        for row in read.rows:
            for name, text in faults_of(row.values, today).items():
                row.errors.setdefault(name, text)
        self._refuse_twins(read.rows)
        if not read.is_sound:
            raise ValidationError([*read.hints, *_lines(read.rows)])
        self.cleaned_data["rows"] = self._rows(read.rows)
        self.cleaned_data["left_out"] = sorted({heading for row in read.rows for heading in row.others})
        return typed

    def _refuse_twins(self, rows: Sequence[rosters.RosterRow]) -> None:
        application = self.turn.detail
        assert isinstance(application, Application)
        here = {one.passport_index: one.name for one in application.invitees.filter(removed_at=None)}
        for row in rows:
            number = row.values.get("passport_number")
            twin = next((here[index] for index in blind_indexes(number) if index in here), None) if number else None
            if twin:
                row.errors.setdefault("passport_number", _("与名单上的 %(name)s 护照号码相同。") % {"name": twin})

    def _rows(self, rows: Sequence[rosters.RosterRow]) -> list[dict[str, Any]]:
        countries = {one.code: one for one in Country.objects.all()}
        return [{**row.values, "nationality": countries[row.values["nationality"].alpha3]} for row in rows]


def _lines(rows: Sequence[rosters.RosterRow]) -> list[str]:
    labels = {column.name: column.label for column in rosters.ASKED}
    return [
        _("第 %(row)d 行，%(column)s：%(text)s") % {"row": row.number, "column": labels[name], "text": text}
        for row in rows
        for name, text in row.errors.items()
    ]
