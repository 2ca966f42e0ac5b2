"""Sign-in, own account, people and roles."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
