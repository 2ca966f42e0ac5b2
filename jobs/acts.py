"""What the acts of background work are called on the auditor's page."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS |= {
    "job.ask": _("提交后台任务"),
    "job.cancel": _("取消后台任务"),
    "job.stop": _("后台任务已停止"),
    "job.done": _("完成后台任务"),
    "job.fail": _("后台任务未能完成"),
    "job.download": _("下载后台任务的文件"),
    "job.clear": _("清理过期的任务文件"),
}
