"""Invitation letters and their verification."""

from django.urls import URLPattern

app_name = "invitations"
urlpatterns: list[URLPattern] = []
