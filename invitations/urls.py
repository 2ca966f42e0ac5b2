"""Invitation letters and their verification."""

from django.urls import path

from duties.public_site import VARIANTS

from . import letter_views, paper_views, unit_views, verify_views

app_name = "invitations"
urlpatterns = []

# -- applications and inviting units
urlpatterns += [
    path("invitations/", unit_views.home, name="home"),
    path("invitations/units/", unit_views.unit_list, name="unit-list"),
    path("invitations/units/new/", unit_views.unit_create, name="unit-create"),
    path("invitations/units/<int:pk>/", unit_views.unit_detail, name="unit-detail"),
    path("invitations/units/<int:pk>/edit/", unit_views.unit_edit, name="unit-edit"),
    path("invitations/units/<int:pk>/filing/", unit_views.unit_file, name="unit-file"),
    path("invitations/units/<int:pk>/hold/", unit_views.unit_hold, name="unit-hold"),
    path("invitations/filings/<int:pk>/withdraw/", unit_views.filing_withdraw, name="filing-withdraw"),
]

# -- letters
urlpatterns += [
    path("invitations/letters/<int:pk>/", letter_views.letter_detail, name="letter-detail"),
    path("invitations/letters/<int:pk>/letter.pdf", letter_views.letter_download, name="letter-download"),
    path("invitations/letters/<int:pk>/slip.pdf", paper_views.letter_slip, name="letter-slip"),
    path("invitations/letters/<int:pk>/scan.pdf", paper_views.scan_open, name="scan-open"),
    path("invitations/scans/<int:pk>.pdf", paper_views.scan_compare, name="scan-compare"),
    path("invitations/specimens/<str:number>.pdf", letter_views.specimen, name="specimen"),
]

# -- checking a letter, in every dress of the public site
for prefix in reversed([variant.prefix[1:] for variant in VARIANTS]):
    urlpatterns += [
        path(f"{prefix}verify/", verify_views.verify, name="verify"),
        path(f"{prefix}verify/<slug:token>/", verify_views.verify_token, name="verify-token"),
    ]
