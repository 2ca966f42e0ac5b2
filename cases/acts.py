"""What the acts of daily work are called on the auditor's page."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

from .process import STANDARD

ACTIONS |= {
    "case.open": _("立项"),
    "case.catch_up": _("补算办件期限"),
    "case.print": _("打印办件"),
    "document.purge": _("清除保存期已满的文件"),
}
ACTIONS |= {f"case.{action.name}": action.label for action in STANDARD}

# -- operating rules, lists, assignments, working calendar
ACTIONS |= {
    "rule.seed": _("录入起步用的运行规则"),
    "rule.change": _("修改运行规则"),
    "rule.confirm": _("确认运行规则"),
    "task_template.change": _("修改任务模板"),
    "term.seed": _("录入起步用的字典"),
    "term.add": _("增加字典条目"),
    "term.change": _("修改字典条目"),
    "term.move": _("调整字典条目的顺序"),
    "term.archive": _("停用字典条目"),
    "assignment.start": _("分派事项"),
    "assignment.end": _("收回事项"),
    "calendar.change": _("修改工作日历"),
    "calendar.import": _("导入放假通知"),
}

# -- what people arrange for themselves
ACTIONS |= {
    "substitution.start": _("委托代办"),
    "substitution.revoke": _("撤销委托"),
    "phrase.add": _("添加常用意见"),
    "phrase.drop": _("删除常用意见"),
}

# -- documents of cases
ACTIONS |= {
    "document.add": _("保存文件"),
    "document.refuse": _("拒收文件"),
    "document.download": _("下载文件"),
    "document.preview": _("预览文件"),
}
