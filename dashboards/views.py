"""The leadership board, and its print."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_safe

from cases.access import case_worker
from core.printing import PrintRefusedError

from .board import Board
from .periods import period_of
from .printing import brief_pdf


@case_worker
@require_safe
def board(request):
    return render(request, "dashboards/board.html", {"board": _board(request)})


@case_worker
@require_GET
def brief(request):
    """The board as a PDF of one or two pages. It leaves no event: counts name nobody."""
    shown = _board(request)
    try:
        body = brief_pdf(shown)
    except PrintRefusedError as refusal:
        return render(request, "dashboards/brief_refused.html", {"refusal": str(refusal), "period": shown.period}, status=422)
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=f"统计简报 {shown.period.code}.pdf") or "inline"
    response["Cache-Control"] = "private, no-store"
    return response


def _board(request):
    now = timezone.now()
    return Board(request.user, period_of(request.GET.get("period", ""), timezone.localdate(now)), now)
