"""Background work of the book."""

from datetime import time

from django.utils.translation import gettext_lazy as _

from jobs.kinds import JobKind, register
from jobs.schedule import daily

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
