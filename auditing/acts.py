"""What the auditor's own acts are called."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS |= {"audit.verify": _("核验审计日志")}
