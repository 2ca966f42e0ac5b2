"""The rule catalogue of invitation letters (INV-01 …): how strictly a rule is applied stands in rows, what it looks at here, under the same code.

Every check reads what `load` brought, so that a page costs the same queries for one invitee as for fifty.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import CaseMaterial
from core.consistency import differences

from .models import Application, CheckRule, Invitee, LetterTemplate
from .visits import RULE, in_default
from .wording import fill, template_in_force, values_of

Told = tuple[str, str, int | None]  # what is wrong, the field beside which it is said, the invitee (pk) whom it is about


@dataclass(frozen=True)
class Finding:
    """One thing that a rule says of an application."""

    rule: CheckRule
    text: str
    field: str = ""
    invitee: int | None = None

    @property
    def is_block(self) -> bool:
        return self.rule.strictness == CheckRule.Strictness.BLOCK


@dataclass(frozen=True)
class Facts:
    """An application with all that the checks look at."""

    application: Application
    everybody: Sequence[Invitee]
    papers: frozenset[str]  # names of the materials that the case has
    live: dict[int, str]  # invitee: number of the letter in force that overlaps
    template: LetterTemplate | None
    today: date
    late: int = 0  # departures that the unit has not registered in time

    @property
    def invitees(self) -> Sequence[Invitee]:
        """Of whom there is something to check: not those whose passport was purged."""
        return [one for one in self.everybody if one.purged_at is None]


def current_invitees(application: Application) -> list[Invitee]:
    """The people on the list now, in order."""
    return list(application.invitees.filter(removed_at=None).select_related("nationality", "visit"))


def load(application: Application, materials: Iterable[CaseMaterial], today: date | None = None) -> Facts:
    """Read what the checks look at; a fixed number of queries."""
    today = today or timezone.localdate()
    invitees = current_invitees(application)
    here = {CaseMaterial.Status.RECEIVED, CaseMaterial.Status.VERIFIED, CaseMaterial.Status.WAIVED}
    papers = frozenset(material.name for material in materials if material.status in here)
    late = in_default([application.unit], today).get(application.unit.pk, 0) if application.unit else 0
    return Facts(application, invitees, papers, _live_letters(application, invitees, today), template_in_force(application), today, late)


def _live_letters(application: Application, invitees: Sequence[Invitee], today: date) -> dict[int, str]:
    """For whom another letter in force covers some of the same days."""
    if application.entry_on is None or application.exit_on is None:
        return {}
    indexes = {invitee.passport_index: invitee.pk for invitee in invitees if invitee.passport_index}
    others = Invitee.objects.filter(passport_index__in=list(indexes), removed_at=None).exclude(application=application)
    others = others.filter(
        Q(application__entry_on__lte=application.exit_on, application__exit_on__gte=application.entry_on),
        application__letters__cancelled_at=None,
        application__letters__replaced_by=None,
        application__letters__valid_until__gte=today,
    )
    if application.replaces_id:
        others = others.exclude(application__letters=application.replaces_id)
    return {indexes[index]: number for index, number in others.values_list("passport_index", "application__letters__number")}


def earlier_letters(facts: Facts) -> dict[str, list[str]]:
    """The numbers of the letters that each of these people had on other applications, by name; one query."""
    names = {invitee.passport_index: invitee.name for invitee in facts.invitees if invitee.passport_index}
    others = Invitee.objects.filter(passport_index__in=list(names), removed_at=None, application__letters__isnull=False).exclude(application=facts.application)
    found: dict[str, list[str]] = {}
    for index, number in others.order_by("-pk").values_list("passport_index", "application__letters__number"):
        if number not in found.setdefault(names[index], []):
            found[names[index]].append(number)
    return found


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


# -- the checks --------------------------------------------------------------------------------------------------------------------------------------------


def _passport_lasts(facts: Facts, months: int) -> Iterator[Told]:
    if facts.application.entry_on:
        for invitee in facts.invitees:
            if invitee.passport_expires_on and invitee.passport_expires_on < months_after(facts.application.entry_on, months):
                words = {"name": invitee.name, "day": invitee.passport_expires_on, "months": months}
                yield _("%(name)s 的护照 %(day)s 到期，距计划入境不足 %(months)d 个月，请换发后再办") % words, "passport_expires_on", invitee.pk


def passport_lasts(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    if facts.application.entries != Application.Entries.YEAR:
        yield from _passport_lasts(facts, rule.figure or 0)


def passport_lasts_a_year(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    if facts.application.entries == Application.Entries.YEAR:
        yield from _passport_lasts(facts, rule.figure or 0)


def people_a_letter(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    kind = facts.application.kind
    if kind and len(facts.invitees) > kind.most:
        words = {"count": len(facts.invitees), "most": kind.most, "how": kind.get_overflow_display()}
        yield _("共 %(count)d 人，每函最多 %(most)d 人：%(how)s") % words, "", None


def many_entries(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    if facts.application.entries in {Application.Entries.HALF_YEAR, Application.Entries.YEAR}:
        for invitee in facts.invitees:
            if not invitee.has_visited:
                yield _("%(name)s 没有来华记录，申请多次入境须核对以往签证和出入境章") % {"name": invitee.name}, "has_visited", invitee.pk


def first_visit(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    if rule.paper not in facts.papers:
        for invitee in facts.invitees:
            if not invitee.has_visited:
                yield _("%(name)s 首次来华，材料中缺“%(paper)s”") % {"name": invitee.name, "paper": rule.paper}, "has_visited", invitee.pk


def third_country(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    country = facts.application.post_country_id
    if country and rule.paper not in facts.papers:
        for invitee in facts.invitees:
            if invitee.nationality_id != country:
                yield _("%(name)s 不在国籍国申请签证，材料中缺“%(paper)s”") % {"name": invitee.name, "paper": rule.paper}, "nationality", invitee.pk


def entry_soon(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    entry, days = facts.application.entry_on, rule.figure or 0
    if entry and entry < facts.today + timedelta(days=days):
        yield _("距计划入境不足 %(days)d 天，签证可能来不及办") % {"days": days}, "entry_on", None


def needs_care(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    for invitee in facts.invitees:
        if facts.application.entry_on and invitee.birth_on and months_after(invitee.birth_on, 18 * 12) > facts.application.entry_on:
            yield _("%(name)s 未成年") % {"name": invitee.name}, "birth_on", invitee.pk
        if invitee.is_in_china:
            yield _("%(name)s 现在境内") % {"name": invitee.name}, "is_in_china", invitee.pk
    if rule.figure and len(facts.invitees) > rule.figure:
        yield _("被邀请人超过 %(count)d 人") % {"count": rule.figure}, "", None


def overlapping_letter(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    for invitee in facts.invitees:
        if invitee.pk in facts.live:
            words = {"name": invitee.name, "number": facts.live[invitee.pk]}
            yield _("%(name)s 已有时间重叠的有效函件（%(number)s）") % words, "passport_number", invitee.pk


def unit_is_filed(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    unit = facts.application.unit
    if unit is None:
        return
    filing = unit.filing_on(facts.today)
    if filing is None:
        yield _("邀请单位没有 %(year)d 年度备案") % {"year": facts.today.year}, "unit", None
    elif filing.authorised_until < facts.today:
        yield _("专办员 %(officer)s 的授权已于 %(day)s 到期") % {"officer": filing.officer, "day": filing.authorised_until}, "unit", None


def dates_fit(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    application = facts.application
    if application.entry_on and application.entry_on <= facts.today:
        yield _("计划入境日期已过，请改为今后的日期"), "entry_on", None
    if application.entry_on and application.exit_on and application.stay_days:
        days = (application.exit_on - application.entry_on).days + 1
        if days > application.stay_days and application.entries == Application.Entries.ONE:
            yield _("计划停留 %(days)d 天，超过每次最长停留 %(most)d 天") % {"days": days, "most": application.stay_days}, "stay_days", None


def trade_papers(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    if facts.application.visa_class == Application.VisaClass.M and rule.paper not in facts.papers:
        yield _("申请 M 字签证，材料中缺“%(paper)s”") % {"paper": rule.paper}, "visa_class", None


def cooperation_papers(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    if facts.application.visa_class == Application.VisaClass.F and rule.paper not in facts.papers:
        yield _("申请 F 字签证，材料中缺“%(paper)s”") % {"paper": rule.paper}, "visa_class", None


def read_by_machine(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    for invitee in facts.invitees:
        if not invitee.is_from_mrz:
            yield _("%(name)s 的护照信息没有经机读码核对，请与护照资料页逐项核对") % {"name": invitee.name}, "passport_number", invitee.pk


def visa_free(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    for invitee in facts.invitees:
        free = invitee.nationality
        if free.visa_free_days and (free.visa_free_until is None or facts.application.entry_on is None or facts.application.entry_on <= free.visa_free_until):
            words = {"name": invitee.name, "country": free.name, "days": free.visa_free_days, "source": free.visa_free_source}
            yield _("%(name)s：%(country)s普通护照可能免签 %(days)d 天（%(source)s），请先核实是否需要邀请函") % words, "nationality", invitee.pk


def translations(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    if rule.paper not in facts.papers:
        yield _("材料中没有“%(paper)s”：有外文材料的，须附中文译文") % {"paper": rule.paper}, "", None


def departures_are_registered(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    if facts.late:
        yield _("邀请单位有 %(count)d 人逾期未销签，请单位先反馈来访结果") % {"count": facts.late}, "unit", None


IN_BOTH = ("purpose", "relation", "places")  # what an application says in Chinese and in English
OF_PEOPLE = ("employer", "job")
NAMED = ("unit", "post", "purpose", "places")  # placeholders that stand for a name, which the other text has in the other language


def says_the_same(facts: Facts, rule: CheckRule) -> Iterator[Told]:
    for source, names, key in ((facts.application, IN_BOTH, None), *((invitee, OF_PEOPLE, invitee.pk) for invitee in facts.invitees)):
        for name in names:
            chinese, english = getattr(source, name), getattr(source, f"{name}_en")
            if chinese and english:
                yield from ((told, f"{name}_en", key) for told in differences(chinese, english))
    if facts.template and not missing_facts(facts.application, facts.invitees):
        values = values_of(facts.application, len(facts.invitees), "")
        yield from ((_("函件正文：%(told)s") % {"told": told}, "", None) for told in differing_words(facts.template, values))


def differing_words(template: LetterTemplate, values: Mapping[str, str]) -> list[str]:
    """What the Chinese and the English words of a letter do not both say, with these values in them."""
    used = [name for name in NAMED if f"{{{name}}}" in template.body or f"{{{name}_en}}" in template.body_en]
    return differences(fill(template.body, values), fill(template.body_en, values), [(values[name], values[f"{name}_en"]) for name in used])


CHECKS: dict[str, Callable[[Facts, CheckRule], Iterator[Told]]] = {
    "INV-01": passport_lasts,
    "INV-02": people_a_letter,
    "INV-03": many_entries,
    "INV-04": first_visit,
    "INV-05": third_country,
    "INV-06": entry_soon,
    "INV-07": needs_care,
    "INV-08": overlapping_letter,
    "INV-09": unit_is_filed,
    "INV-10": dates_fit,
    "INV-11": trade_papers,
    "INV-12": read_by_machine,
    "INV-13": visa_free,
    "INV-14": translations,
    "INV-15": passport_lasts_a_year,
    "INV-16": cooperation_papers,
    RULE: departures_are_registered,
    "INV-18": says_the_same,
}


def findings(facts: Facts) -> list[Finding]:
    """What the rules in use today say of the application, the strictest first."""
    order = [CheckRule.Strictness.BLOCK, CheckRule.Strictness.WARN, CheckRule.Strictness.HINT]
    rules = [rule for rule in CheckRule.objects.filter(code__in=CHECKS) if rule.is_used_on(facts.today)]
    found = [Finding(rule, *told) for rule in rules for told in CHECKS[rule.code](facts, rule)]
    return sorted(found, key=lambda finding: (order.index(CheckRule.Strictness(finding.rule.strictness)), finding.rule.code))


# What must be filled in before an application is taken in.
NEEDED: tuple[str, ...] = (
    "unit",
    "kind",
    "visa_class",
    "purpose",
    "purpose_en",
    "relation",
    "relation_en",
    "entry_on",
    "exit_on",
    "entries",
    "stay_days",
    "places",
    "places_en",
    "itinerary",
    "post_country",
    "post",
    "post_en",
    "payer",
)


def missing_facts(application: Application, invitees: Sequence[Invitee]) -> list[str]:
    """Names of the fields that are still empty; people, where nobody is on the list."""
    names = [str(Application._meta.get_field(field).verbose_name) for field in NEEDED if getattr(application, field) in ("", None)]  # type: ignore[union-attr]
    return names + ([] if invitees else [_("被邀请人")])
