"""What the acts of the catalogue are called on the auditor's page."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS |= {
    "list.import": _("录入职责清单"),
    "list.publish": _("发布职责清单"),
    "sheet.publish": _("发布信息表"),
    "export.ask": _("申请导出信息表"),
    "export.make": _("生成导出文件"),
    "export.fail": _("导出未成功"),
    "export.download": _("下载导出文件"),
    "export.clear": _("清理过期导出文件"),
}
