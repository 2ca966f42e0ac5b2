"""What the portal does by itself with letters: purging what is kept no longer, and forgetting who checked in vain."""

from datetime import time

from django.utils.translation import gettext_lazy as _

from jobs.schedule import daily

daily("purge-personal-data", _("清除保存期已满的个人信息"), "invitations.upkeep.purge_personal_data", at=time(2, 30))
daily("forget-failed-checks", _("清理核验失败的记录"), "invitations.upkeep.forget_failed_checks", at=time(3, 40))
