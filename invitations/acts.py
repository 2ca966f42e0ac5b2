"""What the acts of this app are called in the audit trail."""

from django.utils.translation import gettext_lazy as _

from accounts.audit import ACTIONS

ACTIONS.update(
    {
        "letter.issue": _("签发邀请函"),
        "nationality.seed": _("录入国籍"),
        "letter_kind.seed": _("录入函件种类和模板"),
        "check_rule.seed": _("录入邀请函核对规则"),
        "case.receive_application": _("接件"),
        "case.submit_online": _("登记网上提交"),
        "letter.draw": _("生成邀请函"),
    }
)
