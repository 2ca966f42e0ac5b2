"""Pages for what went wrong. They touch neither user, session nor database, so that one body serves everybody."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def _plain(template: str, status: int) -> HttpResponse:
    return HttpResponse(render_to_string(template), status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: out of a person's scope and absent look the same."""
    return _plain("404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 where the failure is that the database does not answer."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = _plain("503.html", 503)
        response["Retry-After"] = "30"
        return response
    return _plain("500.html", 500)
