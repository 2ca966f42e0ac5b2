"""Who reads what letters are made by: templates, kinds, nationalities, rules of checking. Whoever works on cases or on their rules may read them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.middleware import signed_in

READERS = ("cases.view_case", "cases.change_rules", "cases.confirm_rules", "invitations.change_templates", "invitations.approve_templates")

View = Callable[..., HttpResponse]


def rule_reader(view: View) -> View:
    """Let in whoever has one of READERS; 403 for others."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not any(signed_in(request).has_perm(right) for right in READERS):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked
