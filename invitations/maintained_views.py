"""Pages of what letters are made by: kinds, nationalities and regions, rules of checking.

They lie beside the templates; changing them takes the right to change 字典 and 运行规则.
"""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused
from cases.rule_actions import ChangedMeanwhileError as RuleChangedError
from cases.rule_forms import ArchiveForm
from cases.rule_queries import fingerprint
from contacts.models import Country
from core.paging import Key, paged

from . import maintained_actions as actions
from .maintained_forms import CheckRuleForm, KindForm, NationalityForm, NationalitySearchForm
from .models import CheckRule, LetterKind
from .rule_access import rule_reader

changer = permission_required("cases.change_rules", raise_exception=True)
confirmer = permission_required("cases.confirm_rules", raise_exception=True)
page = require_http_methods(["GET", "HEAD", "POST"])


# -- kinds -------------------------------------------------------------------------------------------------------------------------------------------------


@rule_reader
@require_safe
def kind_list(request):
    today = timezone.localdate()
    kinds = LetterKind.objects.annotate(in_force=Count("templates", filter=Q(templates__approved_at__isnull=False, templates__superseded_at=None)))
    rows = [(kind, kind.is_used_on(today), kind.number_of(today.year, 1)) for kind in kinds.order_by("-valid_from", "name")]
    return render(request, "invitations/kind_list.html", {"rows": sorted(rows, key=lambda row: not row[1]), "today": today})


@changer
@page
def kind_create(request):
    return _kind_form(request, LetterKind())


@changer
@page
def kind_edit(request, pk):
    return _kind_form(request, get_object_or_404(LetterKind, pk=pk))


def _kind_form(request, kind):
    form = KindForm(request.POST or None, instance=kind)
    act = actions.save_kind
    return _save(request, form, kind, act, "invitations/kind_form.html", "invitations:kind-list", actions.KIND_FIELDS)


def _save(request, form, row, act, template, back, fields):
    """Ask, then store: the page of one row of a list. `now` is what is stored, where another changed it meanwhile."""
    now, key = None, row.pk
    if form.is_valid():
        try:
            act(row, form.cleaned_data, seen=form.cleaned_data["seen"], by=request.user, request=request)
        except actions.ChangedMeanwhileError as refusal:
            now = [(row._meta.get_field(name).verbose_name, getattr(refusal.row, name)) for name in fields]
            form.show_again(actions.seen_of(refusal.row, fields))
            form.add_error(None, str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect(back)
    return render(request, template, {"form": form, "row": row, "is_new": key is None, "now": now})


# -- nationalities and regions -----------------------------------------------------------------------------------------------------------------------------


@rule_reader
@require_safe
def nationality_list(request):
    form = NationalitySearchForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    rows = Country.objects.filter(archived_at__isnull=asked.get("state") != "archived")
    if asked.get("state") == "free":
        rows = rows.filter(visa_free_days__isnull=False)
    if words := asked.get("q", "").strip():
        rows = rows.filter(Q(name__icontains=words) | Q(name_en__icontains=words) | Q(code__iexact=words))
    found = paged(rows, Key("code"), request.GET, size=50)
    context = {"form": form, "page": found, "rows": found.rows, "today": timezone.localdate(), "is_filtered": any(asked.values())}
    return render(request, "invitations/nationality_list.html", context)


@changer
@page
def nationality_create(request):
    return _nationality_form(request, Country())


@changer
@page
def nationality_edit(request, pk):
    return _nationality_form(request, get_object_or_404(Country, pk=pk))


def _nationality_form(request, row):
    form = NationalityForm(request.POST or None, instance=row)
    act = actions.save_nationality
    return _save(request, form, row, act, "invitations/nationality_form.html", "invitations:nationality-list", actions.NATIONALITY_FIELDS)


@changer
@page
def nationality_archive(request, pk):
    row = get_object_or_404(Country, pk=pk, archived_at=None)
    form = ArchiveForm(request.POST or None)
    if form.is_valid():
        try:
            actions.archive_nationality(row, reason=form.cleaned_data["reason"], by=request.user, request=request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已停用。"))
            return redirect("invitations:nationality-list")
    return render(request, "invitations/nationality_archive.html", {"form": form, "row": row})


@changer
@require_POST
def nationality_restore(request, pk):
    row = get_object_or_404(Country, pk=pk)
    try:
        actions.restore_nationality(row, by=request.user, request=request)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已恢复使用。"))
    return redirect("invitations:nationality-list")


# -- rules of checking -------------------------------------------------------------------------------------------------------------------------------------


@rule_reader
@require_safe
def check_rule_list(request):
    today = timezone.localdate()
    rules = list(CheckRule.objects.select_related("changed_by", "confirmed_by"))
    context = {"rows": [(rule, rule.is_used_on(today)) for rule in rules], "waiting": sum(not rule.is_confirmed for rule in rules)}
    return render(request, "invitations/check_rule_list.html", context)


def _rule_or_404(code):
    return get_object_or_404(CheckRule.objects.select_related("changed_by", "confirmed_by"), code=code)


@rule_reader
@require_safe
def check_rule_detail(request, code):
    rule = _rule_or_404(code)
    return render(request, "invitations/check_rule_detail.html", {"rule": rule, "seen": fingerprint([rule]), "is_used": rule.is_used_on(timezone.localdate())})


@changer
@page
def check_rule_edit(request, code):
    rule, now = _rule_or_404(code), None
    form = CheckRuleForm(request.POST or None, instance=rule)
    if form.is_valid():
        try:
            changed = actions.change_rule(rule, form.values, seen=form.cleaned_data["seen"], by=request.user, request=request)
        except RuleChangedError as refusal:
            now = _rule_or_404(code)
            form.show_again(refusal.seen)
            form.add_error(None, str(refusal))
        else:
            if changed:
                messages.success(request, _("已保存，现在起按新规则核对；待另一人确认。"))
            else:
                messages.info(request, _("没有改动，未保存。"))
            return redirect("invitations:check-rule-detail", code)
    return render(request, "invitations/check_rule_form.html", {"form": form, "rule": rule, "now": now})


@confirmer
@require_POST
def check_rule_confirm(request, code):
    rule = _rule_or_404(code)
    try:
        actions.confirm_rule(rule, seen=request.POST.get("seen", ""), by=request.user, request=request)
    except RuleChangedError:
        messages.error(request, _("打开页面之后规则已有变化，没有确认。请看过现在的内容再确认。"))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已确认。"))
    return redirect("invitations:check-rule-detail", code)
