"""Pages for what went wrong: plain, the same for everybody, with the right status."""

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.urls import include, path

from core import views


def fail(request, kind):
    raise {"operational": OperationalError, "interface": InterfaceError, "other": KeyError}[kind]("x")


fail.login_required = False
urlpatterns = [path("fail/<str:kind>/", fail), path("", include("liaison_portal.urls"))]
handler404, handler500 = views.not_found, views.server_error
pytestmark = pytest.mark.urls(__name__)


@pytest.mark.parametrize(
    ("kind", "status", "said"), [("operational", 503, "系统暂时不能使用"), ("interface", 503, "系统暂时不能使用"), ("other", 500, "系统出错了")]
)
def test_a_failure_is_told_plainly(kind, status, said, caplog):
    response = Client(raise_request_exception=False).get(f"/fail/{kind}/")

    assert (response.status_code, said in response.content.decode()) == (status, True)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert ("Retry-After" in response.headers) == (status == 503)


def test_absent_pages_have_one_body():
    first, second = Client().get("/none/"), Client().get("/nothing/else/")

    assert (first.status_code, second.status_code) == (404, 404)
    assert first.content == second.content
