"""What every app may need: series of numbers, and which days are worked on."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Serial(models.Model):
    """The last number given out in a series in a year; `core.numbering.take_number` gives the next."""

    series = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["series", "year"], name="core_one_serial_a_series_and_year")]

    def __str__(self) -> str:
        return f"{self.series} {self.year}: {self.last}"


class CalendarDay(models.Model):
    """One day of an entered year, every day having its row: a day without one is not entered, and nobody knows whether it is worked on.

    `name` says what makes it differ from its weekday: the festival of a day off or of the weekend worked for it (调休).
    """

    day = models.DateField(_("日期"), primary_key=True)
    is_working = models.BooleanField(_("上班"))
    name = models.CharField(_("名称"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("工作日历")
        verbose_name_plural = _("工作日历")
        ordering = ["day"]
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.day)

    @property
    def is_weekend(self) -> bool:
        return self.day.weekday() >= 5

    @property
    def is_shifted(self) -> bool:
        """Whether it is worked on a weekend, or off on a weekday."""
        return self.is_working == self.is_weekend
