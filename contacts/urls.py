"""The department's memory: organisations, people, countries."""

from django.urls import path

from . import book_views, duplicate_views

app_name = "contacts"
urlpatterns = []

# -- the book
urlpatterns += [
    path("contacts/organisations/<int:pk>/", book_views.organisation_detail, name="organisation-detail"),
    path("contacts/people/<int:pk>/", book_views.person_detail, name="person-detail"),
    path("contacts/countries/<slug:country>/", book_views.country_detail, name="country-detail"),
]

# -- duplicates
urlpatterns += [
    path("contacts/duplicates/", duplicate_views.duplicate_list, name="duplicate-list"),
    path("contacts/duplicates/find/", duplicate_views.duplicate_find, name="duplicate-find"),
    path("contacts/duplicates/<int:pair>/dismiss/", duplicate_views.duplicate_dismiss, name="duplicate-dismiss"),
    path("contacts/duplicates/<int:pair>/restore/", duplicate_views.duplicate_restore, name="duplicate-restore"),
    path("contacts/alike/<slug:kind>/", duplicate_views.alike, name="alike"),
]
