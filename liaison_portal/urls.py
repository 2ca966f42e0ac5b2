"""Addresses of the portal: public pages and accounts here, each app's own below its prefix."""

from django.urls import include, path

urlpatterns = [
    path("", include("duties.urls")),
    path("", include("accounts.urls")),
    path("", include("cases.urls")),
]

handler404 = "core.views.not_found"
handler500 = "core.views.server_error"
