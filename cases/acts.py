"""What the acts of daily work are called on the auditor's page."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS |= {
    "case.open": _("立项"),
    "case.act": _("办理办件"),
}
