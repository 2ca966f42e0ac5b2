"""Personal data at its end: purged when its time is over, or because the person asks; and a copy of what is held, for the person who asks.

A purge is an act of its own with a certificate that names no person. What stays is the line of the register: number, unit, dates, how many, masked names;
and of each invitee who it was, of which nationality, and what became of the visit. The public page goes on answering.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from cases.documents import purge as purge_documents
from cases.models import Case, Document
from cases.standing import standings_of
from core.encryption import blind_indexes
from core.files import let_go, path_of
from core.numbering import take_number

from .checks import months_after
from .models import Application, InvitationLetter, Invitee, PersonRequest, Purge, RetentionRule, Scan

BATCH = 100  # applications to a certificate
DATA_KEPT = timedelta(days=7)  # how long a copy can be fetched after it was approved
ASK, DECIDE = "invitations.ask_personal", "invitations.decide_personal"
Marks = dict[int, dict[str, Any]]


# -- by the rule -------------------------------------------------------------------------------------------------------------------------------------------


def due(rule: RetentionRule, today: date) -> QuerySet[Application]:
    """Applications whose time is over and which still hold what the rule is about."""
    if rule.months is None:
        return Application.objects.none()
    last = months_after(today, -rule.months)
    before = timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min))
    over = Application.objects.filter(Q(exit_on=None) | Q(exit_on__lte=last), case__closed_at__lt=before)
    letters = InvitationLetter.objects.filter(application=OuterRef("pk"))
    if rule.what == RetentionRule.What.NUMBERS:
        people = Invitee.objects.filter(application=OuterRef("pk"), passport_number__isnull=False)
        return over.filter(Exists(people) | Exists(letters.filter(purged_at=None)))
    papers = Document.objects.filter(case=OuterRef("case"), material__name__in=rule.paper_names, purged_at=None)
    return over.filter(Exists(letters.exclude(scan="")) | Exists(papers))


def purge_what_is_due(at: datetime, passed: Callable[[int], object] = lambda count: None) -> list[Purge]:
    """Purge what the confirmed rules say, so many applications an act; a rule that nobody has confirmed destroys nothing. Returns the certificates."""
    made: list[Purge] = []
    for rule in RetentionRule.objects.filter(confirmed_at__isnull=False).select_related("confirmed_by"):
        while certificate := _purge_by_rule(rule, at):
            made.append(certificate)
            passed(len(made))
    return made


def _purge_by_rule(rule: RetentionRule, at: datetime) -> Purge | None:
    with acting(None):
        applications = _locked(due(rule, timezone.localdate(at)).order_by("pk")[:BATCH])
        if not applications:
            return None
        marks: Marks = {one.pk: _mark(one) for one in applications}
        if rule.what == RetentionRule.What.NUMBERS:
            _purge_numbers(applications, marks, at)
        else:
            _purge_scans(applications, rule.paper_names, marks, at)
        return _certify(marks, at, ground=words_of(rule), rule=rule)


def words_of(rule: RetentionRule) -> str:
    """The rule as a certificate tells it."""
    confirmed = f"{rule.confirmed_by.name} {timezone.localdate(rule.confirmed_at):%Y-%m-%d} 确认" if rule.confirmed_by and rule.confirmed_at else "本单位待确认"
    return f"保存期规则“{rule.get_what_display()}”：{rule.text}；计划离境或办结后 {rule.months} 个月，以较晚的为准。来源：{rule.basis}（{confirmed}）"


def _locked(applications: QuerySet[Application]) -> list[Application]:
    keys = list(applications.values_list("pk", flat=True))
    return list(Application.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).select_related("case").order_by("pk"))


def _mark(application: Application) -> dict[str, Any]:
    return {"number": application.case.number, "people": 0, "letters": [], "scans": [], "documents": 0}


def _purge_numbers(applications: Sequence[Application], marks: Marks, at: datetime) -> None:
    for invitee in Invitee.objects.filter(application__in=applications, passport_number__isnull=False):
        invitee.passport_number, invitee.purged_at = None, at
        invitee.save(update_fields=["passport_number", "purged_at"])
        marks[invitee.application_id]["people"] += 1
    _purge_letters(InvitationLetter.objects.filter(application__in=applications), marks, at)


def _purge_letters(letters: QuerySet[InvitationLetter], marks: Marks, at: datetime) -> None:
    """Let the words of letters go, with their PDF and what passport numbers are compared with."""
    for letter in letters.filter(purged_at=None).order_by("pk"):
        let_go([path_of(letter.file)] if letter.file else [])
        letter.content, letter.passport_digests, letter.file, letter.purged_at = None, [], "", at
        letter.save(update_fields=["content", "passport_digests", "file", "purged_at"])
        marks[letter.application_id]["letters"].append(letter.number)


def _purge_scans(applications: Sequence[Application], papers: Sequence[str], marks: Marks, at: datetime) -> None:
    for letter in InvitationLetter.objects.filter(application__in=applications).exclude(scan="").order_by("pk"):
        let_go([path_of(letter.scan)])
        letter.scan, letter.scan_purged_at = "", at
        letter.save(update_fields=["scan", "scan_purged_at"])
        marks[letter.application_id]["scans"].append(letter.number)
    for scan in Scan.objects.filter(letter__application__in=applications).exclude(file=""):  # handed in, and never decided
        let_go([path_of(scan.file)])
        scan.file = ""
        scan.save(update_fields=["file"])
    for application in applications:
        rows = Document.objects.filter(case=application.case_id, material__name__in=papers).select_related("case")
        marks[application.pk]["documents"] += purge_documents(rows, at=at)


def _certify(marks: Marks, at: datetime, *, ground: str, **source: Any) -> Purge:
    year, cases = timezone.localdate(at).year, list(marks.values())
    purge = Purge.objects.create(
        year=year,
        serial=take_number("purge", year),
        at=at,
        ground=ground,
        people=sum(case["people"] for case in cases),
        letters=sum(len(case["letters"]) for case in cases),
        scans=sum(len(case["scans"]) for case in cases),
        documents=sum(case["documents"] for case in cases),
        cases=cases,
        **source,
    )
    told = {name: getattr(purge, name) for name in ("people", "letters", "scans", "documents")}
    record("personal.purge", purge, number=purge.number, cases=[case["number"] for case in cases], **told)
    return purge


# -- because a person asks ---------------------------------------------------------------------------------------------------------------------------------


def may_ask(person: User, case: Case) -> bool:
    """Whether this person, or whom they stand in for, writes down requests of the people on this case."""
    return any(ASK in one.permissions and one.sees(case) for one in standings_of(person))


def requests_seen_by(person: User) -> QuerySet[PersonRequest]:
    """The requests of people on the cases that this person sees in a standing that asks or decides."""
    asked = Case.objects.visible_to(person, ASK)
    decided = Case.objects.visible_to(person, DECIDE)
    found = PersonRequest.objects.select_related("invitee__application__case", "invitee__nationality", "asked_by", "decided_by", "purge")
    return found.filter(Q(invitee__application__case__in=asked) | Q(invitee__application__case__in=decided))


def ask(invitee: Invitee, values: Mapping[str, Any], *, by: User, request: HttpRequest | None = None) -> PersonRequest:
    """Write down what a person asks for. Raises Refused where the same is asked already."""
    with acting(by, request):
        Invitee.objects.select_for_update(no_key=True).get(pk=invitee.pk)
        if invitee.requests.filter(kind=values["kind"], decision="").exists():
            raise Refused(_("这个人已有同样的请求等待决定。"))
        made = PersonRequest.objects.create(invitee=invitee, **values, asked_by=by)
        record("personal.ask", made, case=invitee.application.case.number, kind=made.kind, with_passport=made.with_passport)
    return made


def decide(asked: PersonRequest, *, approve: bool, note: str, by: User, request: HttpRequest | None = None) -> PersonRequest:
    """Say yes or no to what another has written down; a yes to a purge purges at once. Raises Refused."""
    with acting(by, request):
        now = PersonRequest.objects.select_for_update(of=("self",), no_key=True).select_related("invitee__application__case").get(pk=asked.pk)
        if now.decision:
            raise Refused(_("这项请求已经决定。"))
        if now.asked_by_id == by.pk:
            raise Refused(_("请求须由登记人以外的人决定。"))
        if approve and now.kind == PersonRequest.Kind.PURGE and (why := why_not_yet(now.invitee)):
            raise Refused("；".join(why))
        now.decision = PersonRequest.Decision.APPROVED if approve else PersonRequest.Decision.REFUSED
        now.decided_at, now.decided_by, now.note = timezone.now(), by, note
        now.save(update_fields=["decision", "decided_at", "decided_by", "note"])
        record("personal.decide", now, case=now.invitee.application.case.number, kind=now.kind, decision=now.decision)
        if approve and now.kind == PersonRequest.Kind.PURGE:
            _purge_person(now, by)
    return now


def records_of(invitee: Invitee) -> QuerySet[Invitee]:
    """Every record of this person: those with the same passport; this one alone, once its number is gone."""
    same = Q(pk=invitee.pk)
    if invitee.passport_number:
        same |= Q(passport_index__in=blind_indexes(invitee.passport))
    return Invitee.objects.filter(same).select_related("application__case", "application__unit", "nationality", "visit").order_by("pk")


def why_not_yet(invitee: Invitee) -> list[str]:
    """What stands against purging a person now: cases in hand, and letters in force."""
    today, found = timezone.localdate(), []
    for row in records_of(invitee).prefetch_related("application__letters"):
        case = row.application.case
        if not case.is_closed:
            found.append(_("办件 %(number)s 还没有办结，请先办结或撤回") % {"number": case.number})
        for letter in row.application.letters.all():
            if letter.state_on(today) == InvitationLetter.State.VALID:
                found.append(_("函件 %(number)s 还在有效期内，请先作废或等到期") % {"number": letter.number})
    return found


# What of an invitee goes on request; what stays tells who was invited, and what became of it.
FORGOTTEN: dict[str, Any] = {
    "passport_number": None,
    "passport_issued_on": None,
    "passport_expires_on": None,
    "birth_on": None,
    "sex": Invitee.Sex.UNSPECIFIED,
    "employer": "",
    "employer_en": "",
    "job": "",
    "job_en": "",
    "has_visited": False,
    "is_in_china": False,
    "is_from_mrz": False,
}


def _purge_person(asked: PersonRequest, by: User) -> None:
    rows, at = list(records_of(asked.invitee)), timezone.now()
    applications = _locked(Application.objects.filter(pk__in={row.application_id for row in rows}))
    marks: Marks = {one.pk: _mark(one) for one in applications}
    for row in rows:
        for name, value in FORGOTTEN.items():
            setattr(row, name, value)
        row.purged_at = row.purged_at or at
        row.save(update_fields=[*FORGOTTEN, "purged_at"])
        marks[row.application_id]["people"] += 1
    scans = RetentionRule.objects.filter(what=RetentionRule.What.SCANS).first()
    _purge_letters(InvitationLetter.objects.filter(application__in=applications), marks, at)
    _purge_scans(applications, scans.paper_names if scans else [], marks, at)
    _certify(marks, at, ground=f"个人信息请求 {asked.pk}：{asked.get_kind_display()}", request=asked, by=by)


def may_fetch(asked: PersonRequest, person: User) -> bool:
    """Whether this person may fetch the copy that was approved: who asked and who decided, for a week."""
    if asked.kind != PersonRequest.Kind.EXPORT or asked.decision != PersonRequest.Decision.APPROVED or asked.decided_at is None:
        return False
    return person.pk in {asked.asked_by_id, asked.decided_by_id} and timezone.now() < asked.decided_at + DATA_KEPT
