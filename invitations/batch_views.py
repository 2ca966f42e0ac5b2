"""Issuing several applications at once: what waits for the signature, the password once, and what became of each."""

from django import forms
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.adapter import is_password_of
from cases.access import right_required
from cases.models import Case
from core.forms import PortalHelper
from core.text_fields import PasswordAgainField, guard
from jobs.queries import refresh_seconds

from . import batches
from .models import IssueBatch

signer = right_required(batches.SIGN)


class BatchForm(forms.Form):
    """The opinion for all of them, and the password."""

    note = forms.CharField(label=gettext_lazy("意见"), max_length=500, required=False, help_text=gettext_lazy("记入每一件。"))
    password = PasswordAgainField(help_text=gettext_lazy("签发后编号和内容不能再改，请再次输入登录密码。"))

    helper = PortalHelper()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        guard([("note", self.fields["note"])])


@signer
@require_http_methods(["GET", "HEAD", "POST"])
def batch_create(request):
    form = BatchForm(request.POST or None)
    ticked = request.POST.getlist("approval")
    picks = batches.picked(ticked, request.user) if ticked else []
    if form.is_bound and not picks:
        form.add_error(None, _("请勾选要签发的申请。") if not ticked else _("勾选的申请已不在待签发之列，请看过现在的列表再办。"))
    elif form.is_valid() and not is_password_of(request, form.cleaned_data["password"]):
        form.add_error("password", _("密码不正确，没有办理。请重新输入登录密码。"))
    elif form.is_valid():
        return redirect(batches.ask_for(picks, note=form.cleaned_data["note"], by=request.user, request=request))
    rows = [(row, f"{row.pk}~{row.case.version}") for row in batches.to_sign(request.user)[: batches.MOST]]
    return render(request, "invitations/batch_create.html", {"form": form, "rows": rows, "ticked": ticked})


@signer
@require_safe
def batch_detail(request, pk):
    """How far a batch is, and what became of each; another's is as absent as one that never was."""
    batch = get_object_or_404(IssueBatch.objects.select_related("job"), pk=pk, asked_by=request.user)
    lines = batches.lines_of(batch)
    seen = set(Case.objects.visible_to(request.user).filter(pk__in=[line.approval.case_id for line, _letters in lines]).values_list("pk", flat=True))
    context = {
        "batch": batch,
        "job": batch.job,
        "seconds": refresh_seconds([batch.job] if batch.job else []),
        "left": [row for row in lines if row[0].reason],
        "done": [row for row in lines if row[0].is_issued],
        "open": [row for row in lines if row[0].decided_at is None],
        "seen": seen,
    }
    return render(request, "invitations/batch_detail.html", context)
