"""Invitation letters and their verification."""

from django.urls import path

from duties.public_site import VARIANTS

from . import verify_views

app_name = "invitations"
urlpatterns = []

# -- checking a letter, in every dress of the public site
for prefix in reversed([variant.prefix[1:] for variant in VARIANTS]):
    urlpatterns += [
        path(f"{prefix}verify/", verify_views.verify, name="verify"),
        path(f"{prefix}verify/<slug:token>/", verify_views.verify_token, name="verify-token"),
    ]
