"""Who may open the pages of daily work at all: by a right of their own, or of whom they stand in for; what they then see is up to the querysets."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from accounts.middleware import signed_in
from accounts.models import User

from . import process
from .models import Case
from .standing import standings_of

View = Callable[..., HttpResponse]


def right_required(permission: str) -> Callable[[View], View]:
    """Let in who holds `permission` ("cases.view_case") in their own right, or today in that of somebody they stand in for; 403 for others."""

    def wrap(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = signed_in(request)
            if not user.has_perm(permission) and not any(permission in standing.permissions for standing in standings_of(user)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return wrap


case_worker = right_required("cases.view_case")  # whoever sees cases


def case_or_404(person: User, number: str) -> Case:
    """The case with its parts, if this person may see it; out of scope and absent are the same, and take the same one query."""
    if not Case.objects.visible_to(person).filter(number=number).exists():
        raise Http404
    return process.load({"number": number})
