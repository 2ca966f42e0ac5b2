"""What the acts of the register are called on the auditor's page."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS |= {
    "letter.register": _("登记函电"),
    "letter.correct": _("更正函电登记"),
    "letter.cancel": _("作废函电登记"),
    "letter.link": _("函电关联办件"),
    "letter.unlink": _("取消函电与办件的关联"),
    "letter.print": _("打印收发文登记簿"),
    "letter.add": _("保存函电文件"),
    "letter.refuse": _("拒收函电文件"),
    "letter.withdraw": _("撤回函电文件"),
    "letter.download": _("下载函电文件"),
    "letter.preview": _("预览函电文件"),
    "case.link_letter": _("关联函电"),
    "case.unlink_letter": _("取消关联函电"),
}
