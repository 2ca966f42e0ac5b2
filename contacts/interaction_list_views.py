"""The list of interactions, as a table or as a timeline; its print by body; the bodies that nobody talked to for so many days."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from accounts.audit import acting, record
from core.paging import Key, paged
from core.printing import PrintRefusedError
from lists.toolbar import toolbar

from .interaction_actions import logging_standing
from .interaction_filters import InteractionFilterForm, QuietFilterForm
from .interaction_lists import INTERACTIONS, QUIET
from .interaction_panel import for_lines, with_cases
from .interaction_printing import interactions_pdf
from .interaction_views import reader


@reader
@require_safe
def interaction_list(request):
    form = InteractionFilterForm(request.GET, user=request.user, today=timezone.localdate())
    found = paged(with_cases(form.interactions().select_related("thread__organisation__country"), request.user), form.key, request.GET)
    context = {
        "form": form,
        "page": found,
        "chips": form.chips(),
        "toolbar": toolbar(INTERACTIONS, request, sort=form.sort),
        "is_timeline": request.GET.get("look") == "timeline",
        "is_compact": request.GET.get("density", request.user.density) == request.user.Density.COMPACT,
        "may_log": logging_standing(request.user) is not None,
        "body": form.cleaned_data.get("organisation") if form.is_valid() else None,
    }
    return render(request, "contacts/interaction_list.html", context)


@reader
@require_safe
def interaction_print(request):
    form = InteractionFilterForm(request.GET, user=request.user, today=timezone.localdate())
    body = form.cleaned_data.get("organisation") if form.is_valid() else None
    if body is None:
        raise Http404
    name = f"与{body.name}的往来记录"
    try:
        pdf = interactions_pdf(body, for_lines(form.interactions()).order_by(*form.key.ordering), request.user, timezone.now())
    except PrintRefusedError as refusal:
        return render(request, "contacts/print_refused.html", {"refusal": str(refusal)}, status=422)
    with acting(request.user, request):
        record("interaction.print", body, filter=request.GET.urlencode())
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=f"{name}.pdf") or "inline"
    response["Cache-Control"] = "private, no-store"
    return response


@reader
@require_safe
def quiet_list(request):
    form = QuietFilterForm(request.GET, user=request.user, today=timezone.localdate())
    found = paged(form.bodies().select_related("country", "kind", "owner", "deputy"), Key("name"), request.GET)
    context = {
        "form": form,
        "page": found,
        "chips": form.chips(),
        "toolbar": toolbar(QUIET, request),
        "days": form.days_asked,
        "is_compact": request.GET.get("density", request.user.density) == request.user.Density.COMPACT,
        "may_log": logging_standing(request.user) is not None,
    }
    return render(request, "contacts/quiet_list.html", context)
