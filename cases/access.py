"""Who may open the pages of daily work at all; what they then see is up to the querysets."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.middleware import signed_in

from .standing import standings_of

View = Callable[..., HttpResponse]


def case_worker(view: View) -> View:
    """Let in whoever sees cases: in their own right, or today in that of somebody they stand in for."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = signed_in(request)
        if not user.has_perm("cases.view_case") and not any("cases.view_case" in standing.permissions for standing in standings_of(user)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked
