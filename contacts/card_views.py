"""vCards, labels and name cards of people in the book; what is taken out is audited. Cards come in as a batch (contacts.import_views)."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.audit import acting, record
from cases.access import right_required
from core.printing import PrintRefusedError

from . import book_queries as queries
from . import card_prints as prints
from . import vcards
from .book_filters import PersonFilterForm
from .lists import EXPORT
from .models import Person
from .models.parts import sees_the_book

MOST = 1_000  # people of one file of cards
MOST_PRINTED = 300  # of one print

reader, exporter = right_required("contacts.view_contact"), right_required(EXPORT)


def taker(view):
    """Let in whoever looks into the book and takes lists along."""
    return reader(exporter(view))


def _chosen(request):
    """The people that are asked for: one (`person`), or what the filter of the list leaves; those that this person may take along."""
    if not sees_the_book(request.user, EXPORT):
        raise Http404
    told = request.GET.get("person", "")
    if told:
        seen = Person.objects.visible_to(request.user, EXPORT)
        return seen.filter(pk=get_object_or_404(seen, pk=int(told) if told.isdecimal() and told.isascii() and len(told) < 19 else 0).pk)
    form = PersonFilterForm(request.GET, user=request.user)
    return form.rows().order_by(*form.key.ordering)


def _found(rows, most):
    """The people, one more than may be taken at once; where there is nobody, there is nothing to take."""
    people = list(rows[: most + 1])
    if not people:
        raise Http404
    return people


def _too_many(request, most):
    text = _("一次最多 %(most)d 人，请先筛选。") % {"most": most}
    return render(request, "contacts/print_refused.html", {"refusal": text}, status=422)


@taker
@require_GET
def card_export(request):
    version = request.GET.get("version") if request.GET.get("version") in vcards.VERSIONS else "3.0"
    people = _found(queries.with_points(queries.with_positions(_chosen(request))), MOST)
    if len(people) > MOST:
        return _too_many(request, MOST)
    with acting(request.user, request):
        record("contact.write_cards", _subject(people), count=len(people), version=version, filter=request.GET.urlencode())
    return _file(vcards.write(people, version).encode(), "text/vcard; charset=utf-8", f"{_name(people)}.vcf")


@taker
@require_GET
def label_print(request):
    return _print(request, "labels", _("地址标签"), lambda people: prints.labels_pdf(people))


@taker
@require_GET
def name_card_print(request):
    return _print(request, "name_cards", _("姓名牌"), prints.name_cards_pdf)


def _print(request, which, name, make):
    people = _found(queries.with_positions(_chosen(request), places=True), MOST_PRINTED)
    if len(people) > MOST_PRINTED:
        return _too_many(request, MOST_PRINTED)
    try:
        body = make(people)
    except PrintRefusedError as refusal:
        return render(request, "contacts/print_refused.html", {"refusal": str(refusal)}, status=422)
    with acting(request.user, request):
        record("contact.print", _subject(people), print=which, count=len(people), filter=request.GET.urlencode())
    return _file(body, "application/pdf", f"{name} {_name(people)}.pdf", is_shown=True)


def _subject(people):
    return people[0] if len(people) == 1 else "contacts.person"


def _name(people):
    return str(people[0]) if len(people) == 1 else f"{_('联系人')} {timezone.localdate()}"


def _file(body, media_type, name, *, is_shown=False):
    response = HttpResponse(body, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=not is_shown, filename=name) or "inline"
    response["Cache-Control"] = "private, no-store"
    return response
