"""Templates of letters: reading, drafting, comparing, looking at a specimen, and what a second person decides."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.actions import Refused
from accounts.audit import acting, record
from core.printing import PrintRefusedError

from . import template_actions as actions
from .checks import differing_words
from .comparing import compare
from .drawing import pictured, specimen_pdf
from .letter_views import pdf_answer, picture_answer
from .models import LetterKind, LetterTemplate
from .rule_access import rule_reader
from .sample_letter import sample_content, sample_values
from .template_forms import SendBackForm, TemplateForm
from .wording import PLACEHOLDERS, unknown_placeholders

drafter = permission_required("invitations.change_templates", raise_exception=True)
approver = permission_required("invitations.approve_templates", raise_exception=True)
page = require_http_methods(["GET", "HEAD", "POST"])


@rule_reader
@require_safe
def template_list(request):
    """Each kind of letter with the version in force, the draft, and those before."""
    templates = list(LetterTemplate.objects.select_related("drafted_by", "approved_by").order_by("-version"))
    today = timezone.localdate()
    rows = [
        (kind, kind.is_used_on(today), [template for template in templates if template.kind_id == kind.pk])
        for kind in LetterKind.objects.order_by("-valid_from", "name")
    ]
    return render(request, "invitations/template_list.html", {"rows": sorted(rows, key=lambda row: not row[1])})


@rule_reader
@require_safe
def template_detail(request, pk):
    return _detail(request, _template_or_404(pk), SendBackForm())


def _template_or_404(pk):
    return get_object_or_404(LetterTemplate.objects.select_related("kind", "drafted_by", "approved_by", "returned_by"), pk=pk)


def _detail(request, template, form, status=200):
    current = actions.in_force_of(template.kind) if template.is_draft else None
    labels = [str(LetterTemplate._meta.get_field(name).verbose_name) for name in actions.WORDS[:-1]]  # type: ignore[union-attr]
    may_decide = template.state == template.State.DRAFT and request.user.has_perm("invitations.approve_templates")
    context = {
        "template": template,
        "current": current,
        "words": [(label, getattr(template, name), name.endswith("_en")) for label, name in zip(labels, actions.WORDS, strict=False)],
        "changes": [
            (label, compare(getattr(current, name), getattr(template, name)), name.endswith("_en")) for label, name in zip(labels, actions.WORDS, strict=False)
        ]
        if current
        else [],
        "differing": [] if _unfillable(template) else differing_words(template, sample_values(timezone.localdate())),
        "form": form,
        "seen": actions.seen_of(template),
        "may_decide": may_decide,
        "is_own": template.drafted_by_id == request.user.pk,
        "others": template.kind.templates.exclude(pk=template.pk).order_by("-version"),
    }
    return render(request, "invitations/template_detail.html", context, status=status)


def _unfillable(template):
    return unknown_placeholders(template.body + template.body_en)


@drafter
@page
def template_draft(request, kind):
    """The next version of the words of a kind: a new draft, or the one that there is."""
    kind = get_object_or_404(LetterKind, pk=kind)
    draft = actions.draft_of(kind)
    source = draft or actions.in_force_of(kind) or LetterTemplate(title=kind.name, title_en=kind.name_en.upper())
    initial = {name: getattr(source, name) for name in actions.WORDS[:-1]} | {"reason": draft.reason if draft else "", "seen": actions.seen_of(draft)}
    form = TemplateForm(request.POST or None, initial=initial)
    changed = None
    if form.is_valid():
        try:
            made = actions.draft(kind, form.cleaned_data, seen=form.cleaned_data["seen"], by=request.user, request=request)
        except actions.ChangedMeanwhileError as refusal:
            changed = refusal.template
            form.show_again(actions.seen_of(actions.draft_of(kind)))
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存，待另一人批准。批准之前，函件仍按使用中的版本印制。"))
            return redirect(made)
    context = {"form": form, "kind": kind, "draft": draft, "changed": changed, "placeholders": [(f"{{{name}}}", told) for name, told in PLACEHOLDERS.items()]}
    return render(request, "invitations/template_form.html", context)


@approver
@require_POST
def template_approve(request, pk):
    template = _template_or_404(pk)
    try:
        actions.approve(template, seen=request.POST.get("seen", ""), by=request.user, request=request)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已批准。今后签发的函件按这一版印制，已签发的不变。"))
    return redirect(template)


@approver
@require_POST
def template_send_back(request, pk):
    template, form = _template_or_404(pk), SendBackForm(request.POST)
    if not form.is_valid():
        return _detail(request, template, form)
    try:
        actions.send_back(template, reason=form.cleaned_data["reason"], seen=request.POST.get("seen", ""), by=request.user, request=request)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _detail(request, _template_or_404(pk), form, status=409)
    messages.success(request, _("已退回，起草人改好后重新送批。"))
    return redirect(template)


# -- how it looks ------------------------------------------------------------------------------------------------------------------------------------------


@rule_reader
@require_GET
def template_specimen(request, pk):
    """The letter that the template makes of made-up facts, as a specimen."""
    template = _template_or_404(pk)
    try:
        body = specimen_pdf(sample_content(template, timezone.localdate()))
    except PrintRefusedError as refusal:
        return render(request, "invitations/template_refused.html", {"template": template, "refusal": str(refusal)}, status=422)
    with acting(request.user, request):
        record("template.preview", template, kind=template.kind.name, version=template.version)
    return pdf_answer(body, f"样张 {template}.pdf")


@rule_reader
@require_GET
def template_picture(request, pk):
    """The same as a picture, for the page of the template."""
    try:
        return picture_answer(pictured(specimen_pdf(sample_content(_template_or_404(pk), timezone.localdate()))))
    except PrintRefusedError as refusal:
        raise Http404 from refusal
