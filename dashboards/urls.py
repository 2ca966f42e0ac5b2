"""Figures for leaders, and for everybody of the cases that they see."""

from django.urls import path

from . import views

app_name = "dashboards"
urlpatterns = [
    path("dashboard/", views.board, name="board"),
    path("dashboard/brief.pdf", views.brief, name="brief"),
]
