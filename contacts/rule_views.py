"""The rules of liaison work: seen by whoever works on cases, changed by whoever changes rules, confirmed by somebody else."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused

from . import rule_actions
from .models import LiaisonRule
from .rule_forms import LiaisonRuleForm

sees_rules = permission_required("duties.export_sheets", raise_exception=True)  # as the other operating rules: every business role


@sees_rules
@require_safe
def liaison_rule_list(request):
    return render(request, "contacts/liaison_rule_list.html", {"rules": LiaisonRule.objects.select_related("changed_by", "confirmed_by")})


@permission_required("cases.change_rules", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def liaison_rule_edit(request, pk):
    rule = get_object_or_404(LiaisonRule, pk=pk)
    form = LiaisonRuleForm(request.POST or None, instance=rule)
    if form.is_valid():
        try:
            changed = rule_actions.change(rule.pk, form.cleaned_data, seen=request.POST.get("seen", ""), by=request.user, request=request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存，待另一人确认。") if changed else _("没有改动。"))
            return redirect("contacts:liaison-rule-list")
    rule.refresh_from_db()
    return render(request, "contacts/liaison_rule_edit.html", {"form": form, "rule": rule, "seen": rule_actions.seen(rule)})


@permission_required("cases.confirm_rules", raise_exception=True)
@require_POST
def liaison_rule_confirm(request, pk):
    rule = get_object_or_404(LiaisonRule, pk=pk)
    try:
        rule_actions.confirm(rule.pk, seen=request.POST.get("seen", ""), by=request.user, request=request)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已确认。"))
    return redirect("contacts:liaison-rule-list")
