"""The pages of the book: organisations and people."""

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import Refused
from cases.access import right_required
from core.paging import paged
from lists.toolbar import first_address, toolbar

from . import book_actions as actions
from . import book_queries as queries
from . import likeness, panels
from .book_filters import OrganisationFilterForm, PersonFilterForm
from .book_forms import ReasonForm, organisation_sheet, person_sheet
from .lists import EXPORT, ORGANISATIONS, PEOPLE
from .models import Memorandum, Organisation, Person, Position
from .models.matches import Kind
from .models.parts import sees_the_book

CHANGE = "contacts.change_contact"
MADE_BY = ("made_by", "archived_by")

reader = right_required("contacts.view_contact")
keeper = right_required(CHANGE)
page = require_http_methods(["GET", "HEAD", "POST"])


# -- lists -------------------------------------------------------------------------------------------------------------------------------------------------


@reader
@require_safe
def organisation_list(request):
    return _list(request, ORGANISATIONS, OrganisationFilterForm(request.GET, user=request.user), "contacts/organisation_list.html")


@reader
@require_safe
def person_list(request):
    return _list(request, PEOPLE, PersonFilterForm(request.GET, user=request.user), "contacts/person_list.html")


def _list(request, kind, form, template):
    if address := first_address(kind, request):
        return redirect(address)
    bar = toolbar(kind, request, sort=form.sort)
    density = request.GET.get("density", request.user.density)
    context = {
        "form": form,
        "page": paged(kind.with_columns(form.rows(), bar.columns), form.key, request.GET, count=form.found.count()),
        "chips": form.chips(),
        "toolbar": bar,
        "may_change": sees_the_book(request.user, CHANGE),
        "may_export": sees_the_book(request.user, EXPORT),
        "is_compact": density == request.user.Density.COMPACT,
    }
    return render(request, template, context)


@reader
@require_safe
def organisation_suggest(request):
    """Names for the list that a browser offers while an organisation is typed."""
    found = queries.bodies_like(request.GET.get("q", ""), request.user)
    options = format_html_join("", '<option value="{}">{}</option>', ((body.numbered, str(body.country)) for body in found))
    return HttpResponse(options, headers={"Cache-Control": "private, no-store"})


# -- looking -----------------------------------------------------------------------------------------------------------------------------------------------


@reader
@require_safe
def organisation_detail(request, pk):
    organisation, person = _organisation_or_404(request, pk), request.user
    now, before = queries.staff_of(organisation, person)
    facts = panels.facts([row.person for row in now], person)
    today = timezone.localdate()
    addresses = list(organisation.addresses.all())
    context = {
        "organisation": organisation,
        "staff": [(row, [(fact.label, cells.get(row.person_id)) for fact, cells in facts]) for row in now],
        "labels": [fact.label for fact, _cells in facts],
        "before": before,
        "points": organisation.points.all(),
        "located": [row for row in addresses if row.until_on is None or row.until_on >= today],
        "earlier": [row for row in addresses if row.until_on and row.until_on < today],
        "children": Organisation.objects.visible_to(person).current().filter(parent=organisation)[:50],
        "tags": organisation.tags.all(),
        "panels": panels.panels(organisation, person),
        **_rights(request),
    }
    return render(request, "contacts/organisation_detail.html", context)


@reader
@require_safe
def person_detail(request, pk):
    contact, today = _person_or_404(request, pk), timezone.localdate()
    positions = list(contact.positions.all())
    context = {
        "contact": contact,
        "held": [row for row in positions if row.until_on is None or row.until_on >= today],
        "before": [row for row in positions if row.until_on and row.until_on < today],
        "points": contact.points.all(),
        "panels": panels.panels(contact, request.user),
        **_rights(request),
    }
    return render(request, "contacts/person_detail.html", context)


def _rights(request):
    return {"may_change": sees_the_book(request.user, CHANGE), "may_export": sees_the_book(request.user, EXPORT)}


def _organisation_or_404(request, pk, *rights):
    found = Organisation.objects.visible_to(request.user, *rights)
    return get_object_or_404(found.select_related("country", "kind", "parent", "relation", "owner", "deputy", "merged_into", *MADE_BY), pk=pk)


def _person_or_404(request, pk, *rights):
    positions = Prefetch("positions", Position.objects.select_related("organisation__country"))
    found = Person.objects.visible_to(request.user, *rights).select_related("nationality", "merged_into", *MADE_BY)
    return get_object_or_404(found.prefetch_related(positions), pk=pk)


# -- registering and changing ------------------------------------------------------------------------------------------------------------------------------


@keeper
@page
def organisation_create(request):
    _keep_out(request)
    made = Organisation()
    return _register(request, made, organisation_sheet(request.POST if request.method == "POST" else None, made, request.user), _organisation_page(None))


@keeper
@page
def person_create(request):
    _keep_out(request)
    made, told = Person(), request.GET.get("organisation", "")
    seen = Organisation.objects.visible_to(request.user).current()
    body = seen.filter(pk=int(told)).first() if told.isdecimal() and told.isascii() and len(told) < 19 else None
    sheet = person_sheet(request.POST if request.method == "POST" else None, made, request.user, body)
    return _register(request, made, sheet, _person_page(None))


def _keep_out(request):
    """Whoever keeps no contacts now finds nothing here."""
    if not sees_the_book(request.user, CHANGE):
        raise Http404


@keeper
@page
def organisation_edit(request, pk):
    stored, typed = (_organisation_or_404(request, pk, CHANGE) for _which in range(2))  # the form writes what was typed into its own
    sheet = organisation_sheet(request.POST if request.method == "POST" else None, typed, request.user)
    return _change(request, stored, sheet, _organisation_page(stored))


@keeper
@page
def person_edit(request, pk):
    stored, typed = (_person_or_404(request, pk, CHANGE) for _which in range(2))
    sheet = person_sheet(request.POST if request.method == "POST" else None, typed, request.user)
    return _change(request, stored, sheet, _person_page(stored))


def _organisation_page(stored):
    return "contacts/organisation_form.html", {"organisation": stored, "kind": Kind.ORGANISATION}


def _person_page(stored):
    return "contacts/person_form.html", {"contact": stored, "kind": Kind.CONTACT}


def _register(request, made, sheet, shown):
    template, context = shown
    found = likeness.alike(likeness.typed(context["kind"], request.POST), by=request.user) if sheet.is_valid() else []
    is_asked = any(hit.is_likely or hit.is_namesake for hit in found) and "sure" not in request.POST
    if sheet.is_valid() and not is_asked:
        rows = {part: rows.typed for part, rows in sheet.parts.items()}
        actions.register(made, sheet.main.cleaned_data, rows, by=request.user, request=request)
        messages.success(request, _("已登记%(name)s。") % {"name": made})
        return redirect(made)
    return render(request, template, context | {"form": sheet, "alike": found, "is_asked": is_asked})


def _change(request, stored, sheet, shown):
    (template, context), status, version = shown, 200, _version(request) if request.method == "POST" else stored.version
    if sheet.is_valid():
        rows, gone = {part: rows.typed for part, rows in sheet.parts.items()}, {part: rows.gone for part, rows in sheet.parts.items()}
        try:
            actions.change(stored, sheet.main.cleaned_data, rows, gone, version=version, by=request.user, request=request)
        except actions.ChangedMeanwhileError as refusal:
            sheet.refuse(str(refusal))
            status, version = 409, stored.version
        except Refused as refusal:
            sheet.refuse(str(refusal))
        else:
            messages.success(request, _("已修改。"))
            return redirect(stored)
    return render(request, template, context | {"form": sheet, "version": version, "is_changed": status == 409}, status=status)


def _version(request):
    told = request.POST.get("version", "")
    return int(told) if told.isdecimal() and told.isascii() and len(told) < 10 else 0


# -- archiving ---------------------------------------------------------------------------------------------------------------------------------------------


@keeper
@page
def organisation_archive(request, pk):
    return _end(request, _organisation_or_404(request, pk, CHANGE))


@keeper
@page
def person_archive(request, pk):
    return _end(request, _person_or_404(request, pk, CHANGE))


def _end(request, stored):
    """Archive what is in use, restore what is archived: asked for with a reason."""
    act, label = (actions.restore, _("恢复")) if stored.is_archived else (actions.archive, _("归档"))
    form, status = ReasonForm(request.POST if request.method == "POST" else None), 200
    if form.is_valid():
        try:
            act(stored, reason=form.cleaned_data["reason"], version=_version(request), by=request.user, request=request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            status = 409
        else:
            messages.success(request, _("已办理：%(label)s。") % {"label": label})
            return redirect(stored)
    is_organisation, memoranda = isinstance(stored, Organisation), Memorandum.objects.none()
    if is_organisation:
        signed = Memorandum.objects.visible_to(request.user).filter(parties__organisation=stored.pk, parties__removed_at=None)
        memoranda = signed.in_force(timezone.localdate()).select_related("case").distinct()
    context = {
        "stored": stored,
        "form": form,
        "label": label,
        "is_organisation": is_organisation,
        "memoranda": memoranda,
    }
    return render(request, "contacts/archive_form.html", context, status=status)
