"""Background work of the book."""

from datetime import time
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from jobs.kinds import JobKind, register
from jobs.schedule import daily

from .models import Organisation

# -- the book


def _may_have_brief(user: User, parameters: dict[str, Any]) -> bool:
    return Organisation.objects.visible_to(user).filter(pk=parameters["organisation"]).exists()


BRIEF = register(JobKind(name="contacts-brief", label=_("背景资料（Word）"), work="contacts.brief_word.make", may=_may_have_brief))

# -- duplicates
DUPLICATES = register(
    JobKind(
        name="contacts-duplicates",
        label=_("查找重复的机构和联系人"),
        work="contacts.finding.find_all",
        may=lambda user, parameters: user.has_perm("contacts.change_contact"),
    )
)
daily("contacts-duplicates-daily", _("查找重复的机构和联系人"), "contacts.finding.find_all", at=time(2, 30))

# -- memoranda
daily("extend-memoranda", _("顺延到期的备忘录"), "contacts.memorandum_upkeep.extend_memoranda", at=time(0, 20))

# -- imports
CHECK, IMPORT, UNDO = (
    register(JobKind(name=name, label=label, work=work, may=lambda user, parameters: user.has_perm("contacts.change_contact")))
    for name, label, work in (
        ("contacts-check", _("检查导入的联系人"), "contacts.import_checking.check"),
        ("contacts-import", _("导入联系人"), "contacts.importing.run"),
        ("contacts-undo-import", _("撤销导入联系人"), "contacts.import_undoing.run"),
    )
)

# -- interactions
daily("close-threads", _("办结上一年度的往来办件"), "contacts.interaction_actions.close_by_schedule", at=time(0, 30))
