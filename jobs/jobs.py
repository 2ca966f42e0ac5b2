"""What the portal does by itself: the upkeep of files, audit trail and queue."""

from datetime import time

from django.utils.translation import gettext_lazy as _

from .schedule import daily

daily("clear-job-files", _("清理过期的任务文件"), "jobs.upkeep.clear_job_files", at=time(3, 0))
daily("sweep-files", _("清除没有归属的文件"), "jobs.upkeep.sweep_files", at=time(3, 10))
daily("prune-queue", _("清理队列中的旧记录"), "jobs.upkeep.prune_queue", at=time(3, 20))
daily("keep-audit-anchor", _("在库外留存审计日志的校验值"), "jobs.upkeep.keep_audit_anchor", at=time(3, 30))
