"""Saved filters, columns and exports of lists."""

from django.urls import path

from . import views

app_name = "lists"
urlpatterns = [
    path("lists/<slug:list>/filters/", views.filter_list, name="filter-list"),
    path("lists/<slug:list>/filters/new/", views.filter_create, name="filter-create"),
    path("lists/<slug:list>/filters/<int:pk>/", views.filter_edit, name="filter-edit"),
    path("lists/<slug:list>/filters/<int:pk>/archive/", views.filter_archive, name="filter-archive"),
    path("lists/<slug:list>/begin/", views.filter_begin, name="filter-begin"),
    path("lists/<slug:list>/columns/", views.columns_edit, name="columns-edit"),
    path("lists/<slug:list>/export/", views.export_create, name="export-create"),
]
