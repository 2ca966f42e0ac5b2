"""The page on which several cases of the list are given to another person."""

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from . import reassigning
from .access import right_required
from .forms import ReassignForm


@right_required("cases.assign_case")
@require_http_methods(["GET", "HEAD", "POST"])
def case_reassign(request):
    """The cases that were ticked, to whom and why; sent, what became of each."""
    is_sent = request.method == "POST"
    picks = reassigning.picked((request.POST if is_sent else request.GET).getlist("case"), request.user)
    people = reassigning.candidates(picks)
    form = ReassignForm(request.POST if is_sent and picks else None, people=people)
    context = {"form": form, "picks": picks, "most": reassigning.MOST, "has_people": bool(picks) and people.exists(), "back": reverse("cases:case-list")}
    if form.is_valid():
        wanted = {"to": str(form.cleaned_data["to"].pk), "reason": form.cleaned_data["reason"]}
        results = reassigning.reassign(picks, data=wanted, by=request.user, request=request)
        done, left = [row for row in results if not row.reason], [row for row in results if row.reason]
        return render(request, "cases/case_reassigned.html", context | {"done": done, "left": left, "to": form.cleaned_data["to"]})
    return render(request, "cases/case_reassign.html", context)
