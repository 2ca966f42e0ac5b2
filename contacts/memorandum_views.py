"""The pages of memoranda beside those of their cases: the list, the comparison of two texts, the prints."""

import logging

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accounts.audit import acting, record
from cases import process
from cases.access import case_or_404, case_worker, right_required
from cases.models import Case
from cases.process import BlockedError, ConflictError, InvalidError
from cases.standing import standings_of
from core.files import LostFileError
from core.inspection import RefusedFileError
from core.paging import paged
from core.printing import PrintRefusedError
from lists.toolbar import first_address, toolbar

from . import memorandum_acts as acts
from . import memorandum_queries as queries
from .memorandum_filters import MemorandumFilterForm
from .memorandum_forms import TextCheckForm
from .memorandum_lists import MEMORANDA
from .memorandum_printing import printable, register_pdf, sheet_pdf
from .memorandum_process import ITEM
from .memorandum_texts import differences_of, pair_of, texts_in_force, words_in
from .models import Memorandum, MemorandumText

logger = logging.getLogger(__name__)
reader = right_required("cases.read_documents")


# -- the list ----------------------------------------------------------------------------------------------------------------------------------------------


@case_worker
@require_safe
def memorandum_list(request):
    if address := first_address(MEMORANDA, request):
        return redirect(address)
    day = timezone.localdate()
    form = MemorandumFilterForm(request.GET, user=request.user, today=day)
    bar = toolbar(MEMORANDA, request, sort=form.sort)
    page = paged(MEMORANDA.with_columns(form.memoranda(), bar.columns), form.key, request.GET)
    days = queries.alert_days()
    density = request.GET.get("density", request.user.density)
    years = Memorandum.objects.visible_to(request.user).filter(signed_on__isnull=False).dates("signed_on", "year", order="DESC")
    context = {
        "form": form,
        "page": page,
        "toolbar": bar,
        "lines": [(memorandum, queries.state_of(memorandum, day, days)) for memorandum in page.rows],
        "chips": form.chips(),
        "is_compact": density == request.user.Density.COMPACT,
        "may_open": any("cases.handle_case" in standing.permissions and ITEM in standing.items for standing in standings_of(request.user)),
        "years": [f"{day.year}" for day in years],
    }
    return render(request, "contacts/memorandum_list.html", context)


# -- two texts side by side --------------------------------------------------------------------------------------------------------------------------------


@reader
@require_http_methods(["GET", "HEAD", "POST"])
def memorandum_compare(request, number):
    """What differs between the Chinese and the English text in force; the handler notes what they say to it."""
    case = case_or_404(request.user, number)
    memorandum = get_object_or_404(Memorandum.objects.visible_to(request.user, "cases.read_documents"), case=case)
    pair = pair_of(texts_in_force(case, memorandum))
    if pair is None:
        raise Http404
    words, unread = _read(pair)
    offer = _offer(case, request.user, memorandum) if not unread else None
    if request.method == "POST":
        return _note(request, case, pair, words) if offer else _not_now(request, case)
    context = {
        "case": case,
        "pair": pair,
        "unread": unread,
        "differences": [] if unread else differences_of(memorandum, *words),
        "words": [] if unread else list(zip(pair, words, strict=True)),
        "check": memorandum.checks.filter(chinese=pair[0], english=pair[1]).select_related("made_by").first(),
        "form": TextCheckForm(turn=offer.turn) if offer else None,
    }
    return render(request, "contacts/memorandum_compare.html", context)


def _read(pair):
    """The words of both texts, and those of them that cannot be read: a scan, a file of another kind, one that is lost."""
    words, unread = [], []
    for text in pair:
        try:
            said = words_in(text)
        except (LostFileError, RefusedFileError):
            logger.warning("The words of document %s could not be read.", text.document_id)
            said = None
        words.append(said or "")
        if not (said or "").strip():
            unread.append(text)
    return words, unread


def _offer(case, person, memorandum):
    """The act that notes a comparison, for whoever may change the memorandum now."""
    step = acts.step_of_preparing(case, memorandum)
    return process.find_on(case, person, acts.CHECK_TEXTS, step, memorandum) if step else None


def _note(request, case, pair, words):
    """Keep the words first, outside of the engine: reading files takes its time."""
    for text, said in zip(pair, words, strict=True):
        MemorandumText.objects.filter(pk=text.pk, words=None).update(words=said)
    version = request.POST.get("version", "")
    step = next(step for step in case.own_steps if step.stage in acts.PREPARED_IN and step.is_open)
    try:
        process.perform(
            case,
            acts.CHECK_TEXTS.name,
            by=request.user,
            version=int(version) if version.isdecimal() and len(version) < 10 else 0,
            target=process.key_of(step),
            data=request.POST,
            request=request,
        )
    except InvalidError as error:
        messages.error(request, "；".join(str(line) for lines in error.form.errors.values() for line in lines))
        return redirect("contacts:memorandum-compare", number=case.number)
    except (BlockedError, ConflictError) as error:
        messages.error(request, str(error))
        return redirect("contacts:memorandum-compare", number=case.number)
    messages.success(request, _("已登记双语核对。"))
    return redirect(case)


def _not_now(request, case):
    messages.error(request, _("备忘录现在不能改动，没有登记。"))
    return redirect(case)


# -- prints ------------------------------------------------------------------------------------------------------------------------------------------------


@case_worker
@require_GET
def memorandum_print(request, number):
    case = get_object_or_404(Case.objects.visible_to(request.user), number=number)
    memorandum = get_object_or_404(printable(request.user), case=case)
    return _printed(request, f"备忘录摘要 {number}", memorandum, "sheet", lambda at: sheet_pdf(memorandum, request.user, at))


@case_worker
@require_GET
def memorandum_register(request, year):
    return _printed(request, f"{year}年度备忘录登记簿", "contacts.memoranda", f"register:{year}", lambda at: register_pdf(request.user, year, at))


def _printed(request, name, subject, which, make):
    """The PDF, audited; or the page that says why there is none."""
    try:
        body = make(timezone.now())
    except PrintRefusedError as refusal:
        return render(request, "contacts/memorandum_print_refused.html", {"name": name, "refusal": str(refusal)}, status=422)
    if body is None:
        raise Http404
    with acting(request.user, request):
        record("memorandum.print", subject, print=which)
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=f"{name}.pdf") or "inline"
    response["Cache-Control"] = "private, no-store"
    return response
