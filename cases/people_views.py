"""Who stands in for whom, and one's own frequent phrases."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused

from . import people_actions as actions
from . import queries
from .access import case_worker
from .models import Phrase, Substitution
from .people_forms import PhraseForm, SubstitutionForm

page = require_http_methods(["GET", "HEAD", "POST"])


@case_worker
@require_safe
def substitution_list(request):
    rows = list(queries.substitutions_of(request.user)[:100])
    given = [row for row in rows if row.person_id == request.user.pk]
    context = {"day": timezone.localdate(), "given": given, "taken": [row for row in rows if row not in given]}
    return render(request, "cases/substitution_list.html", context)


@case_worker
@page
def substitution_create(request):
    form = SubstitutionForm(request.POST if request.method == "POST" else None, person=request.user, today=timezone.localdate())
    if form.is_valid():
        try:
            made = actions.substitute(person=request.user, **form.cleaned_data, request=request)
        except Refused as refusal:
            form.add_error("from_on", str(refusal))
        else:
            messages.success(request, _("已委托%(name)s代办。") % {"name": made.substitute.name})
            return redirect("cases:substitution-list")
    return render(request, "cases/substitution_form.html", {"form": form})


@case_worker
@require_POST
def substitution_revoke(request, pk):
    actions.revoke(get_object_or_404(Substitution, pk=pk, person=request.user), by=request.user, request=request)
    messages.success(request, _("已撤销委托。"))
    return redirect("cases:substitution-list")


@case_worker
@page
def phrase_list(request):
    form = PhraseForm(request.POST if request.method == "POST" else None, instance=Phrase(person=request.user))
    if form.is_valid():
        actions.add_phrase(form.instance, by=request.user, request=request)
        messages.success(request, _("已添加常用意见。"))
        return redirect("cases:phrase-list")
    return render(request, "cases/phrase_list.html", {"form": form, "phrases": Phrase.objects.filter(person=request.user)})


@case_worker
@require_POST
def phrase_delete(request, pk):
    actions.drop_phrase(get_object_or_404(Phrase, pk=pk, person=request.user), by=request.user, request=request)
    messages.success(request, _("已删除常用意见。"))
    return redirect("cases:phrase-list")
