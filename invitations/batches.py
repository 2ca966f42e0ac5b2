"""Issuing several applications at once: asked for with the password, done by the worker, each an act of its own that is checked as if it came alone.

What is refused takes no number, and the list says why. A worker that dies begins again where it was: what was issued counts as done.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import acting, record
from accounts.models import User
from cases import process
from cases.models import Approval
from cases.queries import waiting_for
from cases.standing import standings_of
from jobs.actions import ask
from jobs.kinds import JobFailedError
from jobs.models import Job

from .models import BatchLine, InvitationLetter, IssueBatch
from .scope import ITEM

JOB = "issue-letters"
MOST = 100  # applications at once
SIGN = "cases.sign_case"
TYPED = "-"  # stands for the password, which was compared when the batch was asked for


def to_sign(person: User) -> QuerySet[Approval]:
    """What waits for this person's signature, the oldest first, with what a line of the list shows."""
    found = waiting_for(person).filter(kind=Approval.Kind.STEP, right=Approval.Right.SIGN, case__item=ITEM, step__stage="issue")
    people = Count("case__invitation_application__invitees", filter=Q(case__invitation_application__invitees__removed_at=None), distinct=True)
    bring = ("case__handler", "case__invitation_application__unit", "case__invitation_application__kind", "submitted_by")
    return found.annotate(count=people).select_related(*bring)


def picked(values: Iterable[str], person: User) -> list[tuple[Approval, int]]:
    """The questions behind the ticks ("12~3": approval 12, case at version 3) that wait for this person; no more than MOST."""
    asked = {}
    for value in values:
        key, _sign, version = value.partition("~")
        if all(part.isascii() and part.isdecimal() and len(part) < 10 for part in (key, version)):
            asked[int(key)] = int(version)
    return [(approval, asked[approval.pk]) for approval in to_sign(person).filter(pk__in=list(asked)[:MOST])]


def ask_for(picks: Sequence[tuple[Approval, int]], *, note: str, by: User, request: HttpRequest | None = None) -> IssueBatch:
    """Have the worker issue these. Whoever calls has compared the password."""
    with acting(by, request):
        batch = IssueBatch.objects.create(asked_by=by, note=note)
        BatchLine.objects.bulk_create(
            BatchLine(batch=batch, position=place, approval=approval, version=version) for place, (approval, version) in enumerate(picks, 1)
        )
        record("invitation.issue_batch", batch, cases=[approval.case.number for approval, _version in picks], note=note)
        title = _("批量签发 %(count)d 件邀请函申请") % {"count": len(picks)}
        batch.job = ask(JOB, parameters={"batch": batch.pk}, title=title, by=by, request=request, total=len(picks))
        batch.save(update_fields=["job"])
    return batch


def may(person: User, parameters: dict[str, Any]) -> bool:
    """Whether a batch may run: asked for by this person, who can still sign, and not run before; another one takes the password again."""
    batch = IssueBatch.objects.select_related("job").filter(pk=parameters["batch"], asked_by=person).first()
    if batch is None or (batch.job and batch.job.is_finished):
        return False
    return any(SIGN in standing.permissions for standing in standings_of(person))


def work(job: Job, progress: Callable[..., None]) -> None:
    """Issue the applications of a batch, one after another. Raises JobFailedError where the account of the signer was closed meanwhile."""
    batch = IssueBatch.objects.get(pk=job.parameters["batch"])
    lines = list(batch.lines.select_related("approval__case"))
    for done, line in enumerate(lines):
        progress(done, len(lines))
        if line.decided_at is None:
            _decide(line, batch)
    progress(len(lines), len(lines))


def _decide(line: BatchLine, batch: IssueBatch) -> None:
    by = User.objects.get(pk=batch.asked_by_id)  # afresh: rights are kept with the object
    if not by.is_active:
        raise JobFailedError(_("签发人的账号已停用，其余各件没有签发。"))
    case = line.approval.case
    reason = _refusal(line, batch.note, by)
    with acting(by):
        line.decided_at, line.reason = timezone.now(), reason[:2000]
        line.save(update_fields=["decided_at", "reason"])
        if reason:
            record("invitation.refuse_in_batch", batch, case=case.number, reason=reason)


def _refusal(line: BatchLine, note: str, by: User) -> str:
    """Issue one application; why it was not, "" if it was."""
    typed = {"note": note, "password": TYPED}
    try:
        process.perform(line.approval.case, "approve", by=by, version=line.version, target=process.key_of(line.approval), data=typed)
    except process.ConflictError:
        return _("勾选之后，这个办件已有变化。请看过再签发。")
    except process.BlockedError as blocked:
        return str(blocked)
    except process.InvalidError as invalid:
        return " ".join(str(message) for messages in invalid.form.errors.values() for message in messages)
    return ""


def lines_of(batch: IssueBatch) -> list[tuple[BatchLine, list[InvitationLetter]]]:
    """The lines of a batch with the letters that each led to, in three queries."""
    lines = list(batch.lines.select_related("approval__case"))
    issued = {line.approval.case_id for line in lines if line.is_issued}
    letters: dict[int, list[InvitationLetter]] = {}
    for letter in InvitationLetter.objects.filter(application__case__in=issued).select_related("application").order_by("part"):
        letters.setdefault(letter.application.case_id, []).append(letter)
    return [(line, letters.get(line.approval.case_id, [])) for line in lines]
