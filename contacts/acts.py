"""What the acts of the book are called on the auditor's page."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

from .interaction_process import CARRY_OVER, CLOSE_YEAR, OF_CASES
from .memorandum_process import MEMORANDA
from .visit_process import VISIT_ACTIONS

ACTIONS |= {
    "country.seed": _("录入国家（地区）"),
    "country.change": _("修改国家（地区）的礼仪和注意事项"),
    "organisation.add": _("登记机构"),
    "organisation.change": _("修改机构"),
    "organisation.archive": _("归档机构"),
    "organisation.restore": _("恢复已归档的机构"),
    "contact.add": _("登记联系人"),
    "contact.change": _("修改联系人"),
    "contact.archive": _("归档联系人"),
    "contact.restore": _("恢复已归档的联系人"),
    "contact.write_cards": _("导出名片文件"),
    "contact.print": _("打印地址标签或姓名牌"),
    "organisation.brief": _("生成背景资料"),
}

# -- duplicates
ACTIONS |= {
    "organisation.not_the_same": _("注明不是同一机构"),
    "organisation.perhaps_the_same": _("撤销“不是同一机构”"),
    "contact.not_the_same": _("注明不是同一人"),
    "contact.perhaps_the_same": _("撤销“不是同一人”"),
    "contacts.find_duplicates": _("查找重复的机构和联系人"),
}

# -- merging
ACTIONS |= {
    "organisation.merge": _("合并机构"),
    "organisation.merged_away": _("并入另一机构"),
    "organisation.unmerge": _("撤销机构合并"),
    "organisation.unmerged": _("从合并中恢复机构"),
    "contact.merge": _("合并联系人"),
    "contact.merged_away": _("并入另一联系人"),
    "contact.unmerge": _("撤销联系人合并"),
    "contact.unmerged": _("从合并中恢复联系人"),
}

# -- yearly plans
ACTIONS |= {
    "plan.add": _("列入年度计划"),
    "plan.change": _("修改年度计划"),
    "plan.strike": _("取消年度计划"),
    "plan.print": _("打印年度计划表"),
}

# -- memoranda, rules of liaison work
ACTIONS |= {f"case.{action.name}": action.label for action in [*MEMORANDA.actions, *(action for stage in MEMORANDA.stages for action in stage.actions)]}
ACTIONS |= {
    "memorandum.end": _("备忘录失效"),
    "memorandum.correct_signing": _("更正备忘录签署登记"),
    "memorandum.extend": _("备忘录自动顺延"),
    "memorandum.print": _("打印备忘录"),
    "liaison_rule.seed": _("录入联络工作规则"),
    "liaison_rule.change": _("修改联络工作规则"),
    "liaison_rule.confirm": _("确认联络工作规则"),
}

# -- imports
ACTIONS |= {
    "contacts.upload_import": _("上传联系人表格"),
    "contacts.map_import": _("对应导入的列"),
    "contacts.check_import": _("检查导入的行"),
    "contacts.correct_import": _("改正导入的行"),
    "contacts.choose_import": _("选择怎样处理导入的行"),
    "contacts.import": _("导入联系人"),
    "contacts.undo_import": _("撤销导入"),
}

# -- interactions
ACTIONS |= {f"case.{action.name}": action.label for action in (*OF_CASES, *VISIT_ACTIONS, CLOSE_YEAR, CARRY_OVER)}
ACTIONS |= {
    "interaction.log": _("登记往来"),
    "interaction.correct": _("更正往来"),
    "interaction.withdraw": _("撤销往来"),
    "interaction.link": _("往来关联办件"),
    "interaction.unlink": _("往来取消关联办件"),
    "interaction.print": _("打印往来记录"),
    "visit.ask": _("预约会见"),
    "visit.confirm": _("确认会见"),
    "visit.move": _("改会见时间地点"),
    "visit.hold": _("登记会见和纪要"),
    "visit.cancel": _("取消会见"),
    "feed.make": _("建立日历订阅"),
    "feed.revoke": _("撤销日历订阅"),
    "feed.read": _("读取日历订阅"),
    "visit.take": _("下载会见日历文件"),
}
