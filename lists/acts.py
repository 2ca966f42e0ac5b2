"""What the acts on lists are called in the audit trail."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS |= {
    "list.export": _("导出列表"),
    "list.columns": _("选择列表的列"),
    "filter.save": _("保存常用筛选"),
    "filter.rename": _("重命名常用筛选"),
    "filter.share": _("共享常用筛选"),
    "filter.archive": _("停用常用筛选"),
    "filter.begin": _("设置列表开始时的筛选"),
}
