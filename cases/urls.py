"""Daily work."""

from django.urls import path

from . import approval_views, calendar_views, case_views, daily_views, document_views, people_views, print_views, reassign_views, rule_views, search_views

app_name = "cases"
urlpatterns = [
    path("today/", daily_views.today, name="today"),
]

# -- the list, approvals, substitutes, frequent phrases
urlpatterns += [
    path("cases/", daily_views.case_list, name="case-list"),
    path("approvals/", approval_views.approval_list, name="approval-list"),
    path("approvals/<int:pk>/", approval_views.approval_detail, name="approval-detail"),
    path("substitutions/", people_views.substitution_list, name="substitution-list"),
    path("substitutions/new/", people_views.substitution_create, name="substitution-create"),
    path("substitutions/<int:pk>/revoke/", people_views.substitution_revoke, name="substitution-revoke"),
    path("account/phrases/", people_views.phrase_list, name="phrase-list"),
    path("account/phrases/<int:pk>/delete/", people_views.phrase_delete, name="phrase-delete"),
]

# -- operating rules, lists, assignments, working calendar
urlpatterns += [
    path("rules/", rule_views.rule_list, name="rule-list"),
    path("rules/steps/<int:published_step>/", rule_views.rule_detail, name="rule-detail"),
    path("rules/steps/<int:published_step>/edit/", rule_views.rule_edit, name="rule-edit"),
    path("rules/steps/<int:published_step>/tasks/", rule_views.task_templates_edit, name="task-templates-edit"),
    path("rules/steps/<int:published_step>/confirm/", rule_views.rule_confirm, name="rule-confirm"),
    path("rules/terms/", rule_views.term_list, name="term-list"),
    path("rules/terms/<slug:kind>/new/", rule_views.term_create, name="term-create"),
    path("rules/terms/<int:term>/", rule_views.term_edit, name="term-edit"),
    path("rules/terms/<int:term>/move/", rule_views.term_move, name="term-move"),
    path("rules/terms/<int:term>/archive/", rule_views.term_archive, name="term-archive"),
    path("rules/assignments/", rule_views.assignment_list, name="assignment-list"),
    path("rules/calendar/", calendar_views.calendar_now, name="calendar"),
    path("rules/calendar/import/", calendar_views.calendar_import, name="calendar-import"),
    path("rules/calendar/<int:year>/", calendar_views.calendar_year, name="calendar-year"),
    path("rules/calendar/days/<str:day>/", calendar_views.calendar_day_edit, name="calendar-day-edit"),
]

# -- prints of cases
urlpatterns += [
    path("cases/<str:number>/form.pdf", print_views.case_form, name="case-form"),
    path("cases/<str:number>/holds/<int:pk>/notice.pdf", print_views.hold_notice, name="hold-notice"),
    path("cases/<str:number>/file.pdf", print_views.case_file, name="case-file"),
]

# -- several cases of the list to another person
urlpatterns += [path("cases/reassign/", reassign_views.case_reassign, name="case-reassign")]

# -- opening a case, its page, its actions
urlpatterns += [
    path("cases/new/", case_views.case_new, name="case-new"),
    path("cases/new/<str:code>/", case_views.case_create, name="case-create"),
    path("drafts/", case_views.draft_save, name="draft-save"),
    path("cases/<str:number>/", case_views.case_detail, name="case-detail"),
    path("cases/<str:number>/do/<slug:action>/", case_views.case_do, name="case-do"),
    path("cases/<str:number>/<int:step>/do/<slug:action>/", case_views.case_do, name="step-do"),
    path("cases/<str:number>/<slug:part>/<int:pk>/do/<slug:action>/", case_views.case_do, name="part-do"),
]

# -- finding things
urlpatterns += [path("search/", search_views.search_page, name="search")]

# -- documents of cases
urlpatterns += [
    path("cases/<str:number>/documents/<int:pk>/", document_views.document_download, name="document-download"),
    path("cases/<str:number>/documents/<int:pk>/pages/<int:page>.png", document_views.document_page, name="document-page"),
]
