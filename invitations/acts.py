"""What the acts of this app are called in the audit trail."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS.update(
    {
        "invitation.issue": _("签发邀请函"),
        "invitation.scan": _("采用扫描件"),
        "invitation.open_scan": _("打开扫描件"),
        "invitation.print_slip": _("打印用印交付单"),
        "invitation.submit_online": _("登记网上提交"),
        "invitation.cancel": _("作废邀请函"),
        "invitation.replace": _("邀请函被替代"),
        "case.seal_letter": _("登记用印"),
        "case.deliver_letter": _("登记交付"),
        "case.upload_scan": _("上传扫描件"),
        "case.confirm_scan": _("核对扫描件：相符"),
        "case.refuse_scan": _("核对扫描件：不相符"),
        "case.ask_cancellation": _("申请作废"),
        "case.cancel_letter": _("同意作废"),
        "case.keep_letter": _("不同意作废"),
        "case.replace_letter": _("另办替代函"),
        "letter_kind.seed": _("录入函件种类和模板"),
        "check_rule.seed": _("录入邀请函核对规则"),
        "case.receive_application": _("接件"),
        "case.submit_online": _("登记网上提交"),
        "invitation.draw": _("生成邀请函"),
        "invitation.download": _("下载邀请函"),
        "invitation.preview": _("查看邀请函样张"),
        "case.edit_application": _("填写邀请函申请"),
        "case.add_invitee": _("增加被邀请人"),
        "case.paste_roster": _("粘贴被邀请人名单"),
        "case.take_over_case": _("从其他办件带入"),
        "case.edit_invitee": _("修改被邀请人"),
        "case.remove_invitee": _("移出名单"),
        "invitation.reveal": _("查看护照号码"),
        "invitation.tell_visit": _("登记来访结果"),
        "retention_rule.seed": _("录入保存期规则"),
        "retention_rule.change": _("修改保存期规则"),
        "retention_rule.confirm": _("确认保存期规则"),
        "personal.purge": _("清除个人信息"),
        "personal.ask": _("登记个人信息请求"),
        "personal.decide": _("决定个人信息请求"),
        "personal.export": _("提供个人信息副本"),
        "unit.register": _("登记邀请单位"),
        "unit.change": _("修改邀请单位"),
        "unit.file": _("登记年度备案"),
        "unit.withdraw_filing": _("撤销年度备案"),
        "unit.hold": _("暂停受理邀请单位"),
        "unit.resume": _("恢复受理邀请单位"),
    }
)
