"""Background work: what runs, what ran, what it made."""

from django.urls import path

from . import views

app_name = "jobs"
urlpatterns = [
    path("jobs/", views.job_list, name="job-list"),
    path("jobs/watch/", views.job_watch, name="job-watch"),
    path("jobs/<int:job>/", views.job_detail, name="job-detail"),
    path("jobs/<int:job>/cancel/", views.job_cancel, name="job-cancel"),
    path("jobs/<int:job>/again/", views.job_again, name="job-again"),
    path("jobs/<int:job>/file/", views.job_file, name="job-file"),
    path("jobs/<int:job>/stop/", views.job_stop, name="job-stop"),
]
