"""Prints of an application. Who may not see the case finds nothing; each print is audited; what cannot be printed says why."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from cases.access import case_worker
from cases.print_views import answer_print
from cases.printing import printable

from .application_printing import approval_sheet_pdf, receipt_pdf, roster_pdf
from .scope import ITEM

RECEIPT, SHEET, ROSTER = gettext_noop("接件回执"), gettext_noop("审签单"), gettext_noop("名单")


def _case_or_404(request, number):
    return get_object_or_404(printable(request.user).filter(item=ITEM), number=number)


@case_worker
@require_GET
def application_receipt(request, number):
    case = _case_or_404(request, number)
    return answer_print(request, case, "receipt", RECEIPT, lambda at: receipt_pdf(case, request.user, at))


@case_worker
@require_GET
def application_approval(request, number):
    case = _case_or_404(request, number)
    return answer_print(request, case, "approval_sheet", SHEET, lambda at: approval_sheet_pdf(case, request.user, at))


@case_worker
@require_GET
def application_roster(request, number):
    case = _case_or_404(request, number)
    return answer_print(request, case, "roster", ROSTER, lambda at: roster_pdf(case, request.user, at))
