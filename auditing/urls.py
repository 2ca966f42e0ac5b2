"""Pages of the auditor."""

from django.urls import path

from . import views

app_name = "auditing"
urlpatterns = [
    path("audit/", views.event_list, name="event-list"),
    path("audit/objects/<str:subject>/", views.object_history, name="object-history"),
    path("audit/seen/", views.sighting_list, name="sighting-list"),
    path("audit/verifications/", views.verification_list, name="verification-list"),
    path("audit/verifications/new/", views.verification_create, name="verification-create"),
    path("audit/verifications/<int:pk>/", views.verification_detail, name="verification-detail"),
]
