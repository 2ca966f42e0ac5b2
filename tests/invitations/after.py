"""Letters whose time is over: their cases closed, their days in the past. What a trigger keeps is set before it stands."""

from datetime import timedelta

from django.utils import timezone

from cases.models import Case
from invitations.models import Application, CheckRule, InvitationLetter, RetentionRule
from tests import factories as make

DAY = timedelta(days=1)


def left_days_ago(case, days):
    """Let the planned exit of this case be so many days ago, and its letters be out of date."""
    today = timezone.localdate()
    Application.objects.filter(case=case).update(entry_on=today - (days + 6) * DAY, exit_on=today - days * DAY)
    return case.invitation_application


def closed(case, days_ago=0):
    """The case closed so many days ago; its last steps are not what these tests are about."""
    at = timezone.now() - days_ago * DAY
    case.steps.filter(status="open").update(status="done", done_at=at, done_by=case.handler)
    Case.objects.filter(pk=case.pk).update(closed_at=at, closed_by=case.handler, outcome="办结", due_on=None)
    return Case.objects.get(pk=case.pk)


def confirmed(what="numbers", **facts):
    """A rule of retention that somebody has confirmed."""
    RetentionRule.objects.filter(what=what).update(confirmed_at=timezone.now(), confirmed_by=make.person("publisher"), **facts)
    return RetentionRule.objects.get(what=what)


def clock(days=5, strictness="block"):
    CheckRule.objects.filter(code="INV-17").update(figure=days, strictness=strictness)


def only_letter():
    return InvitationLetter.objects.get()
