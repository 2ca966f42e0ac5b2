"""Background work: what runs, what ran, what it made."""

from django.urls import URLPattern

app_name = "jobs"
urlpatterns: list[URLPattern] = []
