"""Cases are found by title and number."""

from django.utils.translation import gettext_lazy as _

from core.search import Source, Words, register

from .models import Case

CASES = register(
    Source(
        kind="case",
        label=_("办件"),
        objects=Case.objects.all,
        visible=Case.objects.visible_to,
        words=lambda case: Words(case.title, [case.number]),
        about=lambda case: f"{case.number} · {case.get_outcome_display() or _('办理中')}",
    )
)
