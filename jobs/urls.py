"""Background work: what runs, what ran, what it made."""

from django.urls import path

from . import views

app_name = "jobs"
urlpatterns = [
    path("jobs/<int:job>/", views.job_detail, name="job-detail"),
]
