"""Daily work."""

from django.urls import path

from . import views

app_name = "cases"
urlpatterns = [
    path("today/", views.today, name="today"),
]
