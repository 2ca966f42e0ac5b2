"""The pages of the book: organisations, people, countries."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from cases.access import right_required

from .models import Country, Organisation, Person
from .models.parts import sees_the_book

reader = right_required("contacts.view_contact")


@reader
@require_safe
def organisation_detail(request, pk):
    found = Organisation.objects.visible_to(request.user).select_related("country", "kind")
    return render(request, "contacts/organisation_detail.html", {"organisation": get_object_or_404(found, pk=pk)})


@reader
@require_safe
def person_detail(request, pk):
    found = Person.objects.visible_to(request.user).select_related("nationality")
    return render(request, "contacts/person_detail.html", {"contact": get_object_or_404(found, pk=pk)})


@reader
@require_safe
def country_detail(request, country):
    if not sees_the_book(request.user):
        raise Http404
    return render(request, "contacts/country_detail.html", {"country": get_object_or_404(Country, code=country)})
