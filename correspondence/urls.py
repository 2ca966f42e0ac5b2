"""The register of correspondence."""

from django.urls import path

from . import document_views, entry_views, register_views

app_name = "correspondence"
urlpatterns = [
    path("correspondence/", register_views.entry_list, name="entry-list"),
    path("correspondence/new/", register_views.entry_create, name="entry-create"),
    path("correspondence/mail/", register_views.mail_upload, name="mail-upload"),
    path("correspondence/registers/", register_views.register_list, name="register-list"),
    path("correspondence/registers/<int:year>/<slug:direction>-<int:volume>.pdf", register_views.register_print, name="register-print"),
    path("correspondence/<int:pk>/", entry_views.entry_detail, name="entry-detail"),
    path("correspondence/<int:pk>/correct/", entry_views.entry_correct, name="entry-correct"),
    path("correspondence/<int:pk>/cancel/", entry_views.entry_cancel, name="entry-cancel"),
    path("correspondence/<int:pk>/cases/add/", entry_views.entry_link, name="entry-link"),
    path("correspondence/<int:pk>/cases/<int:link>/remove/", entry_views.entry_unlink, name="entry-unlink"),
    path("correspondence/<int:pk>/documents/add/", entry_views.entry_attach, name="entry-attach"),
    path("correspondence/<int:pk>/documents/<int:document>/", document_views.document_download, name="document-download"),
    path("correspondence/<int:pk>/documents/<int:document>/pages/<int:page>.png", document_views.document_page, name="document-page"),
    path("correspondence/<int:pk>/documents/<int:document>/withdraw/", entry_views.document_withdraw, name="document-withdraw"),
]
