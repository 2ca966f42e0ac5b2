"""Cases are found by title and number, their documents by name."""

from django.utils.translation import gettext_lazy as _

from core.search import Source, Words, register

from .models import Case, Document

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

DOCUMENTS = register(
    Source(
        kind="document",
        label=_("文件"),
        objects=Document.objects.select_related("case").all,
        visible=lambda by: Document.objects.visible_to(by).current().select_related("case"),
        words=lambda document: Words(document.name, [document.case.number]),
        about=lambda document: f"{document.case.number} {document.case.title}",
    )
)
