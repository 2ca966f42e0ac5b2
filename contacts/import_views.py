"""导入联系人: the file, its columns, what the check says, correcting and choosing, the import and its undoing."""

import io

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused
from cases.access import right_required
from cases.documents import telling_of_room
from core.inspection import RefusedFileError
from core.paging import Key, paged
from core.spreadsheets import XLSX, write_xlsx
from jobs.queries import refresh_seconds

from . import import_acts as acts
from .import_columns import BY_NAME, COLUMNS
from .import_forms import MappingForm, RowForm, UploadForm
from .likeness import REASONS
from .models import ImportBatch, ImportRow, Person
from .models.parts import sees_the_book

page = require_http_methods(["GET", "HEAD", "POST"])
keeper = right_required("contacts.change_contact")

NEWEST, BY_NUMBER = Key("pk", descending=True), Key("number")
CHOICES = {"problems": (ImportRow.Choice.SKIP,), "alike": tuple(ImportRow.Choice)}


def _batches(user):
    return (
        ImportBatch.objects.select_related("made_by", "imported_by", "undone_by", "job", "country", "kind")
        if sees_the_book(user)
        else ImportBatch.objects.none()
    )


def _batch_or_404(request, pk):
    return get_object_or_404(_batches(request.user), pk=pk)


# -- the file ----------------------------------------------------------------------------------------------------------------------------------------------


@keeper
@require_safe
def import_list(request):
    return render(request, "contacts/import_list.html", {"page": paged(_batches(request.user), NEWEST, request.GET)})


@keeper
@page
def import_create(request):
    if not sees_the_book(request.user):
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            with telling_of_room():
                return redirect(acts.take(form.cleaned_data["table"], by=request.user, request=request))
        except (RefusedFileError, Refused) as refusal:
            form.add_error("table", str(refusal))
    return render(request, "contacts/import_create.html", {"form": form})


@keeper
@require_safe
def import_template(request):
    """An empty workbook with the columns that are known, and one row to show how they are filled in."""
    out = io.BytesIO()
    write_xlsx(out, [str(column.label) for column in COLUMNS], [[column.example for column in COLUMNS]], title=_("联系人"))
    return _workbook(out, _("联系人导入模板"))


def _workbook(out, name):
    response = HttpResponse(out.getvalue(), content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{_quoted(name)}.xlsx"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _quoted(name):
    return "".join(f"%{byte:02X}" for byte in name.encode())


# -- one batch ---------------------------------------------------------------------------------------------------------------------------------------------


@keeper
@require_safe
def import_detail(request, batch):
    return _detail(request, _batch_or_404(request, batch))


def _detail(request, batch, *, form=None, refusal="", status=200):
    told = batch.told.all()
    rows = paged(told, BY_NUMBER, request.GET)
    open_rows = [row for row in told.only("batch", "problems", "alike", "twin", "choice") if row.is_open] if batch.state == ImportBatch.State.CHECKED else []
    context = {
        "batch": batch,
        "job": batch.job,
        "seconds": refresh_seconds([batch.job]) if batch.job else 0,
        "form": form or (None if batch.is_working or batch.imported_at else MappingForm(None, batch)),
        "is_mapping": form is not None or not batch.checked_at,
        "refusal": refusal,
        "page": rows,
        "lines": _lines(rows.rows),
        "faulty": sum(bool(row.problems) for row in open_rows),
        "doubtful": sum(not row.problems for row in open_rows),
        "made": {model: sum(last - first + 1 for first, last in runs) for model, runs in batch.made.items()},
        "changed": told.filter(target__isnull=False).exclude(changes={}).count() if batch.imported_at else 0,
        "left": _left(batch),
    }
    return render(request, "contacts/import_detail.html", context, status=status)


def _lines(rows):
    """(row, what stands in it, what is wrong, whom it may be) of each row."""
    people = Person.objects.in_bulk({pk for row in rows for pk, _reasons in row.alike})
    return [
        (
            row,
            " · ".join(row.cells[column.name] for column in COLUMNS if row.cells.get(column.name))[:120],
            [(BY_NAME[name].label, sentence) for name, sentence in row.problems.items()],
            [(people[pk], "、".join(str(REASONS[reason]) for reason in reasons)) for pk, reasons in row.alike if pk in people],
        )
        for row in rows
    ]


def _left(batch):
    """What undoing left as it was: (what, how many) in words."""
    words = {"person": _("后来又有改动或往来的联系人"), "organisation": _("后来又有改动或在用的机构"), "fields": _("后来又改过的栏目所在的联系人")}
    kinds = [entry[0] for entry in batch.left]
    return [(words[kind], kinds.count(kind)) for kind in words if kind in kinds]


def _act(request, batch, act, done=""):
    """Do something with a batch, and show it again with what was refused, if anything was."""
    try:
        act(batch)
    except Refused as refusal:
        return _detail(request, batch, refusal=str(refusal), status=409)
    if done:
        messages.success(request, done)
    return redirect(batch)


@keeper
@page
def import_map(request, batch):
    batch = _batch_or_404(request, batch)
    if batch.is_working or batch.imported_at:
        return redirect(batch)
    form = MappingForm(request.POST or None, batch)
    if not form.is_valid():
        return _detail(request, batch, form=form)
    values = {"country": form.cleaned_data["country"], "kind": form.cleaned_data["kind"]}
    return _act(request, batch, lambda batch: acts.map_columns(batch, form.mapping, **values, by=request.user, request=request))


@keeper
@require_POST
def import_choose(request, batch):
    batch, what, choice = _batch_or_404(request, batch), request.POST.get("what", ""), request.POST.get("choice", "")
    if choice not in CHOICES.get(what, ()):
        raise Http404
    return _act(request, batch, lambda batch: acts.choose_for_all(batch, what, choice, by=request.user, request=request), _("已处理。"))


@keeper
@require_POST
def import_start(request, batch):
    return _act(request, _batch_or_404(request, batch), lambda batch: acts.ask_for_import(batch, by=request.user, request=request))


@keeper
@require_POST
def import_undo(request, batch):
    return _act(request, _batch_or_404(request, batch), lambda batch: acts.ask_for_undoing(batch, by=request.user, request=request))


@keeper
@require_safe
def import_problems(request, batch):
    """Everything that the check said, as a workbook to go through with whoever sent the file."""
    batch, out = _batch_or_404(request, batch), io.BytesIO()
    lines = (
        [row.number, BY_NAME[name].label, row.cells.get(name, ""), sentence]
        for row in batch.told.iterator(chunk_size=500)
        for name, sentence in [*row.problems.items(), *_doubts(row)]
    )
    write_xlsx(out, [_("行"), _("列"), _("内容"), _("问题")], lines, title=_("检查结果"))
    return _workbook(out, f"{_('检查结果')}-{batch.pk}")


def _doubts(row):
    """What is to be chosen of a row, in words, as if it were wrong with the name."""
    name = next((column.name for column in COLUMNS if column.name in row.cells), "name")
    if row.twin:
        yield name, _("与第 %(row)d 行重复。") % {"row": row.twin}
    if row.alike:
        yield name, _("库中已有相近的记录。")


# -- one row -----------------------------------------------------------------------------------------------------------------------------------------------


@keeper
@page
def import_row(request, batch, number):
    batch = _batch_or_404(request, batch)
    row = get_object_or_404(batch.told.select_related("batch__made_by"), number=number)
    form, refusal = RowForm(request.POST if request.POST.get("act") == "correct" else None, row), ""
    try:
        if request.POST.get("act") == "correct" and form.is_valid():
            row = acts.correct(row, form.cleaned_data, by=request.user, request=request)
            if not row.is_open:
                messages.success(request, _("第 %(number)d 行已改正。") % {"number": row.number})
                return redirect(batch)
        elif request.method == "POST":
            _choose(request, row)
            return redirect(batch)
    except Refused as error:
        refusal = str(error)
    form.tell(row.problems)
    context = {"batch": batch, "row": row, "form": form, "refusal": refusal, "line": _lines([row])[0], "is_settled": batch.imported_at or batch.is_working}
    return render(request, "contacts/import_row.html", context, status=409 if refusal else 200)


def _choose(request, row):
    choice, _colon, target = request.POST.get("choice", "").partition(":")
    if choice not in ImportRow.Choice.values:
        raise Refused(_("请选择怎样处理这一行。"))
    acts.choose(row, choice, target=int(target) if target.isdecimal() and len(target) < 19 else None, by=request.user, request=request)
