"""The department's memory: organisations, people, countries."""

from django.urls import path

from . import book_views

app_name = "contacts"
urlpatterns = []

# -- the book
urlpatterns += [
    path("contacts/organisations/<int:pk>/", book_views.organisation_detail, name="organisation-detail"),
    path("contacts/people/<int:pk>/", book_views.person_detail, name="person-detail"),
    path("contacts/countries/<slug:country>/", book_views.country_detail, name="country-detail"),
]
