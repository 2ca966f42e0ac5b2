"""The pages of one entry: looking at it, correcting and cancelling it, its cases and its documents."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import Refused
from cases.documents import telling_of_room
from cases.models import Case
from cases.process import InvalidError

from . import actions, annexes, queries
from . import incoming as handed_in
from .access import entry_or_404, may_change, own_entry_or_404, reader, registrar
from .forms import CaseNumberForm, CorrectForm, PapersForm, ReasonForm
from .models import Entry, EntryLink
from .process import REGISTER

page = require_http_methods(["GET", "HEAD", "POST"])


@reader
@require_safe
def entry_detail(request, pk):
    entry, person = entry_or_404(request.user, pk), request.user
    links = queries.links_of(entry, person)
    hidden = entry.links.filter(removed_at=None).count() - len(links)
    may = may_change(person, entry)
    ours = set(Case.objects.visible_to(person, REGISTER).filter(pk__in=[link.case_id for link in links]).values_list("pk", flat=True))
    context = {
        "entry": entry,
        "state": queries.state_of(entry, timezone.localdate()),
        "links": [(link, link.case_id in ours and not entry.is_cancelled) for link in links],
        "hidden": hidden,
        "thread": queries.thread_of(entry, person),
        "documents": queries.documents_of(entry),
        "reads": Entry.objects.visible_to(person, "cases.read_documents").filter(pk=entry.pk).exists(),
        "history": queries.history_of(entry, bool(hidden)),
        "may_change": may and not entry.is_cancelled,
        "may_withdraw": may,
        "panels": annexes.panels(entry, person),
    }
    return render(request, "correspondence/entry_detail.html", context)


# -- correcting and cancelling -----------------------------------------------------------------------------------------------------------------------------


@registrar
@page
def entry_correct(request, pk):
    entry, instance = (own_entry_or_404(request.user, pk) for _which in range(2))  # the form writes what was typed into its own
    form = CorrectForm(request.POST or None, instance=instance, by=request.user)
    context, status = {"entry": entry, "form": form, "version": entry.version, "counterparts": queries.counterparts_for(request.user)}, 200
    if form.is_valid():
        try:
            reason, version = form.cleaned_data["reason"], version_of(request)
            actions.correct(entry, form.cleaned_data, reason=reason, version=version, by=request.user, request=request)
        except actions.ChangedMeanwhileError as error:
            context, status = context | {"error": error, "changes": error.changes, "differences": _differences(entry, form)}, 409
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已更正。"))
            return redirect(entry)
    return render(request, "correspondence/entry_correct.html", context, status=status)


def _differences(entry, form):
    """(label, what the entry says now, what was typed) of each field where the two differ."""
    now = actions.told(entry)
    typed = actions.told(form.instance) | {_("所属事项"): "、".join(sorted(item.pk for item in form.cleaned_data["items"]))}
    return [(label, now[label], typed[label]) for label in now if now[label] != typed[label]]


def version_of(request):
    """The version of the entry that the page showed; 0, which none has, where it does not say."""
    told = request.POST.get("version", "")
    return int(told) if told.isdecimal() and len(told) < 10 else 0


@registrar
@page
def entry_cancel(request, pk):
    entry = own_entry_or_404(request.user, pk)
    form = ReasonForm(request.POST or None)
    context, status = {"entry": entry, "form": form, "version": entry.version, "label": _("作废登记")}, 200
    if form.is_valid():
        try:
            actions.cancel(entry, reason=form.cleaned_data["reason"], version=version_of(request), by=request.user, request=request)
        except actions.ChangedMeanwhileError as error:
            context, status = context | {"error": error, "changes": error.changes}, 409
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(number)s 已作废，登记号保留。") % {"number": entry.number})
            return redirect(entry)
    return render(request, "correspondence/entry_act.html", context, status=status)


# -- cases -------------------------------------------------------------------------------------------------------------------------------------------------


@registrar
@page
def entry_link(request, pk):
    entry = own_entry_or_404(request.user, pk)
    form = CaseNumberForm(request.POST or None, entry=entry, by=request.user)
    if form.is_valid():
        case = form.cleaned_data["number"]
        try:
            actions.link(entry, case, by=request.user, request=request)
        except (InvalidError, Refused) as refusal:
            form.add_error("number", _message_of(refusal))
        else:
            messages.success(request, _("已关联办件 %(number)s。") % {"number": case.number})
            return redirect(entry)
    return render(request, "correspondence/entry_act.html", {"entry": entry, "form": form, "label": _("关联办件")})


def _message_of(refusal):
    """What a refusal says: of the engine's form, its errors."""
    if isinstance(refusal, InvalidError):
        return [message for messages_ in refusal.form.errors.values() for message in messages_]
    return str(refusal)


@registrar
@page
def entry_unlink(request, pk, link):
    entry = own_entry_or_404(request.user, pk)
    seen = Case.objects.visible_to(request.user, REGISTER)
    made = get_object_or_404(EntryLink.objects.select_related("case", "entry"), pk=link, entry=entry, removed_at=None, case__in=seen)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            actions.unlink(made, reason=form.cleaned_data["reason"], by=request.user, request=request)
        except (InvalidError, Refused) as refusal:
            form.add_error(None, _message_of(refusal))
        else:
            messages.success(request, _("已取消与办件 %(number)s 的关联。") % {"number": made.case.number})
            return redirect(entry if may_change(request.user, entry) else "correspondence:entry-list")
    return render(request, "correspondence/entry_act.html", {"entry": entry, "form": form, "label": _("取消关联"), "case": made.case})


# -- documents ---------------------------------------------------------------------------------------------------------------------------------------------


@registrar
@page
def entry_attach(request, pk):
    entry = own_entry_or_404(request.user, pk)
    if request.method != "POST":
        return render(request, "correspondence/entry_act.html", {"entry": entry, "form": PapersForm(entry=entry, by=request.user), "label": _("添加文件")})
    form, incoming = with_papers(request, lambda data, incoming: PapersForm(data, entry=entry, by=request.user, incoming=incoming))
    if form.is_valid():
        try:
            with telling_of_room():
                actions.attach(entry, form.cleaned_data["kept"], by=request.user, request=request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            handed_in.close(incoming)
            messages.success(request, _("文件已添加。"))
            return redirect(f"{entry.get_absolute_url()}#documents")
    return render(request, "correspondence/entry_act.html", {"entry": entry, "form": form, "label": _("添加文件"), "incoming": incoming})


def with_papers(request, make):
    """The form that `make(data, incoming)` gives, with the files of the request looked through: those that are fit are ticked in it, and kept for an hour
    whatever else is wrong with the form. Returns (the form, what was handed in so far or None).
    """
    key, data, refused = request.POST.get("incoming", ""), request.POST.copy(), []
    incoming = handed_in.find(request.user, key)
    if key and incoming is None:
        refused.append(str(handed_in.GoneError()))
    try:
        with telling_of_room():
            incoming, rows = handed_in.take(request.FILES.getlist("papers"), incoming, by=request.user, request=request)
    except Refused as refusal:
        rows, refused = [], [*refused, str(refusal)]
    for row in rows:
        if row.refusal:
            refused.append(f"{row.name}：{row.reason}")
        else:
            data.appendlist("kept", str(row.pk))
    form = make(data, incoming)
    if refused:
        form.full_clean()
        form.add_error("papers", refused)
    return form, incoming


@registrar
@page
def document_withdraw(request, pk, document):
    entry = entry_or_404(request.user, pk)
    found = entry.documents.filter(pk=document, withdrawn_at=None).first()
    if found is None or not may_change(request.user, entry):
        raise Http404
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            actions.withdraw(found, reason=form.cleaned_data["reason"], by=request.user, request=request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("文件已撤回。"))
            return redirect(f"{entry.get_absolute_url()}#documents")
    return render(request, "correspondence/entry_act.html", {"entry": entry, "form": form, "label": _("撤回文件"), "document": found})
