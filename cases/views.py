"""Daily work."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from duties.models import ListEdition, ListEntry


@require_safe
def today(request):
    """The start page of everybody who is signed in."""
    entries = ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED).select_related("item", "sheet")
    context = {"day": timezone.localdate(), "entries": entries, "roles": request.user.held_roles}
    return render(request, "cases/today.html", context)
