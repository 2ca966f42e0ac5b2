"""合并: choosing and looking before two records become one, what was merged, and undoing it."""

from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused
from cases.access import right_required
from core.paging import Key, paged

from . import merging
from .likeness import MODELS
from .merge_forms import MergeForm
from .models import Merge
from .models.parts import sees_the_book

reader = right_required("contacts.view_contact")
keeper = right_required("contacts.change_contact")

NEWEST = Key("pk", descending=True)


@keeper
@require_http_methods(["GET", "HEAD", "POST"])
def merge_create(request, kind, first, second):
    """Choose, look at what comes of it, and merge: `step` says which of these the form is sent for."""
    pair = _pair_or_404(request, kind, first, second)
    form, parts, status = MergeForm(request.POST or None, *pair), None, 200
    if form.is_valid():
        parts = merging.preview(form.survivor, form.loser)
    if parts is not None and request.POST.get("step") == "merge":
        try:
            made = merging.merge(
                *pair, survivor=form.cleaned_data["survivor"], choices=form.choices, versions=_versions(request), by=request.user, request=request
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
            parts, status = None, 409
        else:
            messages.success(request, _("已合并到“%(name)s”。") % {"name": form.survivor})
            return redirect(made)
    if request.POST.get("step") == "choose":
        parts = None
    return render(request, "contacts/merge_form.html", {"form": form, "pair": pair, "kind": kind, "parts": parts}, status=status)


def _pair_or_404(request, kind, first, second):
    if kind not in MODELS or first == second:
        raise Http404
    model = MODELS[kind]
    named = [field.name for field in merging.fields_of(model) if field.is_relation]
    found = model.objects.visible_to(request.user).current().select_related(*named)
    return [get_object_or_404(found, pk=pk) for pk in (first, second)]


def _versions(request):
    told = [request.POST.get(name, "") for name in ("first_version", "second_version")]
    return tuple(int(version) if version.isdecimal() and len(version) < 10 else 0 for version in told)


# -- what was merged ---------------------------------------------------------------------------------------------------------------------------------------


@reader
@require_safe
def merge_list(request):
    merges = Merge.objects.select_related("made_by", "undone_by")
    page = paged(merges if sees_the_book(request.user) else merges.none(), NEWEST, request.GET)
    wanted = {kind: {pk for row in page.rows if row.kind == kind for pk in (row.survivor, row.loser)} for kind in MODELS}
    found = {kind: MODELS[kind].objects.in_bulk(pks) for kind, pks in wanted.items()}
    lines = [(row, found[row.kind][row.loser], found[row.kind][row.survivor]) for row in page.rows]
    return render(request, "contacts/merge_list.html", {"page": page, "lines": lines})


@reader
@require_safe
def merge_detail(request, merge):
    return render(request, "contacts/merge_detail.html", _context(_merge_or_404(request, merge)))


def _context(merge):
    model = MODELS[merge.kind]
    fields = [(field, merge.fields[field.name]) for field in merging.fields_of(model) if field.name in merge.fields]
    return {
        "merge": merge,
        "survivor": model.objects.get(pk=merge.survivor),
        "loser": model.objects.get(pk=merge.loser),
        "fields": [(field.verbose_name, *(_shown(field, value) for value in values)) for field, values in fields],
        "moved": merging.told(model, merge.moved),
        "stayed": merging.told(model, merge.stayed),
        "left": merging.told(model, merge.left),
    }


def _shown(field, value):
    """A kept value in words: of a reference, what it names."""
    if field.is_relation and value is not None:
        return str(field.related_model._base_manager.filter(pk=value).first() or value)
    return str(dict(field.flatchoices).get(value, value)) if value not in {None, ""} else _("（空）")


def _merge_or_404(request, pk):
    if not sees_the_book(request.user):
        raise Http404
    return get_object_or_404(Merge.objects.select_related("made_by", "undone_by"), pk=pk)


@keeper
@require_POST
def merge_undo(request, merge):
    merge = _merge_or_404(request, merge)
    try:
        merge = merging.undo(merge, by=request.user, request=request)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已撤销合并，有几处后来又有改动，保留现状，见下。") if merge.left else _("已撤销合并，字段和关联都已恢复。"))
    return redirect(merge)


def follow(model):
    """Around the page of a record of `model`: the address of one that was merged leads on to the one that it is part of now (`?merged=stay` stays)."""

    def wrap(view):
        @wraps(view)
        def following(request, pk):
            if request.method == "GET" and request.GET.get("merged") != "stay":
                row = model.objects.visible_to(request.user).filter(pk=pk, merged_into__isnull=False).first()
                if row:
                    messages.info(request, _("“%(name)s”已并入这条记录。") % {"name": row})
                    return redirect(merging.followed(row))
            return view(request, pk)

        return following

    return wrap
