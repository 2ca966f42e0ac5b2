"""The department's memory: organisations, people, countries."""

from django.urls import path

from . import book_views, duplicate_views, merge_views
from .models import Organisation, Person

app_name = "contacts"
urlpatterns = []

# -- the book
urlpatterns += [
    path("contacts/organisations/<int:pk>/", merge_views.follow(Organisation)(book_views.organisation_detail), name="organisation-detail"),
    path("contacts/people/<int:pk>/", merge_views.follow(Person)(book_views.person_detail), name="person-detail"),
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

# -- merging: the address of a record that was merged leads on
urlpatterns += [
    path("contacts/merges/", merge_views.merge_list, name="merge-list"),
    path("contacts/merges/<int:merge>/", merge_views.merge_detail, name="merge-detail"),
    path("contacts/merges/<int:merge>/undo/", merge_views.merge_undo, name="merge-undo"),
    path("contacts/merges/new/<slug:kind>/<int:first>/<int:second>/", merge_views.merge_create, name="merge-create"),
]
