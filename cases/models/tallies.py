"""The rollup behind the figures: signed counts that the database itself adds whenever cases change (see cases.tallies)."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from duties.models import DutyItem

NEVER = date.max  # the day of what has none: it sorts behind every real one


class CaseTally(models.Model):
    """So many cases more or fewer of one sort. The figure is the sum of the rows; rows are added, and merged now and then, never changed."""

    class Measure(models.TextChoices):
        """What is counted, and what `day` means."""

        DUE = "due", _("在办")  # open, by the day when it is due (NEVER: none)
        HELD = "held", _("暂停计时")  # of these, those whose clock stands, by the same day
        WAITING = "waiting", _("待审签")  # open, with something to be decided by a second person
        OPENED = "opened", _("立项")  # by the first day of the month
        COMPLETED = "completed", _("办结")  # closed so (as Case.Outcome), by the first day of the month and by `days`
        DECLINED = "declined", _("未予办理")
        WITHDRAWN = "withdrawn", _("撤回")

    item = models.ForeignKey(DutyItem, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    measure = models.CharField(max_length=10, choices=Measure)
    day = models.DateField()
    days = models.IntegerField()  # of a closed case: calendar days from opening to close, without those on which the clock stood; else 0
    count = models.IntegerField()

    class Meta:
        verbose_name = _("办件计数")
        verbose_name_plural = _("办件计数")
        ordering = ["pk"]
        default_permissions = ()
        indexes = [models.Index(fields=["measure", "day", "item", "days", "count"], name="cases_tallies")]  # all that is read: it answers alone

    def __str__(self) -> str:
        return f"{self.item_id} {self.measure} {self.day} {self.count:+}"
