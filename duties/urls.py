"""Public addresses of the duty list, the same in every tree: Chinese and English, standard and 关怀版; and the staff's page of exports."""

from django.urls import path

from . import export_views, views
from .public_site import VARIANTS

app_name = "duties"
PREFIXES = [variant.prefix[1:] for variant in VARIANTS]

urlpatterns = [
    path("duties.json", views.page, name="json"),
    path("duties.schema.json", views.page, name="schema"),
    path("duties.csv", views.page, name="csv"),
    path("duties.jsonld", views.page, name="json-ld"),
    path("duties.ttl", views.page, name="turtle"),
    path("duties/<str:code>/sheet.pdf", views.page, name="sheet-pdf"),
    path("duties/<str:code>/sheet-archive.pdf", views.page, name="sheet-archive"),
    path("duties/<str:code>/sheet.docx", views.page, name="sheet-docx"),
    path("duties/booklet.pdf", views.page, name="booklet-pdf"),
    path("duties/booklet-screen.pdf", views.page, name="booklet-screen"),
    path("duties/booklet.docx", views.page, name="booklet-docx"),
    path("updates/atom.xml", views.page, name="atom"),
    path("robots.txt", views.page, name="robots"),
]
urlpatterns += [
    path("exports/", export_views.export_list, name="export-list"),
    path("exports/new/", export_views.export_create, name="export-create"),
]
for prefix in reversed(PREFIXES):
    urlpatterns += [
        path(prefix, views.duty_list, name="list"),
        path(f"{prefix}duties/<str:code>/", views.page, name="item"),
        path(f"{prefix}legal-bases/", views.page, name="legal-bases"),
        path(f"{prefix}supervision/", views.page, name="supervision"),
        path(f"{prefix}updates/", views.page, name="updates"),
        path(f"{prefix}accessibility/", views.page, name="accessibility"),
        path(f"{prefix}privacy/", views.page, name="privacy"),
    ]
