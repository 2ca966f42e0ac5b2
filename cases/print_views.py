"""Prints of a case. Who may not see the case finds nothing; each print is audited; what cannot be printed says why."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET

from accounts.audit import acting, record
from core.printing import PrintRefusedError

from .access import case_worker
from .printing import file_pdf, form_pdf, notice_pdf, printable

FORM, NOTICE, FILE = gettext_noop("办理单"), gettext_noop("一次性告知书"), gettext_noop("案卷")


@case_worker
@require_GET
def case_form(request, number):
    case = get_object_or_404(printable(request.user), number=number)
    return answer_print(request, case, "form", FORM, lambda at: form_pdf(case, request.user, at))


@case_worker
@require_GET
def hold_notice(request, number, pk):
    case = get_object_or_404(printable(request.user), number=number)
    hold = next((hold for hold in case.holds.all() if hold.pk == pk and hold.gaps), None)
    if hold is None:
        raise Http404
    return answer_print(request, case, f"notice:{pk}", NOTICE, lambda at: notice_pdf(case, hold, request.user, at))


@case_worker
@require_GET
def case_file(request, number):
    case = get_object_or_404(printable(request.user), number=number)
    return answer_print(request, case, "file", FILE, lambda at: file_pdf(case, request.user, at))


def answer_print(request, case, which, name, make):
    """The PDF, audited; or the page that says why there is none."""
    try:
        body = make(timezone.now())
    except PrintRefusedError as refusal:
        context = {"case": case, "name": gettext(name), "refusal": str(refusal), "is_file": which == "file"}
        return render(request, "cases/print_refused.html", context, status=422)
    with acting(request.user, request):
        record("case.print", case, number=case.number, print=which)
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=f"{name} {case.number}.pdf") or "inline"
    response["Cache-Control"] = "private, no-store"
    return response
