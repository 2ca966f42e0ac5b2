"""What the acts of the catalogue are called on the auditor's page."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS |= {
    "list.import": _("录入职责清单"),
    "list.publish": _("发布职责清单"),
    "sheet.publish": _("发布信息表"),
}
