"""Pages of interactions: registering one from anywhere, its page, correcting and withdrawing it, the cases that it belongs to."""

from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.actions import Refused
from accounts.audit import acting
from cases import drafts
from cases.access import right_required
from cases.models import Case
from cases.process import InvalidError
from correspondence.models import Entry
from correspondence.queries import links_of

from . import interaction_actions, whom
from .book_queries import staff_of
from .interaction_actions import logging_standing
from .interaction_fields import raw
from .interaction_forms import CaseNumberForm, CorrectionForm, ReasonForm
from .interaction_panel import for_lines, with_cases
from .models import Interaction, Organisation, Person
from .models.interactions import ITEM, LOG
from .quick_forms import QuickForm
from .visit_process import acts_of

reader = right_required("contacts.view_contact")
logger = right_required(LOG)
page = require_http_methods(["GET", "HEAD", "POST"])

AGAIN = timedelta(minutes=5)  # within which a second entry of the same kind is asked about
MOST_OFFERED = 12  # people of a body, to be ticked


# -- registering, from anywhere ----------------------------------------------------------------------------------------------------------------------------


@logger
@page
@vary_on_headers("X-Panel")
def interaction_create(request):
    if logging_standing(request.user) is None:
        raise Http404
    if request.method == "POST":
        return _register(request)
    initial, entry = _begun(request)
    draft = drafts.find(request.user, request.path)
    form = QuickForm(by=request.user, organisation=initial.pop("organisation", None), initial=initial)
    is_restored = False
    if draft and not request.GET.keys() - {"draft"} and ("draft" in request.GET or "X-Panel" in request.headers):
        is_restored = True
        form = QuickForm(by=request.user, initial=drafts.initial_of(form, draft) | {"form_key": form.fields["form_key"].initial})
    return _show(request, form, draft=draft, restored=is_restored, entry=entry)


def _show(request, form, **more):
    template = "contacts/_quick.html" if "X-Panel" in request.headers else "contacts/interaction_create.html"
    return render(request, template, {"form": form, "is_panel": "X-Panel" in request.headers} | more)


def _begun(request):
    """What the form begins with, where it was opened from the page of a body, a person, a case or a letter; and the letter."""
    asked = {kind: whom.named(f"{kind}:{request.GET.get(kind, '')}", request.user) for kind in ("organisation", "contact")}
    initial: dict[str, Any] = {}
    for kind, found in asked.items():
        if found:
            initial |= {"who": str(found), "who_key": f"{kind}:{found.pk}"}
    if isinstance(asked["organisation"], Organisation):
        initial["organisation"] = asked["organisation"]
    if number := request.GET.get("case"):
        case = Case.objects.visible_to(request.user, LOG).filter(number=number).first()
        initial |= {"case": case.number} if case else {}
    if request.GET.get("mode") in Interaction.Mode.values:
        initial["mode"] = request.GET["mode"]
    entry = _entry(request.user, request.GET.get("entry", ""))
    return (_of_entry(entry) | initial if entry else initial), entry


def _entry(person, key):
    """The letter from which the interaction is made, if this person sees it and it stands."""
    return Entry.objects.visible_to(person).filter(pk=key, cancelled_at=None).first() if key.isdecimal() and len(key) < 19 else None


WORDS = (("传真", Interaction.Mode.FAX), ("邮件", Interaction.Mode.EMAIL), ("电话", Interaction.Mode.PHONE))


def _of_entry(entry):
    """What an interaction takes from the letter that it was."""
    mode = next((mode for word, mode in WORDS if word in entry.medium.name), Interaction.Mode.EMAIL)
    now = timezone.localtime().replace(second=0, microsecond=0, tzinfo=None)
    at = now if entry.exchanged_on == now.date() else datetime.combine(entry.exchanged_on, time(9))
    return {
        "who": entry.counterpart,
        "mode": mode,
        "summary": "\n".join(text for text in (f"{entry.number} {entry.subject}", entry.summary) if text)[:5000],
        "happened_at": at,
        "sensitivity": entry.sensitivity,
    }


@logger
@require_POST
def interaction_from_entry(request, entry):
    """A letter becomes an interaction: at once where its counterpart is a body of the book, else in the form, filled from it."""
    letter = _entry(request.user, str(entry))
    if letter is None or logging_standing(request.user) is None:
        raise Http404
    form = QuickForm(raw(_of_entry(letter) | {"ours": [request.user]}) | {"form_key": f"entry{letter.pk:027d}"}, by=request.user)
    if form.is_valid():
        cases = [link.case for link in links_of(letter, request.user) if link.case.item_id != ITEM]
        seen = Case.objects.visible_to(request.user, LOG).filter(pk__in=[case.pk for case in cases])
        try:
            with acting(request.user, request):
                body, values = form.settle()
                made = interaction_actions.register(body, values, by=request.user, cases=list(seen), entry=letter, request=request)
        except (InvalidError, Refused) as refusal:
            messages.error(request, "；".join(_words(refusal)) if isinstance(refusal, InvalidError) else str(refusal))
            return redirect(letter)
        messages.success(request, _("已登记：%(what)s。") % {"what": made})
        return redirect(made)
    return redirect(f"{reverse('contacts:interaction-create')}?entry={letter.pk}")


def _register(request):
    form = QuickForm(request.POST, by=request.user)
    entry = _entry(request.user, request.POST.get("entry", ""))
    if not form.is_valid():
        return _show(request, form, entry=entry)
    alike = [] if "sure" in request.POST else _alike(request.user, form.cleaned_data)
    if alike:
        return _show(request, form, entry=entry, alike=alike)
    try:
        with acting(request.user, request):
            body, values = form.settle()
            cases = [form.cleaned_data["case"]] if form.cleaned_data["case"] else []
            made = interaction_actions.register(body, values, by=request.user, cases=cases, entry=entry, request=request)
    except (InvalidError, Refused) as refusal:
        form.add_error(None, _words(refusal))
        return _show(request, form, entry=entry)
    drafts.forget(request.user, request.path)
    text = _("已登记：%(what)s。") % {"what": made}
    if "X-Panel" in request.headers:
        return JsonResponse({"text": text, "address": made.get_absolute_url(), "look": _("查看")}, status=201)
    messages.success(request, text)
    return redirect(made)


def _words(refusal):
    """What a refusal says: of the engine's form, its errors."""
    if isinstance(refusal, InvalidError):
        return [message for messages_ in refusal.form.errors.values() for message in messages_]
    return str(refusal)


def _alike(person, typed):
    """What was registered a moment ago with the same body in the same way."""
    body = typed.get("organisation")
    if body is None:
        return []
    since = timezone.now() - AGAIN
    found = Interaction.objects.visible_to(person).valid().filter(thread__organisation=body, mode=typed["mode"], registered_at__gte=since)
    return list(for_lines(found.exclude(form_key=typed["form_key"]))[:3])


@logger
@require_safe
def interaction_whom(request):
    """What of the book goes by what is typed, for the script of the form."""
    query = request.GET.get("q", "")
    kinds = ("organisation",) if "bodies" in request.GET else ("organisation", "contact")
    return JsonResponse({"rows": [asdict(one) for one in whom.find(query, request.user, kinds=kinds)]})


@logger
@require_safe
def interaction_guess(request):
    """Which case an interaction with this body or person may be about, which body a person is of, and who is in office in a body."""
    found = whom.named(request.GET.get("whom", ""), request.user)
    body = found if isinstance(found, Organisation) else None
    if isinstance(found, Person):
        pair = whom.bodies_of([found.pk]).get(found.pk)
        body = Organisation.objects.get(pk=pair[0]) if pair else None
    cases = whom.guess(body, request.user) if body else []
    posts = staff_of(found, request.user)[0][:MOST_OFFERED] if isinstance(found, Organisation) else []
    return JsonResponse(
        {
            "body": body.name if body else "",
            "cases": [{"number": case.number, "title": case.title, "item": case.item_id} for case in cases],
            "people": [{"key": post.person_id, "name": str(post.person), "post": post.title} for post in posts],
        }
    )


# -- one interaction ---------------------------------------------------------------------------------------------------------------------------------------


def _or_404(person, pk, *rights):
    """The interaction, if this person may see it; out of scope and absent are the same."""
    found = with_cases(Interaction.objects.visible_to(person, *rights), person)
    return get_object_or_404(found.select_related("entry", "withdrawn_by", "thread__case", "thread__organisation", "held_visit"), pk=pk)


def _own_or_404(person, pk):
    """The interaction, if this person may change it and it stands."""
    found = _or_404(person, pk, LOG)
    if found.is_withdrawn or not Case.objects.visible_to(person, LOG).filter(pk=found.thread.case_id).exists():
        raise Http404
    return found


@reader
@require_safe
def interaction_detail(request, pk):
    interaction = _or_404(request.user, pk)
    may_change = not interaction.is_withdrawn and Case.objects.visible_to(request.user, LOG).filter(pk=interaction.thread.case_id).exists()
    visit = getattr(interaction, "visit", None)
    context = {
        "interaction": interaction,
        "visit": visit,
        "may_change": may_change,
        "acts": list(acts_of(visit)) if visit and may_change and not visit.is_over and not visit.thread.case.is_closed else [],
        "sees_case": Case.objects.visible_to(request.user).filter(pk=interaction.thread.case_id).exists(),
        "entry": Entry.objects.visible_to(request.user).filter(pk=interaction.entry_id).first() if interaction.entry_id else None,
    }
    return render(request, "contacts/interaction_detail.html", context)


@logger
@page
def interaction_edit(request, pk):
    interaction = _own_or_404(request.user, pk)
    form = CorrectionForm(request.POST or None, by=request.user, interaction=interaction)
    if form.is_valid():
        try:
            interaction_actions.correct(interaction, form.cleaned_data, version=form.cleaned_data["version"], by=request.user, request=request)
        except (InvalidError, Refused) as refusal:
            form.add_error(None, _words(refusal))
        else:
            messages.success(request, _("已更正。"))
            return redirect(interaction)
    return _act(request, interaction, form, _("更正往来"))


def _act(request, interaction, form, label, **more):
    return render(request, "contacts/interaction_act.html", {"interaction": interaction, "form": form, "label": label} | more)


@logger
@page
def interaction_withdraw(request, pk):
    interaction = _own_or_404(request.user, pk)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            interaction_actions.withdraw(interaction, reason=form.cleaned_data["reason"], by=request.user, request=request)
        except (InvalidError, Refused) as refusal:
            form.add_error(None, _words(refusal))
        else:
            messages.success(request, _("已撤销，记录和理由保留。"))
            return redirect(interaction)
    return _act(request, interaction, form, _("撤销往来"))


@logger
@page
def interaction_link(request, pk):
    interaction = _own_or_404(request.user, pk)
    form = CaseNumberForm(request.POST or None, by=request.user)
    if form.is_valid():
        case = form.cleaned_data["number"]
        try:
            interaction_actions.link(interaction, case, by=request.user, request=request)
        except (InvalidError, Refused) as refusal:
            form.add_error("number", _words(refusal))
        else:
            messages.success(request, _("已关联办件 %(number)s。") % {"number": case.number})
            return redirect(interaction)
    return _act(request, interaction, form, _("关联办件"))


@logger
@page
def interaction_unlink(request, pk, number):
    interaction = _own_or_404(request.user, pk)
    case = get_object_or_404(Case.objects.visible_to(request.user, LOG), number=number)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            interaction_actions.unlink(interaction, case, reason=form.cleaned_data["reason"], by=request.user, request=request)
        except (InvalidError, Refused) as refusal:
            form.add_error(None, _words(refusal))
        else:
            messages.success(request, _("已取消与办件 %(number)s 的关联。") % {"number": case.number})
            return redirect(interaction)
    return _act(request, interaction, form, _("取消关联"), case=case)
