"""What people keep about lists: filters under a name, and the columns they want to see."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.roles import ROLES


class SavedFilter(models.Model):
    """The filter of a list under a name: of one person, or shared with all who hold a role. The rows are always those that the one who looks may see."""

    kind = models.CharField(max_length=40)  # name of the list (lists.kinds)
    name = models.CharField(_("名称"), max_length=40)
    query = models.CharField(max_length=2000, blank=True)  # of the address, normalised
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    shared_with = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("常用筛选")
        verbose_name_plural = _("常用筛选")
        ordering = ["name", "pk"]
        default_permissions = ()
        permissions = [
            ("share_filter", gettext_noop("共享常用筛选")),
            ("export_list", gettext_noop("导出列表")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "owner", "name"],
                condition=Q(archived_at=None),
                name="lists_one_filter_a_name",
                violation_error_message=_("已有同名的常用筛选，请换一个名称。"),
            )
        ]
        indexes = [
            models.Index(fields=["owner", "kind"], condition=Q(archived_at=None), name="lists_filters_of_owner"),
            models.Index(fields=["shared_with", "kind"], condition=Q(archived_at=None), name="lists_filters_of_role"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def role_name(self) -> str:
        """The role with which it is shared, in words; "" where it is not."""
        name = self.shared_with.name if self.shared_with else ""
        return str(ROLES[name].name) if name in ROLES else name


class ListSetting(models.Model):
    """How one person wants one list: which columns in which order (empty: as it comes), and the filter it begins with."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)  # name of the list (lists.kinds)
    columns = models.JSONField(default=list)
    begins_with = models.ForeignKey(SavedFilter, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="lists_one_setting_a_person_and_list")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.person_id}"
