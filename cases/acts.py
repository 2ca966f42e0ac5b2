"""What the acts of daily work are called on the auditor's page."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

from .process import STANDARD

ACTIONS |= {
    "case.open": _("立项"),
    "case.catch_up": _("补算办件期限"),
}
ACTIONS |= {f"case.{action.name}": action.label for action in STANDARD}
