"""审签: what waits for a second person, and the page on which it is decided; nowhere else can it be."""

import re

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.adapter import is_password_of

from . import annexes, process, queries
from .access import case_worker
from .approval_page import ApprovalPage, question_of

DECISIONS = ("approve", "send_back")
# How an opinion begins, as phrases do, that says the other thing than the button.
CONTRARY = {
    "approve": re.compile(r"(退回|不同意|returned|rejected)(?!\w)", re.IGNORECASE),
    "send_back": re.compile(r"(同意|批准|approved)(?!\w)", re.IGNORECASE),
}
CONTRADICTIONS = {
    "approve": gettext_lazy("意见写的是退回，没有办理。要退回请点“退回”；同意的，请改写意见。"),
    "send_back": gettext_lazy("意见写的是同意，没有办理。要同意请点同意的按钮；退回的，请写明理由。"),
}
SHORT = 20


@case_worker
@require_safe
def approval_list(request):
    context = {
        "waiting": _with_question(queries.with_case(queries.waiting_for(request.user))[:100]),
        "panels": annexes.approvals.panels(request.user),
        "submitted": queries.with_case(queries.submitted_by(request.user))[:SHORT],
        "decided": queries.with_case(queries.decided_by(request.user))[:SHORT],
    }
    return render(request, "cases/approval_list.html", context)


def _with_question(approvals):
    for approval in approvals:
        approval.question = question_of(approval)
    return approvals


@case_worker
@require_http_methods(["GET", "HEAD", "POST"])
def approval_detail(request, pk):
    decision = request.POST.get("decision", "")
    if request.method != "POST":
        return _page(request, pk)
    if decision not in DECISIONS:
        return _page(request, pk, refusal=_("请选择同意或退回。"))
    page = ApprovalPage.load(pk, request.user)
    if page is None:
        raise Http404
    typed = request.POST.copy()
    typed["note"] = typed.get("note", "").strip() or typed.get("phrase", "").strip()
    if CONTRARY[decision].match(typed["note"]):
        return _page(request, pk, refusal=CONTRADICTIONS[decision], field="note")
    version = request.POST.get("version", "")
    if decision == "approve" and page.asks_password and not is_password_of(request, typed.get("password", "")):
        return _page(request, pk, refusal=_("密码不正确，没有办理。请重新输入登录密码。"), field="password")
    try:
        seen = int(version) if version.isascii() and version.isdigit() else 0
        process.perform(page.case, decision, by=request.user, version=seen, target=f"approval:{pk}", data=typed, request=request)
    except process.InvalidError as invalid:
        return _page(request, pk, form=invalid.form)
    except process.ConflictError as conflict:
        return _page(request, pk, refusal=str(conflict), changes=conflict.changes, status=409)
    except process.BlockedError as blocked:
        return _page(request, pk, refusal=str(blocked), status=409)
    return _next(request, _("已办理：%(label)s。") % {"label": page.approve.label} if decision == "approve" else _("已退回。"))


def _page(request, pk, *, form=None, refusal="", field=None, changes=(), status=200):
    """The page of one question; what was typed stands in it again."""
    page = ApprovalPage.load(pk, request.user)
    if page is None:
        raise Http404
    if form is None:
        form = page.form_class(request.POST if refusal else None, turn=page.turn)
    elif page.asks_password and "password" not in form.fields:  # sent back without a reason: the page still asks for it
        form.fields["password"] = page.form_class(turn=page.turn).fields["password"]
    if refusal and not (field and field in form.errors):
        form.add_error(field, refusal)
    phrases = queries.phrases_for(request.user) if page.can_decide else []
    context = {"page": page, "form": form, "changes": changes, "phrases": phrases, "chosen": request.POST.get("phrase", "")}
    return render(request, "cases/approval_detail.html", context, status=status)


def _next(request, done):
    """On to the oldest that still waits; back to the list where nothing does."""
    following = queries.waiting_for(request.user).first()
    if following is None:
        messages.success(request, done)
        return redirect("cases:approval-list")
    messages.success(request, _("%(done)s下面是下一件。") % {"done": done})
    return redirect(following)
