"""What the start page shows to whoever reads the audit trail."""

from typing import Any

from django import template
from django.db.models import Count, Q
from django.template import Context
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.queries import start_of
from auditing import words
from auditing.models import VerificationRun

register = template.Library()

SIGN_IN_FAILURES = ("sign_in.fail", "sign_in.lock", "sign_in.void")


@register.inclusion_tag("auditing/_start.html", takes_context=True)
def audit_start(context: Context) -> dict[str, Any]:
    """The last verification, and how often today somebody was refused, took something along, failed to sign in. Two queries."""
    today = timezone.localdate()
    found = AuditEvent.objects.filter(at__gte=start_of(today)).order_by()
    counts = found.aggregate(
        refusals=Count("pk", filter=Q(action__in=words.refusing())),
        disclosures=Count("pk", filter=Q(action__in=words.disclosing())),
        failures=Count("pk", filter=Q(action__in=SIGN_IN_FAILURES)),
    )
    return {"run": VerificationRun.objects.select_related("by").defer("faults").first(), "today": today, **counts}
