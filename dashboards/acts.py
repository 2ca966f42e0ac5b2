"""What the acts around figures are called on the auditor's page."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS |= {
    "figures.rebuild": _("重新统计办件"),
}
