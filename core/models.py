"""What every app may need: series of numbers, which days are worked on, and what can be searched for."""

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


class SearchEntry(models.Model):
    """What one object can be found by: its title as shown, and normalised lines of text (title, number, other words, pinyin, initials).

    Written with the object, in its transaction, by `core.search.put`; the database keeps an index of the two-character pieces of `text`.
    """

    kind = models.CharField(max_length=20)  # slug of the search source
    object_pk = models.BigIntegerField()
    title = models.CharField(max_length=300)
    text = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["kind", "object_pk"], name="core_search_entry_once")]

    def __str__(self) -> str:
        return self.title
