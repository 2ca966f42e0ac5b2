"""Words of letters from draft to use: drafted by one person, approved or sent back by another.

Approving takes the version before out of use in the same act.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from cases.approvals import digest_of

from .models import LetterKind, LetterTemplate

WORDS = ("title", "title_en", "body", "body_en", "reason")


class ChangedMeanwhileError(Refused):
    """The draft was changed by another since the page was made."""

    def __init__(self, template: LetterTemplate) -> None:
        self.template = template
        words = {
            "person": template.drafted_by or _("系统"),
            "at": timezone.localtime(template.drafted_at).strftime("%Y-%m-%d %H:%M"),
            "state": template.state.label,
        }
        super().__init__(_("打开页面之后，这份模板已有变化（%(person)s，%(at)s，%(state)s）。请对照现在的内容再办；已填的内容都还在。") % words)


def seen_of(template: LetterTemplate | None) -> str:
    """What a page saw of a template; another one once it was changed or decided. "" where there was none."""
    if template is None:
        return ""
    facts = [template.pk, *(getattr(template, name) for name in WORDS), template.drafted_at, template.approved_at, template.returned_at, template.superseded_at]
    return digest_of(facts)[:16]


def draft_of(kind: LetterKind) -> LetterTemplate | None:
    """The version of this kind that is not approved yet."""
    return kind.templates.filter(approved_at=None).first()


def in_force_of(kind: LetterKind) -> LetterTemplate | None:
    """The version by which letters of this kind are written now."""
    return kind.templates.filter(approved_at__isnull=False, superseded_at=None).first()


def draft(kind: LetterKind, values: Mapping[str, Any], *, seen: str, by: User, request: HttpRequest | None = None) -> LetterTemplate:
    """Store the next version of a kind's words; the draft that there is becomes this one. It waits for a second person then.

    Raises ChangedMeanwhileError where that is not the one that the page saw (`seen`).
    """
    with acting(by, request):
        LetterKind.objects.select_for_update(no_key=True).get(pk=kind.pk)  # the lock of its versions
        template = draft_of(kind)
        if seen_of(template) != seen:
            latest = template or kind.templates.order_by("-version").select_related("drafted_by")[0]
            raise ChangedMeanwhileError(latest)
        before = facts_of(template) if template else None
        template = template or LetterTemplate(kind=kind, version=kind.templates.count() + 1)
        for name in WORDS:
            setattr(template, name, values[name])
        template.drafted_at, template.drafted_by = timezone.now(), by
        template.returned_at, template.returned_by, template.return_reason = None, None, ""
        template.save()
        record("template.draft", template, kind=kind.name, version=template.version, before=before, after=facts_of(template))
    return template


def facts_of(template: LetterTemplate) -> dict[str, str]:
    """A version as the audit trail tells it."""
    return {name: getattr(template, name) for name in WORDS}


def approve(template: LetterTemplate, *, seen: str, by: User, request: HttpRequest | None = None) -> LetterTemplate:
    """Put a version to use; the one before is used no more. Raises Refused for whoever drafted it, and ChangedMeanwhileError."""
    with acting(by, request):
        template = _locked(template, seen, by)
        now = timezone.now()
        before = in_force_of(template.kind)
        if before:
            before.superseded_at = now
            before.save(update_fields=["superseded_at"])
        template.approved_at, template.approved_by = now, by
        template.returned_at, template.returned_by, template.return_reason = None, None, ""
        template.save(update_fields=["approved_at", "approved_by", "returned_at", "returned_by", "return_reason"])
        facts = {"version": template.version, "supersedes": before.version if before else None, "digest": digest_of(facts_of(template))}
        record("template.approve", template, kind=template.kind.name, **facts)
    return template


def send_back(template: LetterTemplate, *, reason: str, seen: str, by: User, request: HttpRequest | None = None) -> LetterTemplate:
    """Give a draft back to be changed. Raises Refused for whoever drafted it, and ChangedMeanwhileError."""
    with acting(by, request):
        template = _locked(template, seen, by)
        template.returned_at, template.returned_by, template.return_reason = timezone.now(), by, reason
        template.save(update_fields=["returned_at", "returned_by", "return_reason"])
        record("template.send_back", template, kind=template.kind.name, version=template.version, reason=reason)
    return template


def _locked(template: LetterTemplate, seen: str, by: User) -> LetterTemplate:
    LetterKind.objects.select_for_update(no_key=True).get(pk=template.kind_id)
    template = LetterTemplate.objects.select_related("kind", "drafted_by").get(pk=template.pk)
    if template.state != template.State.DRAFT or seen_of(template) != seen:
        raise ChangedMeanwhileError(template)
    if template.drafted_by_id == by.pk:
        raise Refused(_("模板须由起草人以外的人批准或退回。"))
    return template
