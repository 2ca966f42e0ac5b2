"""疑似重复: the report of records that may be one and the same, what is said while one types, and saying that two are not the same."""

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.access import right_required
from core.paging import Key, paged
from jobs.actions import ask
from jobs.models import Job

from . import likeness
from .jobs import DUPLICATES
from .models import Likeness
from .models.matches import Kind
from .models.parts import sees_the_book

reader = right_required("contacts.view_contact")
keeper = right_required("contacts.change_contact")

SCORE = Key("score", descending=True)


@reader
@require_safe
def duplicate_list(request):
    kind = request.GET.get("kind") if request.GET.get("kind") in Kind.values else Kind.CONTACT
    is_dismissed = request.GET.get("state") == "dismissed"
    page = paged(_pairs(request.user, kind, is_dismissed).select_related("dismissed_by"), SCORE, request.GET)
    runs = Job.objects.filter(kind__in=[DUPLICATES.name, f"{DUPLICATES.name}-daily"])
    context = {
        "page": page,
        "lines": _lines(kind, page.rows),
        "kind": kind,
        "kinds": Kind.choices,
        "is_dismissed": is_dismissed,
        "last": runs.filter(outcome=Job.Outcome.DONE).order_by("-pk").first(),
    }
    return render(request, "contacts/duplicate_list.html", context)


def _pairs(user, kind, is_dismissed=False):
    """The pairs of which both are in use."""
    model = likeness.MODELS[kind]
    pairs = Likeness.objects.filter(kind=kind, dismissed_at__isnull=not is_dismissed)
    if not sees_the_book(user):
        return pairs.none()
    return pairs.filter(*(Exists(model.objects.current().filter(pk=OuterRef(place))) for place in ("first", "second")))


def _lines(kind, pairs):
    """(pair, the older record and its posts, the newer one and its, why) of each pair."""
    records = likeness.MODELS[kind].objects.select_related("nationality" if kind == Kind.CONTACT else "country")
    if kind == Kind.CONTACT:
        records = records.prefetch_related("positions__organisation")
    found = records.in_bulk({pk for pair in pairs for pk in (pair.first, pair.second)})
    sides = {pk: (row, _posts(row) if kind == Kind.CONTACT else []) for pk, row in found.items()}
    return [(pair, sides[pair.first], sides[pair.second], [likeness.REASONS[reason] for reason in pair.reasons.split()]) for pair in pairs]


def _posts(person):
    return [str(position) for position in person.positions.all() if position.until_on is None]


@keeper
@require_POST
def duplicate_find(request):
    if not sees_the_book(request.user):
        raise Http404
    return redirect(ask(DUPLICATES.name, parameters={}, title=str(DUPLICATES.label), by=request.user, request=request))


@keeper
@require_POST
def duplicate_dismiss(request, pair):
    pair, first, second = _pair_or_404(request, pair)
    likeness.dismiss(first, second, by=request.user, request=request)
    messages.success(request, _("已记下：“%(first)s”和“%(second)s”不是同一个，不再提示。") % {"first": first, "second": second})
    return redirect(f"{reverse('contacts:duplicate-list')}?kind={pair.kind}")


@keeper
@require_POST
def duplicate_restore(request, pair):
    pair, _first, _second = _pair_or_404(request, pair)
    likeness.take_back(pair, by=request.user, request=request)
    return redirect(f"{reverse('contacts:duplicate-list')}?kind={pair.kind}&state=dismissed")


def _pair_or_404(request, pk):
    if not sees_the_book(request.user):
        raise Http404
    pair = get_object_or_404(Likeness, pk=pk)
    model = likeness.MODELS[pair.kind]
    return pair, model.objects.get(pk=pair.first), model.objects.get(pk=pair.second)


@keeper
@require_POST
def alike(request, kind):
    """What is like the record that is being typed in a form: the hint below its names. Changes nothing; it is asked by POST because of what is in it."""
    if kind not in Kind.values or not sees_the_book(request.user):
        raise Http404
    own = request.POST.get("pk", "")
    sought = likeness.typed(kind, request.POST, pk=int(own) if own.isdecimal() and len(own) < 19 else None)
    return render(request, "contacts/_alike.html", {"alike": likeness.alike(sought, by=request.user)})
