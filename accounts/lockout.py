"""Who is asking, as far as the lock-out and the audit trail can tell, and when that one must wait."""

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    return request.META.get("REMOTE_ADDR", "")


class LockoutHandler(AxesDatabaseHandler):
    """axes counts per account and address."""
