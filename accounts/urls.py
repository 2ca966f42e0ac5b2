"""Sign-in, own account, people and roles. Of allauth's pages only these four are routed; the others would stand open."""

from allauth.account import views as allauth_views
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.decorators.http import require_http_methods

from . import views

# allauth's class views take PUT for POST; and there is nothing to sign out of for whoever is not signed in.
page = require_http_methods(["GET", "HEAD", "POST"])

own = [
    path("account/", views.account, name="account"),
    path("account/settings/", views.settings_edit, name="settings"),
    path("account/sessions/end-others/", views.sessions_end_others, name="sessions-end-others"),
    path("language/", views.set_language, name="set-language"),
    path("people/", views.people_list, name="people-list"),
    path("people/new/", views.person_create, name="person-create"),
    path("people/<str:username>/", views.person_detail, name="person-detail"),
    path("people/<str:username>/disable/", views.person_disable, name="person-disable"),
    path("people/<str:username>/enable/", views.person_enable, name="person-enable"),
    path("people/<str:username>/password/reset/", views.password_reset, name="password-reset"),
    path("people/<str:username>/password/", views.initial_password, name="initial-password"),
    path("people/<str:username>/roles/", views.role_request_create, name="role-request-create"),
    path("people/<str:username>/unlock/", views.person_unlock, name="person-unlock"),
    path("people/<str:username>/sessions/end/", views.sessions_end, name="sessions-end"),
    path("roles/", views.role_list, name="role-list"),
    path("role-requests/", views.role_request_list, name="role-requests"),
    path("role-requests/<int:pk>/decide/", views.role_request_decide, name="role-request-decide"),
]

urlpatterns = [
    path("accounts/login/", login_not_required(page(allauth_views.login)), name="account_login"),
    path("accounts/logout/", login_not_required(page(allauth_views.logout)), name="account_logout"),
    path("accounts/password/change/", page(allauth_views.password_change), name="account_change_password"),
    path("accounts/reauthenticate/", page(allauth_views.reauthenticate), name="account_reauthenticate"),
    path("", include((own, "accounts"))),
]
