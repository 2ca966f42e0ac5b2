"""Named selections of memoranda: how each stands on a day, what is about to run out, what somebody should be reminded of."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Case
from cases.queries import mine_of
from core.chinese import normalise
from core.narrowing import narrowed
from core.search import SHORTEST

from .commitments import Line, with_fulfilments
from .memorandum_checks import EXPIRY, YEARLY
from .memorandum_search import MEMORANDA
from .models import Commitment, Interaction, LiaisonRule, Memorandum, MemorandumParty, YearlyReview

ALERT_DAYS = 90  # where the rule (MEM-04) says nothing: what the list calls "about to run out"
DAY = timedelta(days=1)
SHOWN = 20  # reminders of each sort in today's work
EVIDENCE = 100  # interactions that are offered to show that something was carried out


class State(models.TextChoices):
    """How a memorandum stands, from its facts."""

    TALKS = "talks", _("洽谈和起草")
    APPROVED = "approved", _("待签署")
    IN_FORCE = "in_force", _("执行中")
    EXPIRING = "expiring", _("即将届满")
    EXPIRED = "expired", _("已届满")
    RENEWED = "renewed", _("已续签")
    TERMINATED = "terminated", _("已终止")
    WITHDRAWN = "withdrawn", _("已撤回")


HOLDING = "holding"  # as a filter: in force, those about to run out among them


def alert_days() -> int:
    """How many days before its last one a memorandum is called about to run out."""
    figure = LiaisonRule.objects.filter(code=EXPIRY).values_list("figure", flat=True).first()
    return figure or ALERT_DAYS


def state_of(memorandum: Memorandum, today: date, days: int = ALERT_DAYS) -> State:
    """`memorandum` comes with its case."""
    if not memorandum.is_signed:
        if memorandum.case.is_closed:
            return State.WITHDRAWN
        return State.APPROVED if memorandum.approved_digest else State.TALKS
    if memorandum.ended_on and memorandum.ended_on <= today:
        return State.RENEWED if memorandum.end_kind == Memorandum.End.RENEWED else State.TERMINATED
    last = memorandum.holds_until()
    if last is None or last > today + days * DAY:
        return State.IN_FORCE
    return State.EXPIRING if last >= today else State.EXPIRED


def in_state(memoranda: QuerySet[Memorandum], state: str, today: date, days: int = ALERT_DAYS) -> QuerySet[Memorandum]:
    """Those of these that stand so, as `state_of` says of each; or HOLDING."""
    if state == HOLDING:
        return memoranda.filter(pk__in=Memorandum.objects.in_force(today).values("pk"))
    soon = today + days * DAY
    unsigned, open_case = Q(signed_on=None), Q(case__closed_at=None)
    if state in UNSIGNED:
        return memoranda.filter(unsigned & UNSIGNED[State(state)](open_case))
    memoranda = memoranda.filter(signed_on__isnull=False)
    if state in ENDS:
        return memoranda.filter(end_kind=ENDS[State(state)], ended_on__lte=today)
    if state == State.EXPIRED:
        return memoranda.filter(Q(ended_on=None) | Q(ended_on__gt=today), expires_on__lt=today)
    holds = memoranda.filter(Q(ended_on=None) | Q(ended_on__gt=today), Q(expires_on=None) | Q(expires_on__gte=today))
    near = Q(expires_on__lte=soon) | Q(ended_on__lte=soon + DAY)
    return holds.filter(near) if state == State.EXPIRING else holds.filter(~(Q(expires_on__isnull=False) & Q(expires_on__lte=soon)), _ends_later(soon))


def _ends_later(soon: date) -> Q:
    return Q(ended_on=None) | Q(ended_on__gt=soon + DAY)


UNSIGNED = {
    State.TALKS: lambda open_case: Q(approved_digest="") & open_case,
    State.APPROVED: lambda open_case: ~Q(approved_digest="") & open_case,
    State.WITHDRAWN: lambda open_case: ~open_case,
}
ENDS = {State.RENEWED: Memorandum.End.RENEWED, State.TERMINATED: Memorandum.End.TERMINATED}


def with_text(memoranda: QuerySet[Memorandum], text: str) -> QuerySet[Memorandum]:
    """Those whose titles, number or parties contain `text`, or read so in pinyin."""
    part = normalise(text)
    if len(part) < SHORTEST:
        return memoranda.filter(Q(title__icontains=text) | Q(case__title__icontains=text) | Q(case__number__icontains=text))
    found = narrowed(Memorandum.objects.order_by(), MEMORANDA.kind, part).rows
    return memoranda.filter(Q(pk__in=found.values("pk")) | Q(case__title__icontains=text))


def with_parties(memoranda: QuerySet[Memorandum]) -> QuerySet[Memorandum]:
    """Bring the parties (`now_parties`), ours first, with their countries."""
    parties = MemorandumParty.objects.filter(removed_at=None).select_related("organisation__country")
    return memoranda.prefetch_related(Prefetch("parties", parties, to_attr="now_parties"))


def partners_of(memorandum: Any) -> list[MemorandumParty]:
    """The other sides of one that came by `with_parties`."""
    return [party for party in memorandum.now_parties if not party.is_ours]


def with_lines(memoranda: QuerySet[Memorandum]) -> QuerySet[Memorandum]:
    """Bring the commitments with what was done of them (`now_commitments`)."""
    return memoranda.prefetch_related(Prefetch("commitments", with_fulfilments(Commitment.objects.all()), to_attr="now_commitments"))


def lines_brought(memorandum: Any, today: date) -> list[Line]:
    """The lines of one that came by `with_lines`."""
    return [Line(commitment, today) for commitment in memorandum.now_commitments]


def of_party(organisation: Any, user: User) -> QuerySet[Memorandum]:
    """The memoranda with this organisation that the person sees, the last signed first."""
    party = MemorandumParty.objects.filter(memorandum=OuterRef("pk"), organisation=organisation, removed_at=None)
    return Memorandum.objects.visible_to(user).filter(Exists(party)).select_related("case").order_by("-signed_on", "-pk")


# -- what somebody should be reminded of -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reminder:
    """Something about a memorandum that a person should see to, by a day."""

    memorandum: Memorandum
    day: date
    text: Any
    today: date

    @property
    def is_late(self) -> bool:
        return self.day < self.today

    @property
    def address(self) -> str:
        return self.memorandum.get_absolute_url()


def reminders_for(user: User) -> list[Reminder] | None:
    """What runs out, what was promised and is late, whose yearly review is due: of the memoranda that this person, or whom they stand in for, carries,
    and the commitments that they see to. None where there is nothing. At most five queries."""
    today, people = timezone.localdate(), list(mine_of(user).people)
    if not people:
        return None
    carried = Q(case__handler__in=people) | Exists(Commitment.objects.filter(memorandum=OuterRef("pk"), owner__in=people, removed_at=None))
    rows = Memorandum.objects.filter(carried, case__closed_at=None, case__in=Case.objects.visible_to(user)).in_force(today)
    reviews = Prefetch("yearly_reviews", YearlyReview.objects.filter(removed_at=None), to_attr="now_reviews")
    found = list(with_lines(rows).select_related("case").prefetch_related(reviews).order_by("expires_on", "pk"))
    if not found:
        return None
    rules = {rule.code: rule.figure for rule in LiaisonRule.objects.filter(code__in=[EXPIRY, YEARLY]) if rule.is_used}
    told = [one for memorandum in found for one in _of_one(memorandum, people, rules, today)]
    return sorted(told, key=lambda one: (one.day, one.memorandum.pk))[:SHOWN] or None


def _of_one(memorandum: Any, people: list[int], rules: dict[str, int | None], today: date) -> list[Reminder]:
    told = [
        Reminder(memorandum, line.missed[0], _("合作事项逾期：%(item)s") % {"item": line.commitment.item}, today)
        for line in lines_brought(memorandum, today)
        if line.missed and (line.commitment.owner_id in people or memorandum.case.handler_id in people)
    ]
    if memorandum.case.handler_id not in people:
        return told
    last, days = memorandum.holds_until(), rules.get(EXPIRY)
    if days is not None and last and last <= today + days * DAY:
        told.append(Reminder(memorandum, last, _("备忘录届满：决定续签、顺延或终止"), today))
    since = max([review.reviewed_on for review in memorandum.now_reviews], default=memorandum.effective_on)
    if (figure := rules.get(YEARLY)) is not None and since + figure * DAY <= today:
        told.append(Reminder(memorandum, since + figure * DAY, _("年度检查"), today))
    return told


def interactions_with(memorandum: Memorandum, user: User) -> QuerySet[Interaction]:
    """What this person sees of the dealings with its parties since it was signed, the latest first; as many as one can choose from. Two queries."""
    others = memorandum.parties.filter(removed_at=None, is_ours=False).values("organisation")
    found = Interaction.objects.visible_to(user).valid().filter(thread__organisation__in=others, happened_at__date__gte=memorandum.signed_on)
    keys = list(found.order_by("-happened_at", "-pk").values_list("pk", flat=True)[:EVIDENCE])
    return Interaction.objects.filter(pk__in=keys).select_related("thread__organisation")
