"""Entries of the register (往来函电), the cases that they belong to, and what was changed in them. Nothing is deleted; a number stays."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cases.models import Case, Term
from cases.standing import Standing, standings_of
from duties.models import DutyItem

if TYPE_CHECKING:
    from accounts.models import User


def _person(**options: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", **options)


def _perhaps() -> "models.ForeignKey[Any, Any]":
    return _person(null=True, blank=True)


class Direction(models.TextChoices):
    """Whether something came or went."""

    IN = "in", _("收文")
    OUT = "out", _("发文")


PREFIX = {Direction.IN: "收", Direction.OUT: "发"}


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, user: "User", *rights: str) -> "EntryQuerySet":
        """The entries that this person may see: of the items assigned, handled or registered by them or by whom they stand in for, or linked to a case
        that they see; all, with the right to all cases. With `rights`: those that they see in a standing that holds these too.
        """
        standings = [standing for standing in standings_of(user) if {"cases.view_case", *rights} <= standing.permissions]
        if any("cases.view_all_cases" in standing.permissions for standing in standings):
            return self
        people = [standing.person.pk for standing in standings]
        items = {item for standing in standings for item in standing.items}
        of_items = Entry.items.through.objects.filter(entry=OuterRef("pk"), dutyitem__in=items)
        of_cases = EntryLink.objects.filter(entry=OuterRef("pk"), removed_at=None).filter(Q(case__item__in=items) | Q(case__handler__in=people))
        return self.filter(Q(handler__in=people) | Q(registered_by__in=people) | Exists(of_items) | Exists(of_cases))

    def with_answers(self) -> "EntryQuerySet":
        """Tell of each whether it was answered (`is_answered`): by an entry of the other direction that stands."""
        answers = Entry.objects.filter(replies_to=OuterRef("pk"), cancelled_at=None).exclude(direction=OuterRef("direction"))
        return self.annotate(is_answered=Exists(answers))


class Entry(models.Model):
    """One letter, mail, fax or record of a call, as it was registered under its number."""

    direction = models.CharField(_("收发"), max_length=3, choices=Direction)
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    number = models.CharField(_("登记号"), max_length=24, unique=True)  # 收〔2026〕12号
    counterpart = models.CharField(_("对方单位或人员"), max_length=200)
    counterpart_number = models.CharField(_("对方文号"), max_length=80, blank=True)
    own_number = models.CharField(_("本方文号"), max_length=80, blank=True)
    dated_on = models.DateField(_("成文日期"), null=True, blank=True)
    exchanged_on = models.DateField(_("收发日期"), help_text=_("收文为收到日期，发文为发出日期。"))
    medium = models.ForeignKey(Term, models.PROTECT, related_name="+", verbose_name=_("方式"))
    subject = models.CharField(_("事由"), max_length=200)
    summary = models.TextField(_("内容摘要"), max_length=5000, blank=True)
    sensitivity = models.CharField(
        _("敏感程度"), max_length=10, choices=Case.Sensitivity, default=Case.Sensitivity.INTERNAL, help_text=_("本系统不得录入任何涉密内容。")
    )
    handler = _person(verbose_name=_("承办人"))
    items = models.ManyToManyField(DutyItem, related_name="+", verbose_name=_("所属事项"))
    replies_to = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replies", verbose_name=_("答复或接续"))
    needs_reply = models.BooleanField(_("待复函"), default=False, help_text=_("收文表示须由我方答复，发文表示等对方答复；登记答复后自动销号。"))
    reply_due_on = models.DateField(_("复函期限"), null=True, blank=True)
    message_id = models.CharField(max_length=250, blank=True, db_index=True)  # of a mail, without brackets
    version = models.PositiveIntegerField(default=1)
    form_key = models.CharField(max_length=32, unique=True)  # of the form that registered it: a repeat of it is known by this
    registered_at = models.DateTimeField(_("登记时间"), default=timezone.now)
    registered_by = _person(verbose_name=_("登记人"))
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = _perhaps()
    cancel_reason = models.CharField(_("作废理由"), max_length=500, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("往来函电")
        verbose_name_plural = _("往来函电")
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [
            ("register_entry", gettext_noop("登记、更正和作废往来函电")),
            ("print_register", gettext_noop("打印年度收发文登记簿")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["direction", "year", "serial"], name="correspondence_number_once"),
            models.CheckConstraint(condition=Q(reply_due_on=None) | Q(needs_reply=True), name="correspondence_due_where_a_reply_is_due"),
            models.CheckConstraint(condition=~Q(replies_to=F("id")), name="correspondence_replies_to_another"),
            models.CheckConstraint(
                condition=Q(cancelled_at=None, cancelled_by=None, cancel_reason="")
                | (Q(cancelled_at__isnull=False, cancelled_by__isnull=False) & ~Q(cancel_reason="")),
                name="correspondence_cancelled_all_or_none",
            ),
        ]
        indexes = [
            models.Index(fields=["exchanged_on", "id"], name="correspondence_by_day"),
            models.Index(fields=["reply_due_on", "id"], condition=Q(needs_reply=True, cancelled_at=None), name="correspondence_by_due"),
            models.Index(fields=["counterpart"], name="correspondence_by_counterpart"),
            models.Index(fields=["handler", "id"], name="correspondence_of_handler"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("correspondence:entry-detail", args=[self.pk])

    @property
    def is_incoming(self) -> bool:
        return self.direction == Direction.IN

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None


def number_of(direction: str, year: int, serial: int) -> str:
    """How a register number is written."""
    return f"{PREFIX[Direction(direction)]}〔{year}〕{serial}号"


class EntryLink(models.Model):
    """One entry belongs to one case; removed, the row stays as history.

    Where the link received required materials of the case, their `received_at` is its `made_at`: by that they are known when it is removed.
    """

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="links")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name=_("办件"))
    made_at = models.DateTimeField(default=timezone.now)
    made_by = _person()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = _perhaps()

    class Meta:
        verbose_name = _("函电所属办件")
        verbose_name_plural = _("函电所属办件")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["entry", "case"], condition=Q(removed_at=None), name="correspondence_linked_once"),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None) | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="correspondence_link_removed_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} - {self.case_id}"


class EntryChange(models.Model):
    """One thing that was done with an entry; added, never changed. `changes` are lines of [what, before, after] in the department's language."""

    class Kind(models.TextChoices):
        REGISTER = "register", _("登记")
        CORRECT = "correct", _("更正")
        CANCEL = "cancel", _("作废")
        LINK = "link", _("关联办件")
        UNLINK = "unlink", _("取消关联")
        ATTACH = "attach", _("添加文件")
        WITHDRAW = "withdraw", _("撤回文件")

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    by = _person()
    on_behalf_of = _perhaps()
    reason = models.CharField(max_length=500, blank=True)
    changes = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField()  # of the entry, after it

    class Meta:
        verbose_name = _("登记经过")
        verbose_name_plural = _("登记经过")
        ordering = ["-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reason}"


def standing_for(user: "User", entry: Entry) -> Standing | None:
    """In whose right this person changes the entry: their own first, else that of somebody they stand in for; None where they may not."""
    standings = [one for one in standings_of(user) if {"cases.view_case", "correspondence.register_entry"} <= one.permissions]
    if not standings or not Entry.objects.visible_to(user, "correspondence.register_entry").filter(pk=entry.pk).exists():
        return None
    items = {item.pk for item in entry.items.all()}
    by_item = [one for one in standings if items & one.items]
    by_hand = [one for one in standings if one.person.pk in {entry.handler_id, entry.registered_by_id}]
    return (by_item or by_hand or standings)[0]
