"""The background brief of an organisation: on paper at once, as a Word document from the worker."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.audit import acting, record
from cases.access import right_required
from core.printing import PrintRefusedError
from jobs.actions import ask

from .brief import brief_pdf, printable
from .jobs import BRIEF

reader = right_required("contacts.view_contact")


@reader
@require_GET
def organisation_brief(request, pk):
    organisation = get_object_or_404(printable(request.user), pk=pk)
    try:
        body = brief_pdf(organisation, request.user, timezone.now())
    except PrintRefusedError as refusal:
        return render(request, "contacts/print_refused.html", {"refusal": str(refusal)}, status=422)
    with acting(request.user, request):
        record("organisation.brief", organisation, name=organisation.name, format="pdf")
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=f"背景资料 {organisation.name}.pdf") or "inline"
    response["Cache-Control"] = "private, no-store"
    return response


@reader
@require_POST
def organisation_brief_word(request, pk):
    organisation = get_object_or_404(printable(request.user), pk=pk)
    title = _("背景资料：%(name)s（Word）") % {"name": organisation.name}
    return redirect(ask(BRIEF.name, parameters={"organisation": organisation.pk}, title=title, by=request.user, request=request))
