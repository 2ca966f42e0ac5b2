"""Invitation letters and their verification."""

from django.urls import path

from duties.public_site import VARIANTS

from . import (
    application_print_views,
    batch_views,
    letter_views,
    maintained_views,
    paper_views,
    people_views,
    personal_views,
    register_views,
    template_views,
    unit_views,
    verify_views,
)

app_name = "invitations"
urlpatterns = []

# -- applications and inviting units
urlpatterns += [
    path("invitations/", unit_views.home, name="home"),
    path("invitations/units/", unit_views.unit_list, name="unit-list"),
    path("invitations/units/new/", unit_views.unit_create, name="unit-create"),
    path("invitations/units/<int:pk>/", unit_views.unit_detail, name="unit-detail"),
    path("invitations/units/<int:pk>/edit/", unit_views.unit_edit, name="unit-edit"),
    path("invitations/units/<int:pk>/filing/", unit_views.unit_file, name="unit-file"),
    path("invitations/units/<int:pk>/hold/", unit_views.unit_hold, name="unit-hold"),
    path("invitations/filings/<int:pk>/withdraw/", unit_views.filing_withdraw, name="filing-withdraw"),
]

# -- applications on paper, the register of letters
urlpatterns += [
    path("invitations/applications/<str:number>/receipt.pdf", application_print_views.application_receipt, name="application-receipt"),
    path("invitations/applications/<str:number>/approval.pdf", application_print_views.application_approval, name="application-approval"),
    path("invitations/applications/<str:number>/roster.pdf", application_print_views.application_roster, name="application-roster"),
    path("invitations/register/", register_views.register, name="register"),
    path("invitations/register/years/", register_views.register_years, name="register-years"),
    path("invitations/register/<int:year>/<int:volume>.pdf", register_views.register_print, name="register-print"),
    path("invitations/register/<int:year>/<int:month>/<int:volume>.pdf", register_views.register_print, name="register-print-month"),
]

# -- what letters are made by
urlpatterns += [
    path("rules/letters/", template_views.template_list, name="template-list"),
    path("rules/letters/templates/<int:pk>/", template_views.template_detail, name="template-detail"),
    path("rules/letters/templates/<int:pk>/approve/", template_views.template_approve, name="template-approve"),
    path("rules/letters/templates/<int:pk>/send-back/", template_views.template_send_back, name="template-send-back"),
    path("rules/letters/templates/<int:pk>/specimen.pdf", template_views.template_specimen, name="template-specimen"),
    path("rules/letters/templates/<int:pk>/specimen.png", template_views.template_picture, name="template-picture"),
    path("rules/letters/kinds/<int:kind>/template/", template_views.template_draft, name="template-draft"),
    path("rules/letters/kinds/", maintained_views.kind_list, name="kind-list"),
    path("rules/letters/kinds/new/", maintained_views.kind_create, name="kind-create"),
    path("rules/letters/kinds/<int:pk>/", maintained_views.kind_edit, name="kind-edit"),
    path("rules/letters/nationalities/", maintained_views.nationality_list, name="nationality-list"),
    path("rules/letters/nationalities/new/", maintained_views.nationality_create, name="nationality-create"),
    path("rules/letters/nationalities/<int:pk>/", maintained_views.nationality_edit, name="nationality-edit"),
    path("rules/letters/nationalities/<int:pk>/archive/", maintained_views.nationality_archive, name="nationality-archive"),
    path("rules/letters/nationalities/<int:pk>/restore/", maintained_views.nationality_restore, name="nationality-restore"),
    path("rules/letters/checks/", maintained_views.check_rule_list, name="check-rule-list"),
    path("rules/letters/checks/<str:code>/", maintained_views.check_rule_detail, name="check-rule-detail"),
    path("rules/letters/checks/<str:code>/edit/", maintained_views.check_rule_edit, name="check-rule-edit"),
    path("rules/letters/checks/<str:code>/confirm/", maintained_views.check_rule_confirm, name="check-rule-confirm"),
]

# -- letters
urlpatterns += [
    path("invitations/letters/<int:pk>/", letter_views.letter_detail, name="letter-detail"),
    path("invitations/letters/<int:pk>/letter.pdf", letter_views.letter_download, name="letter-download"),
    path("invitations/letters/<int:pk>/slip.pdf", paper_views.letter_slip, name="letter-slip"),
    path("invitations/letters/<int:pk>/scan.pdf", paper_views.scan_open, name="scan-open"),
    path("invitations/scans/<int:pk>.pdf", paper_views.scan_compare, name="scan-compare"),
    path("invitations/issue/", batch_views.batch_create, name="batch-create"),
    path("invitations/issue/<int:pk>/", batch_views.batch_detail, name="batch-detail"),
    path("invitations/specimens/<str:number>.pdf", letter_views.specimen, name="specimen"),
    path("invitations/specimens/<str:number>.png", letter_views.specimen_picture, name="specimen-picture"),
]

# -- the people on letters
urlpatterns += [
    path("invitations/people/<str:number>/<int:pk>/passport/", people_views.invitee_reveal, name="invitee-reveal"),
    path("invitations/visits/", people_views.visit_list, name="visit-list"),
    path("invitations/visits/<str:number>/", people_views.visit_edit, name="visit-edit"),
]

# -- their data: how long it is kept, what was purged, what a person asked for
urlpatterns += [
    path("invitations/personal/", personal_views.personal_home, name="personal-home"),
    path("invitations/personal/rules/<slug:what>/", personal_views.retention_edit, name="retention-edit"),
    path("invitations/personal/rules/<slug:what>/confirm/", personal_views.retention_confirm, name="retention-confirm"),
    path("invitations/personal/purges/<int:pk>/", personal_views.purge_detail, name="purge-detail"),
    path("invitations/personal/purges/<int:pk>/certificate.pdf", personal_views.purge_print, name="purge-print"),
    path("invitations/people/<str:number>/<int:pk>/request/", personal_views.request_create, name="request-create"),
    path("invitations/personal/requests/<int:pk>/", personal_views.request_detail, name="request-detail"),
    path("invitations/personal/requests/<int:pk>/data.<slug:format>", personal_views.request_data, name="request-data"),
]

# -- checking a letter, in every dress of the public site
for prefix in reversed([variant.prefix[1:] for variant in VARIANTS]):
    urlpatterns += [
        path(f"{prefix}verify/", verify_views.verify, name="verify"),
        path(f"{prefix}verify/<slug:token>/", verify_views.verify_token, name="verify-token"),
    ]
