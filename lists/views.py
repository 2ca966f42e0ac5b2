"""Pages of saved filters and columns, and the buttons that export a list. Whoever does not see the list gets none of them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused

from . import actions, queries
from .forms import ColumnChoice, FilterForm
from .kinds import kind_named

FORMATS = ("xlsx", "csv")

page = require_http_methods(["GET", "HEAD", "POST"])


def _kind_or_404(request, name):
    kind = kind_named(name)
    if kind is None:
        raise Http404
    if not kind.may(request.user):
        raise PermissionDenied
    return kind


def _query(kind, text):
    """The filter of a list's address that was handed on, as it would be saved."""
    return queries.normalised(kind, QueryDict(text))


def _address(kind, query):
    return f"{reverse(kind.view)}?{query or 'filter='}"


@require_safe
def filter_list(request, list):
    kind = _kind_or_404(request, list)
    begins = queries.setting_of(request.user, kind).begins_with_id
    changeable = set(queries.changeable_by(request.user).filter(kind=kind.name).values_list("pk", flat=True))
    rows = [(saved, saved.pk in changeable, saved.pk == begins) for saved in queries.filters_for(request.user, kind)]
    return render(request, "lists/filter_list.html", {"kind": kind, "rows": rows, "address": _address(kind, "")})


@page
def filter_create(request, list):
    kind = _kind_or_404(request, list)
    query = _query(kind, request.POST.get("query", "") if request.method == "POST" else request.GET.urlencode())
    form = FilterForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        try:
            saved = actions.save_filter(kind, query=query, **form.wanted(), by=request.user, request=request)
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("已保存为常用筛选“%(name)s”。") % {"name": saved.name})
            return redirect(_address(kind, query))
    return render(request, "lists/filter_form.html", {"kind": kind, "form": form, "query": query, "address": _address(kind, query)})


@page
def filter_edit(request, list, pk):
    kind = _kind_or_404(request, list)
    saved = get_object_or_404(queries.changeable_by(request.user), kind=kind.name, pk=pk)
    form = FilterForm(request.POST if request.method == "POST" else None, instance=saved, user=request.user)
    if form.is_valid():
        try:
            actions.change_filter(saved, **form.wanted(), by=request.user, request=request)
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("lists:filter-list", kind.name)
    return render(request, "lists/filter_form.html", {"kind": kind, "form": form, "saved": saved, "address": reverse("lists:filter-list", args=[kind.name])})


@require_POST
def filter_archive(request, list, pk):
    kind = _kind_or_404(request, list)
    saved = get_object_or_404(queries.changeable_by(request.user), kind=kind.name, pk=pk)
    actions.archive_filter(saved, by=request.user, request=request)
    messages.success(request, _("已停用常用筛选“%(name)s”。") % {"name": saved.name})
    return redirect("lists:filter-list", kind.name)


@require_POST
def filter_begin(request, list):
    """Let the list begin with one of the filters that the person may use; without one, as it comes."""
    kind = _kind_or_404(request, list)
    number = request.POST.get("filter", "")
    saved = get_object_or_404(queries.filters_for(request.user, kind), pk=int(number[:18])) if number.isascii() and number.isdigit() else None
    actions.begin_with(kind, saved, by=request.user, request=request)
    messages.success(request, _("打开列表时先用“%(name)s”。") % {"name": saved.name} if saved else _("打开列表时不再先用筛选。"))
    return redirect("lists:filter-list", kind.name)


@page
def columns_edit(request, list):
    kind = _kind_or_404(request, list)
    query = _query(kind, request.POST.get("query", "") if request.method == "POST" else request.GET.urlencode())
    if request.method != "POST":
        choice = ColumnChoice.of(kind, kind.columns_named(queries.setting_of(request.user, kind).columns))
    else:
        choice = ColumnChoice.typed(kind, request.POST)
        if "reset" in request.POST or ("save" in request.POST and choice.chosen):
            names = [] if "reset" in request.POST else choice.chosen
            actions.choose_columns(kind, names, by=request.user, request=request)
            messages.success(request, _("列表的列已更新。"))
            return redirect(_address(kind, query))
        choice.error = "" if choice.moved else _("请至少选一列。")
    return render(request, "lists/columns_edit.html", {"kind": kind, "choice": choice, "query": query, "address": _address(kind, query)})


@require_POST
def export_create(request, list):
    kind = _kind_or_404(request, list)
    query = _query(kind, request.POST.get("query", ""))
    format = request.POST.get("format")
    columns = [column.name for column in kind.columns_named(queries.setting_of(request.user, kind).columns)]
    saved = queries.filters_for(request.user, kind).filter(query=query).first()
    wanted = {"query": query, "columns": columns, "format": format if format in FORMATS else FORMATS[0], "name": saved.name if saved else ""}
    return redirect(actions.export(kind, **wanted, by=request.user, request=request))
