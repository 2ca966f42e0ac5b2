"""Calendar feeds: each person's own addresses, shown once; the address that calendar programs read; one visit as a file."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused
from accounts.audit import acting, record
from core.forms import PortalHelper

from . import calendars
from .interaction_views import reader
from .models import CalendarFeed, Visit

ICS = "text/calendar; charset=utf-8"


class FeedForm(forms.ModelForm):
    """A new address: what it shows, and where it is used."""

    scope = forms.ChoiceField(label=gettext_lazy("范围"), choices=CalendarFeed.Scope.choices, widget=forms.RadioSelect)

    class Meta:
        model = CalendarFeed
        fields = ["scope", "label"]

    helper = PortalHelper()


@reader
@require_http_methods(["GET", "HEAD", "POST"])
def feed_list(request):
    form, address = FeedForm(request.POST if request.method == "POST" else None, initial={"scope": CalendarFeed.Scope.OWN}), ""
    if form.is_valid():
        try:
            _feed, token = calendars.make_feed(**form.cleaned_data, by=request.user, request=request)
        except Refused as refusal:
            form.add_error("label", str(refusal))
        else:
            address = request.build_absolute_uri(reverse("contacts:feed-read", args=[token]))
            form = FeedForm(initial={"scope": CalendarFeed.Scope.OWN})
    rows = CalendarFeed.objects.filter(person=request.user, revoked_at=None)
    response = render(request, "contacts/feed_list.html", {"form": form, "feeds": rows, "address": address})
    if address:
        response["Cache-Control"] = "private, no-store"
    return response


@reader
@require_POST
def feed_revoke(request, feed):
    found = get_object_or_404(CalendarFeed, pk=feed, person=request.user, revoked_at=None)
    calendars.revoke_feed(found, by=request.user, request=request)
    messages.success(request, _("已撤销，这个地址不能再用。"))
    return redirect("contacts:feed-list")


@login_not_required
@require_safe
def feed_read(request, token):
    """The address that a calendar program reads. What does not stand (any more) is absent, whatever the reason."""
    feed = calendars.feed_of(token)
    if feed is None:
        raise Http404
    calendars.note_reading(feed, request)
    response = HttpResponse(calendars.feed_calendar(feed, _base(request)), content_type=ICS)
    response["Cache-Control"] = "private, max-age=300"
    return response


@reader
@require_safe
def visit_calendar(request, pk):
    visit = get_object_or_404(Visit.objects.visible_to(request.user).select_related("asked", "thread__organisation"), pk=pk)
    with acting(request.user, request):
        record("visit.take", visit)
    response = HttpResponse(calendars.visit_calendar(visit, _base(request)), content_type=ICS)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{visit}.ics") or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


def _base(request):
    return f"{request.scheme}://{request.get_host()}"
