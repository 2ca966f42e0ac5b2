"""Addresses of the portal: public pages and accounts here, each app's own below its prefix."""

from django.urls import include, path

urlpatterns = [
    path("", include("duties.urls")),
    path("", include("accounts.urls")),
    path("", include("cases.urls")),
    path("", include("jobs.urls")),
    path("", include("lists.urls")),
    path("", include("correspondence.urls")),
    path("", include("contacts.urls")),
    path("", include("dashboards.urls")),
    path("", include("auditing.urls")),
    path("", include("invitations.urls")),
]

handler404 = "core.views.not_found"
handler500 = "core.views.server_error"
