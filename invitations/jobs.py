"""The background work of letters: issuing several at once; and by itself purging what is kept no longer, and forgetting who checked in vain."""

from datetime import time

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from jobs.kinds import JobKind, register
from jobs.schedule import daily

from . import batches

ISSUE = register(
    JobKind(
        name=batches.JOB,
        label=_("批量签发"),
        work="invitations.batches.work",
        may=batches.may,
        page=lambda parameters: reverse("invitations:batch-detail", args=[parameters["batch"]]),
    )
)
daily("purge-personal-data", _("清除保存期已满的个人信息"), "invitations.upkeep.purge_personal_data", at=time(2, 30))
daily("forget-failed-checks", _("清理核验失败的记录"), "invitations.upkeep.forget_failed_checks", at=time(3, 40))
