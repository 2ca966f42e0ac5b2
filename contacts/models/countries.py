"""Countries and regions, as the department names them."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.bilingual import spoken


class Country(models.Model):
    """A country or region with its code in passports (ICAO 9303-3, section 5); also what stands in passports as a nationality and is no country."""

    code = models.CharField(_("代码"), max_length=3, unique=True)
    name = models.CharField(_("名称"), max_length=100)
    name_en = models.CharField(_("英文名称"), max_length=200)
    etiquette = models.TextField(_("礼仪和注意事项"), max_length=4000, blank=True)
    visa_free_days = models.PositiveSmallIntegerField(_("免签天数"), null=True, blank=True)
    visa_free_until = models.DateField(_("免签有效期至"), null=True, blank=True)
    visa_free_source = models.CharField(_("免签信息来源"), max_length=300, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    archived_reason = models.CharField(_("停用理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("国家（地区）")
        verbose_name_plural = _("国家（地区）")
        ordering = ["pk"]  # seeded by pinyin, those that are no countries last
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=(~Q(code="TWN") | Q(name="中国台湾", name_en="Taiwan, China"))
                & (~Q(code="HKG") | Q(name="中国香港", name_en="Hong Kong, China"))
                & (~Q(code="MAC") | Q(name="中国澳门", name_en="Macao, China")),
                name="contacts_regions_named_as_of_china",
                violation_error_message=_("中国台湾、中国香港、中国澳门的名称不能改动。"),
            ),
            models.CheckConstraint(
                condition=Q(archived_at=None, archived_reason="") | (Q(archived_at__isnull=False) & ~Q(archived_reason="")),
                name="contacts_country_archived_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return spoken(self.name, self.name_en)

    def get_absolute_url(self) -> str:
        return reverse("contacts:country-detail", args=[self.code])
