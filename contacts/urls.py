"""The department's memory: organisations, people, countries."""

from django.urls import path

from . import (
    book_views,
    brief_views,
    card_views,
    coordination_views,
    country_views,
    duplicate_views,
    feed_views,
    import_views,
    interaction_list_views,
    interaction_views,
    memorandum_views,
    merge_views,
    rule_views,
)
from .models import Organisation, Person

app_name = "contacts"
urlpatterns = []

# -- the book
urlpatterns += [
    path("contacts/organisations/", book_views.organisation_list, name="organisation-list"),
    path("contacts/organisations/new/", book_views.organisation_create, name="organisation-create"),
    path("contacts/organisations/suggest/", book_views.organisation_suggest, name="organisation-suggest"),
    path("contacts/organisations/<int:pk>/", merge_views.follow(Organisation)(book_views.organisation_detail), name="organisation-detail"),
    path("contacts/organisations/<int:pk>/edit/", book_views.organisation_edit, name="organisation-edit"),
    path("contacts/organisations/<int:pk>/archive/", book_views.organisation_archive, name="organisation-archive"),
    path("contacts/organisations/<int:pk>/brief.pdf", brief_views.organisation_brief, name="organisation-brief"),
    path("contacts/organisations/<int:pk>/brief/", brief_views.organisation_brief_word, name="organisation-brief-word"),
    path("contacts/people/", book_views.person_list, name="person-list"),
    path("contacts/people/new/", book_views.person_create, name="person-create"),
    path("contacts/people/<int:pk>/", merge_views.follow(Person)(book_views.person_detail), name="person-detail"),
    path("contacts/people/<int:pk>/edit/", book_views.person_edit, name="person-edit"),
    path("contacts/people/<int:pk>/archive/", book_views.person_archive, name="person-archive"),
    path("contacts/countries/", country_views.country_list, name="country-list"),
    path("contacts/countries/<slug:country>/", country_views.country_detail, name="country-detail"),
    path("contacts/countries/<slug:country>/edit/", country_views.country_edit, name="country-edit"),
]

# -- vCards, labels, name cards
urlpatterns += [
    path("contacts/people/cards.vcf", card_views.card_export, name="card-export"),
    path("contacts/people/labels.pdf", card_views.label_print, name="label-print"),
    path("contacts/people/name-cards.pdf", card_views.name_card_print, name="name-card-print"),
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

# -- coordination matters and yearly plans
urlpatterns += [
    path("contacts/matters/", coordination_views.matter_list, name="matter-list"),
    path("contacts/plans/", coordination_views.plan_list, name="plan-list"),
    path("contacts/plans/new/", coordination_views.plan_create, name="plan-create"),
    path("contacts/plans/<int:pk>/edit/", coordination_views.plan_edit, name="plan-edit"),
    path("contacts/plans/<int:pk>/strike/", coordination_views.plan_strike, name="plan-strike"),
    path("contacts/plans/<int:year>/<slug:plan>.pdf", coordination_views.plan_print, name="plan-print"),
]

# -- memoranda
urlpatterns += [
    path("memoranda/", memorandum_views.memorandum_list, name="memorandum-list"),
    path("memoranda/registers/<int:year>.pdf", memorandum_views.memorandum_register, name="memorandum-register"),
    path("memoranda/<str:number>/texts/", memorandum_views.memorandum_compare, name="memorandum-compare"),
    path("memoranda/<str:number>/sheet.pdf", memorandum_views.memorandum_print, name="memorandum-print"),
]

# -- rules of liaison work
urlpatterns += [
    path("rules/liaison/", rule_views.liaison_rule_list, name="liaison-rule-list"),
    path("rules/liaison/<int:pk>/edit/", rule_views.liaison_rule_edit, name="liaison-rule-edit"),
    path("rules/liaison/<int:pk>/confirm/", rule_views.liaison_rule_confirm, name="liaison-rule-confirm"),
]

# -- imports
urlpatterns += [
    path("contacts/imports/", import_views.import_list, name="import-list"),
    path("contacts/imports/new/", import_views.import_create, name="import-create"),
    path("contacts/imports/template/", import_views.import_template, name="import-template"),
    path("contacts/imports/<int:batch>/", import_views.import_detail, name="import-detail"),
    path("contacts/imports/<int:batch>/columns/", import_views.import_map, name="import-map"),
    path("contacts/imports/<int:batch>/choose/", import_views.import_choose, name="import-choose"),
    path("contacts/imports/<int:batch>/start/", import_views.import_start, name="import-start"),
    path("contacts/imports/<int:batch>/undo/", import_views.import_undo, name="import-undo"),
    path("contacts/imports/<int:batch>/problems/", import_views.import_problems, name="import-problems"),
    path("contacts/imports/<int:batch>/rows/<int:number>/", import_views.import_row, name="import-row"),
]

# -- interactions
urlpatterns += [
    path("contacts/interactions/", interaction_list_views.interaction_list, name="interaction-list"),
    path("contacts/interactions/print/", interaction_list_views.interaction_print, name="interaction-print"),
    path("contacts/quiet/", interaction_list_views.quiet_list, name="quiet-list"),
    path("contacts/interactions/new/", interaction_views.interaction_create, name="interaction-create"),
    path("contacts/interactions/from/<int:entry>/", interaction_views.interaction_from_entry, name="interaction-from-entry"),
    path("contacts/interactions/whom/", interaction_views.interaction_whom, name="interaction-whom"),
    path("contacts/interactions/guess/", interaction_views.interaction_guess, name="interaction-guess"),
    path("contacts/interactions/<int:pk>/", interaction_views.interaction_detail, name="interaction-detail"),
    path("contacts/interactions/<int:pk>/edit/", interaction_views.interaction_edit, name="interaction-edit"),
    path("contacts/interactions/<int:pk>/withdraw/", interaction_views.interaction_withdraw, name="interaction-withdraw"),
    path("contacts/interactions/<int:pk>/cases/add/", interaction_views.interaction_link, name="interaction-link"),
    path("contacts/interactions/<int:pk>/cases/<str:number>/remove/", interaction_views.interaction_unlink, name="interaction-unlink"),
]

# -- calendars
urlpatterns += [
    path("contacts/visits/<int:pk>/visit.ics", feed_views.visit_calendar, name="visit-calendar"),
    path("calendar/", feed_views.feed_list, name="feed-list"),
    path("calendar/feeds/<int:feed>/revoke/", feed_views.feed_revoke, name="feed-revoke"),
    path("calendar/<str:token>.ics", feed_views.feed_read, name="feed-read"),
]
