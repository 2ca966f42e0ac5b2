"""Interactions of item 1.1 (往来): the thread of a body and year, what was talked about, the cases it belongs to, and visits from the asking to the minutes."""

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cases.models import Case, CaseTask
from cases.standing import Standing, standings_of
from correspondence.models import Entry

from .organisations import Organisation
from .parts import by_whom, perhaps
from .people import Person

if TYPE_CHECKING:
    from accounts.models import User

ITEM = "1.1"
RIGHTS = frozenset({"cases.view_case", "contacts.view_contact"})  # what it takes to look at interactions at all
LOG = "contacts.log_interaction"


def reading(user: "User", *rights: str) -> list[Standing]:
    """The standings in which this person reads interactions, those with these rights too."""
    return [standing for standing in standings_of(user) if {*RIGHTS, *rights} <= standing.permissions]


def _both_or_none(*names: str) -> Q:
    return Q(**dict.fromkeys(names)) | Q(**{f"{name}__isnull": False for name in names})


def _with_reason(at: str, by: str, reason: str) -> Q:
    return Q(**{at: None, by: None, reason: ""}) | (Q(**{f"{at}__isnull": False, f"{by}__isnull": False}) & ~Q(**{reason: ""}))


class InteractionThread(models.Model):
    """What the department had to do with one body in one year: the detail record of a case of 1.1, which the year's end closes."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="threads", verbose_name=_("机构"))
    year = models.PositiveSmallIntegerField(_("年度"))

    class Meta:
        verbose_name = _("年度往来")
        verbose_name_plural = _("年度往来")
        ordering = ["-year", "organisation"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["organisation", "year"], name="contacts_one_thread_a_year")]

    def __str__(self) -> str:
        return f"{self.organisation} {self.year}"


class Sensitivity(models.TextChoices):
    """Who reads it. Nothing classified is entered at all."""

    PUBLIC = "public", _("公开")
    INTERNAL = "internal", _("内部")
    RESTRICTED = "restricted", _("工作敏感")


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def visible_to(self, user: "User", *rights: str) -> "InteractionQuerySet":
        """The interactions that this person may see: of 1.1 if it is assigned to them, of threads they carry, registered by them, where they were
        present, or of a case that they see; all, with the right to all cases. What is restricted: only who carries the thread, registered it or was
        present, and who sees all cases. Those whom they stand in for count as they themselves; with `rights`, in a standing that holds these too.
        """
        standings = reading(user, *rights)
        if any("cases.view_all_cases" in standing.permissions for standing in standings):
            return self
        people = [standing.person.pk for standing in standings]
        items = {item for standing in standings for item in standing.items}
        present = Exists(Interaction.ours.through.objects.filter(interaction=OuterRef("pk"), user__in=people))
        involved = Q(registered_by__in=people) | Q(thread__case__handler__in=people) | Q(present)
        of_cases = InteractionLink.objects.filter(interaction=OuterRef("pk"), removed_at=None)
        of_cases = of_cases.filter(Q(case__item__in=items) | Q(case__handler__in=people))
        scope = Q() if ITEM in items else involved | Q(Exists(of_cases))
        return self.filter(scope if people else Q(pk__in=[])).filter(~Q(sensitivity=Sensitivity.RESTRICTED) | involved)

    def valid(self) -> "InteractionQuerySet":
        """Without those that were withdrawn."""
        return self.filter(withdrawn_at=None)


class Interaction(models.Model):
    """One call, mail, fax, appointment, visit or meeting. Which published step of 1.1 it is follows from its mode. Withdrawn with a reason, never deleted."""

    class Mode(models.TextChoices):
        PHONE = "phone", _("电话")
        EMAIL = "email", _("邮件")
        FAX = "fax", _("传真")
        APPOINTMENT = "appointment", _("预约")
        CALL_ON = "call_on", _("拜访")
        VISIT = "visit", _("来访")
        MEETING = "meeting", _("会议")

    CORRESPONDENCE = (Mode.PHONE, Mode.EMAIL, Mode.FAX)  # step 1 as published: 电话、邮件、传真往来; all others are step 2: 预约、拜访或来访
    MEETINGS = (Mode.CALL_ON, Mode.VISIT, Mode.MEETING)

    thread = models.ForeignKey(InteractionThread, models.PROTECT, related_name="interactions")
    mode = models.CharField(_("方式"), max_length=12, choices=Mode)
    happened_at = models.DateTimeField(_("时间"))
    people = models.ManyToManyField(Person, related_name="interactions", blank=True, verbose_name=_("对方人员"))
    ours = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("我方人员"))
    summary = models.TextField(_("摘要"), max_length=5000)
    next_step = models.CharField(_("下一步"), max_length=150, blank=True)
    follow_up = models.OneToOneField(CaseTask, models.PROTECT, null=True, blank=True, related_name="+")  # the next step: its day, its being done
    sensitivity = models.CharField(
        _("敏感程度"),
        max_length=10,
        choices=Sensitivity,
        default=Sensitivity.INTERNAL,
        help_text=_("工作敏感的，只有在场人员、登记人和承办人能看。本系统不得录入任何涉密内容。"),
    )
    is_reported = models.BooleanField(_("已按规定报外办"), default=False)
    report_number = models.CharField(_("报外办文号"), max_length=80, blank=True)
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("来自函电"))
    version = models.PositiveIntegerField(default=1)
    form_key = models.CharField(max_length=32, unique=True)  # of the form that registered it: a repeat of it is known by this
    registered_at = models.DateTimeField(_("登记时间"), default=timezone.now)
    registered_by = by_whom(verbose_name=_("登记人"))
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = perhaps()
    withdraw_reason = models.CharField(_("撤销理由"), max_length=500, blank=True)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = _("往来")
        verbose_name_plural = _("往来")
        ordering = ["-happened_at", "-pk"]
        default_permissions = ()
        permissions = [("log_interaction", gettext_noop("登记往来和会见"))]
        constraints = [
            models.CheckConstraint(
                condition=_with_reason("withdrawn_at", "withdrawn_by", "withdraw_reason"), name="contacts_interaction_withdrawn_all_or_none"
            ),
            models.CheckConstraint(
                condition=Q(report_number="") | Q(is_reported=True),
                name="contacts_report_number_where_reported",
                violation_error_message=_("填写文号的，请勾选“已按规定报外办”。"),
            ),
            models.CheckConstraint(
                condition=Q(follow_up=None) | ~Q(next_step=""),
                name="contacts_follow_up_says_what",
                violation_error_message=_("请写明下一步做什么。"),
            ),
            models.UniqueConstraint(fields=["entry"], condition=Q(withdrawn_at=None), name="contacts_one_interaction_of_an_entry"),
        ]
        indexes = [
            models.Index(fields=["happened_at", "id"], name="contacts_by_time"),
            models.Index(fields=["thread", "happened_at"], name="contacts_of_thread_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_mode_display()} {self.thread.organisation}"

    def get_absolute_url(self) -> str:
        return reverse("contacts:interaction-detail", args=[self.pk])

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def stage(self) -> str:
        """The stage of the published step that this is."""
        return "correspond" if self.mode in self.CORRESPONDENCE else "meet"

    @property
    def day(self) -> date:
        """The day of the office on which it happened."""
        return timezone.localdate(self.happened_at)


class InteractionLink(models.Model):
    """One interaction belongs to one more case, beside that of its thread; removed, the row stays as history."""

    interaction = models.ForeignKey(Interaction, models.PROTECT, related_name="links")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name=_("办件"))
    made_at = models.DateTimeField(default=timezone.now)
    made_by = by_whom()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = perhaps()

    class Meta:
        verbose_name = _("往来所属办件")
        verbose_name_plural = _("往来所属办件")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["interaction", "case"], condition=Q(removed_at=None), name="contacts_interaction_linked_once"),
            models.CheckConstraint(condition=_both_or_none("removed_at", "removed_by"), name="contacts_interaction_link_removed_all_or_none"),
        ]

    def __str__(self) -> str:
        return f"{self.interaction_id} - {self.case_id}"


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, user: "User") -> "VisitQuerySet":
        """The visits whose asking this person may read."""
        return self.filter(asked__in=Interaction.objects.visible_to(user).order_by().values("pk"))

    def ahead(self) -> "VisitQuerySet":
        """What was asked for and has come to no end."""
        return self.filter(held_at=None, cancelled_at=None, asked__withdrawn_at=None)


class Visit(models.Model):
    """A visit that was asked for (`asked`: who asked, and when), confirmed, and then held with minutes, or cancelled."""

    class Kind(models.TextChoices):
        CALL_ON = "call_on", _("拜访")
        VISIT = "visit", _("来访")
        MEETING = "meeting", _("会议")

    class State(models.TextChoices):
        """Where it stands: told by its facts."""

        REQUESTED = "requested", _("待确认")
        CONFIRMED = "confirmed", _("已确认")
        HELD = "held", _("已会见")
        CANCELLED = "cancelled", _("已取消")

    thread = models.ForeignKey(InteractionThread, models.PROTECT, related_name="visits")  # of the year in which it is dealt with
    asked = models.OneToOneField(Interaction, models.PROTECT, related_name="visit")
    kind = models.CharField(_("会见形式"), max_length=10, choices=Kind)
    starts_at = models.DateTimeField(_("会见时间"))
    ends_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    place = models.CharField(_("地点"), max_length=200, blank=True)
    task = models.OneToOneField(CaseTask, models.PROTECT, null=True, blank=True, related_name="+")  # to register what came of it
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = perhaps()
    held_at = models.DateTimeField(null=True, blank=True)  # when it was registered as held
    held_by = perhaps()
    held_as = models.OneToOneField(Interaction, models.PROTECT, null=True, blank=True, related_name="held_visit")  # the visit itself, with its minutes
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = perhaps()
    cancel_reason = models.CharField(_("取消原因"), max_length=300, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("会见")
        verbose_name_plural = _("会见")
        ordering = ["starts_at", "pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")),
                name="contacts_visit_ends_after_it_begins",
                violation_error_message=_("结束时间不能早于开始时间。"),
            ),
            models.CheckConstraint(condition=_both_or_none("confirmed_at", "confirmed_by"), name="contacts_visit_confirmed_all_or_none"),
            models.CheckConstraint(
                condition=Q(held_at=None, held_by=None, held_as=None)
                | Q(held_at__isnull=False, held_by__isnull=False, held_as__isnull=False, confirmed_at__isnull=False),
                name="contacts_visit_held_as_confirmed",
            ),
            models.CheckConstraint(condition=_with_reason("cancelled_at", "cancelled_by", "cancel_reason"), name="contacts_visit_cancelled_all_or_none"),
            models.CheckConstraint(condition=Q(held_at=None) | Q(cancelled_at=None), name="contacts_visit_held_or_cancelled"),
        ]
        indexes = [models.Index(fields=["starts_at", "id"], condition=Q(held_at=None, cancelled_at=None), name="contacts_visits_ahead")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.thread.organisation}"

    def get_absolute_url(self) -> str:
        return self.asked.get_absolute_url()

    @property
    def state(self) -> "Visit.State":
        if self.cancelled_at:
            return self.State.CANCELLED
        if self.held_at:
            return self.State.HELD
        return self.State.CONFIRMED if self.confirmed_at else self.State.REQUESTED

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.HELD, self.State.CANCELLED}
