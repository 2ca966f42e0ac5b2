"""Registering: the form, filled from a mail, from a case or from the letter that is answered; the list; the yearly registers."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accounts.actions import Refused
from accounts.audit import acting, record
from cases import drafts
from cases.documents import NoRoomError, telling_of_room
from cases.models import Case
from cases.process import InvalidError
from cases.standing import standings_of
from core.inspection import RefusedFileError
from core.paging import paged
from core.printing import PrintRefusedError
from lists.toolbar import toolbar

from . import actions, incoming, queries
from .access import printer, reader, registrar
from .entry_views import with_papers
from .forms import MailForm, RegisterForm
from .list_forms import EntryFilterForm
from .lists import ENTRIES
from .models import Direction, Entry
from .printing import TITLES, register_pdf, volumes_of
from .process import REGISTER

SUMMARY = 2000  # characters of a mail's text that are offered as its summary


# -- the list ----------------------------------------------------------------------------------------------------------------------------------------------


@reader
@require_safe
def entry_list(request):
    day = timezone.localdate()
    form = EntryFilterForm(request.GET, user=request.user, today=day)
    found = paged(queries.for_list(form.entries(), request.user), form.key, request.GET, count=form.found.count())
    density = request.GET.get("density", request.user.density)
    context = {
        "form": form,
        "page": found,
        "lines": [(entry, queries.state_of(entry, day)) for entry in found.rows],
        "chips": form.chips(),
        "toolbar": toolbar(ENTRIES, request, sort=form.sort),
        "may_register": any(REGISTER in standing.permissions for standing in standings_of(request.user)),
        "is_compact": density == request.user.Density.COMPACT,
    }
    return render(request, "correspondence/entry_list.html", context)


# -- registering -------------------------------------------------------------------------------------------------------------------------------------------


@registrar
@require_http_methods(["GET", "HEAD", "POST"])
def entry_create(request):
    case = _case_of(request)
    if request.method == "POST":
        return _register(request, case)
    found = incoming.find(request.user, request.GET.get("incoming", ""))
    if request.GET.get("incoming") and found is None:
        messages.error(request, str(incoming.GoneError()))
    answered = _answered(request)
    initial = _of_case(case) | _of_answered(request.user, answered) | _of_letter(request.user, found)
    form = RegisterForm(by=request.user, incoming=found, initial=initial)
    draft = None if found or answered else drafts.find(request.user, request.path)
    if draft and "draft" in request.GET:
        form = RegisterForm(by=request.user, initial=drafts.initial_of(form, draft) | {"form_key": form.fields["form_key"].initial})
    return _show(request, form, found, case, draft=draft, restored="draft" in request.GET)


def _show(request, form, found, case, **more):
    context = {
        "form": form,
        "incoming": found,
        "handed_in": list(found.files.all()) if found else [],
        "letter": found.letter if found else None,
        "sent_at": _sent_at(found),
        "case": case,
        "counterparts": queries.counterparts_for(request.user),
        "alike": queries.same_message(request.user, found.letter["message_id"]) if found and found.letter else [],
    }
    return render(request, "correspondence/entry_create.html", context | more)


def _register(request, case):
    form, found = with_papers(request, lambda data, found: RegisterForm(data, by=request.user, incoming=found))
    letter = (found.letter if found else None) or {}
    if not form.is_valid():
        return _show(request, form, found, case)
    if queries.same_message(request.user, letter.get("message_id", "")) and "sure" not in request.POST:
        return _show(request, form, found, case, asks=True)
    values = form.cleaned_data
    try:
        with telling_of_room():
            entry = actions.register(
                values["direction"],
                values | {"message_id": letter.get("message_id", "")},
                form_key=values["form_key"],
                by=request.user,
                cases=values["cases"],
                papers=values.get("kept", ()),
                incoming=found,
                request=request,
            )
    except InvalidError:
        form.add_error("cases", _("关联办件没有成功，请核对办件编号。"))
        return _show(request, form, found, case)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _show(request, form, found, case)
    drafts.forget(request.user, request.path)
    messages.success(request, _("已登记，登记号 %(number)s。") % {"number": entry.number})
    return redirect(f"{case.get_absolute_url()}#letters" if case and case in values["cases"] else entry)


def _case_of(request):
    """The case from whose page the person came."""
    return Case.objects.visible_to(request.user, REGISTER).filter(number=request.GET.get("case", "")).first()


def _of_case(case):
    return {"cases": case.number, "items": [case.item_id]} if case else {}


def _answered(request):
    """The entry that is to be answered."""
    key = request.GET.get("answers", "")
    return Entry.objects.visible_to(request.user).filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None


def _of_answered(person, answered):
    """What an answer takes from the letter that it answers."""
    if answered is None:
        return {}
    return {
        "direction": Direction.OUT if answered.is_incoming else Direction.IN,
        "counterpart": answered.counterpart,
        "subject": _("复：%(subject)s") % {"subject": answered.subject},
        "replies_to": answered.number,
        "items": [item.pk for item in answered.items.all()],
        "cases": " ".join(link.case.number for link in queries.links_of(answered, person)),
    }


# -- from a mail -------------------------------------------------------------------------------------------------------------------------------------------


def _of_letter(person, found):
    """What the form takes from a mail. It came from others, unless its sender is at one of the office's own domains."""
    letter = found.letter if found else None
    if not letter:
        return {}
    is_ours = letter["from"][0][1].rpartition("@")[2].lower() in settings.OWN_MAIL_DOMAINS
    others = letter["to"] if is_ours else letter["from"]
    answered, sent = queries.answered_by(person, letter["references"]), _sent_at(found)
    return {
        "direction": Direction.OUT if is_ours else Direction.IN,
        "counterpart": "、".join(name or address for name, address in others)[:200],
        "subject": letter["subject"] or _("（无主题）"),
        "summary": letter["text"][:SUMMARY],
        "medium": queries.medium_of_mails(),
        **({"replies_to": answered.number} if answered else {}),
        **({"dated_on": sent.date(), "exchanged_on": min(timezone.localdate(sent), timezone.localdate())} if sent else {}),
    }


def _sent_at(found):
    """When the mail says that it was sent, in the time zone that it names."""
    told = found.letter["date"] if found and found.letter else ""
    return datetime.fromisoformat(told) if told else None


@registrar
@require_http_methods(["GET", "HEAD", "POST"])
def mail_upload(request):
    case = _case_of(request)
    form = MailForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            with telling_of_room():
                found = incoming.take_mail(form.cleaned_data["mail"], by=request.user, request=request)
        except RefusedFileError as refusal:
            form.add_error("mail", str(refusal))
        except NoRoomError as refusal:
            form.add_error(None, str(refusal))
        else:
            query = {"incoming": found.pk} | ({"case": case.number} if case else {})
            return redirect(f"{reverse('correspondence:entry-create')}?{urlencode(query)}")
    return render(request, "correspondence/mail_upload.html", {"form": form, "case": case})


# -- the registers of the years ----------------------------------------------------------------------------------------------------------------------------


@printer
@require_safe
def register_list(request):
    rows = [(row, Direction(row["direction"]).label, volumes_of(row["total"])) for row in queries.years()]
    return render(request, "correspondence/register_list.html", {"rows": rows})


@printer
@require_GET
def register_print(request, year, direction, volume):
    if direction not in Direction.values:
        raise Http404
    name = f"{year}年度{TITLES[Direction(direction)]}"
    try:
        body = register_pdf(year, direction, volume, request.user, timezone.now())
    except PrintRefusedError as refusal:
        return render(request, "correspondence/print_refused.html", {"name": name, "refusal": str(refusal)}, status=422)
    if body is None:
        raise Http404
    with acting(request.user, request):
        record("letter.print", "correspondence.register", year=year, direction=direction, volume=volume)
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=f"{name}.pdf") or "inline"
    response["Cache-Control"] = "private, no-store"
    return response
