"""The public pages: bytes that were published, and the search in them. They touch neither session, person nor database."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import require_safe

from core.published import site

from .public_site import search_page, variant_of


@login_not_required
@require_safe
def page(request: HttpRequest, **kwargs: str) -> HttpResponse:
    """One published file. In production the layer before Django has answered already, unless the address carries a query."""
    answer = site.answer(request.path, accepted=request.headers.get("Accept-Encoding", ""), known=request.headers.get("If-None-Match", ""))
    if answer is None:
        raise Http404
    return HttpResponse(answer.body, status=int(answer.status[:3]), headers=dict(answer.headers))


@login_not_required
@require_safe
def duty_list(request: HttpRequest) -> HttpResponse:
    """The list; with `?q=` what is found in it."""
    if "q" not in request.GET:
        return page(request)
    with translation.override(variant_of(request.path).language):
        body = search_page(request.path, request.GET["q"].strip())
    if body is None:
        raise Http404
    return HttpResponse(body)
