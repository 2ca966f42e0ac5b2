"""The pages of countries: whom we know there, what was exchanged, what to mind."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import Refused
from cases.access import right_required

from . import book_actions as actions
from . import book_queries as queries
from . import network, panels
from .country_forms import CountryForm
from .models import Country
from .models.parts import sees_the_book

CHANGE = "contacts.change_contact"
SHOWN = 50  # rows of a table on the page of a country; the rest stands in the list

reader = right_required("contacts.view_contact")
keeper = right_required(CHANGE)
page = require_http_methods(["GET", "HEAD", "POST"])


@reader
@require_safe
def country_list(request):
    """国际联络图: the countries with which there is anything, with their figures and ranked bars; and the way to all others."""
    if not sees_the_book(request.user):
        raise Http404
    return render(request, "contacts/country_list.html", {"network": network.of(request.user)})


@reader
@require_safe
def country_detail(request, country):
    found, person = _country_or_404(request, country), request.user
    organisations = queries.organisations_of(found, person).select_related("kind").order_by("sorting", "pk")
    people = queries.with_positions(queries.people_of(found, person)).order_by("sorting", "pk")
    context = {
        "country": found,
        "organisations": queries.with_staff(organisations)[:SHOWN],
        "people": people[:SHOWN],
        "figures": network.figures_of(found, person),
        "panels": panels.panels(found, person),
        "may_change": sees_the_book(person, CHANGE),
        "shown": SHOWN,
    }
    return render(request, "contacts/country_detail.html", context)


@keeper
@page
def country_edit(request, country):
    stored, typed = (_country_or_404(request, country, CHANGE) for _which in range(2))
    form, status = CountryForm(request.POST if request.method == "POST" else None, instance=typed, stored=stored), 200
    if form.is_valid():
        try:
            actions.change_country(stored, form.wanted, seen=form.cleaned_data["seen"], by=request.user, request=request)
        except Refused as refusal:
            form.show_again(stored)
            form.add_error(None, str(refusal))
            status = 409
        else:
            messages.success(request, _("已修改。"))
            return redirect(stored)
    context = {"form": form, "country": stored, "is_changed": status == 409}
    return render(request, "contacts/country_form.html", context, status=status)


def _country_or_404(request, code, *rights):
    if not sees_the_book(request.user, *rights):
        raise Http404
    return get_object_or_404(Country, code=code)
