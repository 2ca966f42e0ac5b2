"""发文登记簿: the list with its filters, and the prints by year and by month."""

from typing import Any

from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from accounts.audit import acting, record
from cases.access import right_required
from core.paging import paged
from core.printing import PrintRefusedError
from correspondence.printing import volumes_of
from lists.toolbar import toolbar

from .letter_views import pdf_answer
from .lists import LETTERS
from .models import InvitationLetter
from .register_forms import RegisterFilterForm
from .register_printing import register_pdf, title_of
from .register_queries import VIEW, months

reader = right_required(VIEW)


@reader
@require_safe
def register(request):
    today = timezone.localdate()
    form = RegisterFilterForm(request.GET, user=request.user, today=today)
    bar = toolbar(LETTERS, request, sort=form.sort)
    found = paged(LETTERS.with_columns(form.letters(), bar.columns), form.key, request.GET)
    context = {
        "form": form,
        "page": found,
        "lines": [(letter, InvitationLetter.State(letter.state_on(today))) for letter in found.rows],
        "chips": form.chips(),
        "toolbar": bar,
    }
    return render(request, "invitations/register.html", context)


@reader
@require_safe
def register_years(request):
    """How many letters went out in each month, and what can be printed."""
    years: dict[int, list[dict[str, Any]]] = {}
    for row in months():
        years.setdefault(row["year"], []).append(row | {"volumes": volumes_of(row["total"])})
    rows = [(year, sum(row["total"] for row in of_year), of_year) for year, of_year in years.items()]
    return render(request, "invitations/register_years.html", {"rows": [(year, total, of_year, volumes_of(total)) for year, total, of_year in rows]})


@reader
@require_GET
def register_print(request, year, volume, month=None):
    try:
        body = register_pdf(year, month, volume, request.user, timezone.now())
    except PrintRefusedError as refusal:
        return render(request, "invitations/register_refused.html", {"name": title_of(year, month), "refusal": str(refusal)}, status=422)
    if body is None:
        raise Http404
    with acting(request.user, request):
        record("invitation.print", "invitations.register", year=year, month=month, volume=volume)
    return pdf_answer(body, f"{title_of(year, month)}.pdf")
