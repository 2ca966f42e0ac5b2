"""Verifying as background work: when the auditor wants it, and once a night; and every hour the end of the trail as an anchor."""

from datetime import time, timedelta

from django.utils.translation import gettext_lazy as _

from jobs.kinds import JobKind, register
from jobs.schedule import daily, regularly

VERIFICATION = register(
    JobKind(
        name="audit-verification",
        label=_("核验审计日志"),
        work="auditing.verification.work",
        may=lambda user, parameters: user.has_perm("accounts.verify_audit"),
    )
)
daily("audit-verification-daily", _("每日核验审计日志"), "auditing.verification.work", at=time(3, 10))
regularly("audit-anchor", _("留存审计日志链尾的校验值"), "auditing.verification.keep_end", every=timedelta(hours=1))
