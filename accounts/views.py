"""Own account, people and roles."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import actions, queries
from .forms import DecisionForm, DisableForm, PeopleFilterForm, PersonForm, RoleRequestForm, SettingsForm
from .models import RoleRequest, User
from .sessions import handle_of

INITIAL_PASSWORD = "initial_password"  # noqa: S105 - the session's key for one that waits to be shown once
PAGE_SIZE = 50

page = require_http_methods(["GET", "HEAD", "POST"])
viewer = permission_required("accounts.view_user", raise_exception=True)
system_admin = permission_required("accounts.add_user", raise_exception=True)
role_asker = permission_required("accounts.request_role", raise_exception=True)
role_decider = permission_required("accounts.decide_role", raise_exception=True)
unlocker = permission_required("accounts.unlock_user", raise_exception=True)


@require_safe
def account(request):
    context = {
        "roles": request.user.held_roles,
        "sessions": queries.sessions_of(request.user),
        "current": handle_of(request.session.session_key),
        "sign_ins": queries.sign_ins_of(request.user),
        "languages": settings.LANGUAGES,
    }
    return render(request, "accounts/account.html", context)


@page
def settings_edit(request):
    person = User.objects.get(pk=request.user.pk)  # what is typed and refused must not dress this page
    form = SettingsForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        actions.change_settings(person=person, request=request)
        messages.success(request, _("已保存个人设置。"))
        return redirect("accounts:settings")
    return render(request, "accounts/settings_form.html", {"form": form})


@require_POST
def sessions_end_others(request):
    count = actions.end_sessions(person=request.user, by=request.user, request=request, but=request.session.session_key)
    messages.success(request, _("已结束其他 %(count)d 个会话。") % {"count": count})
    return redirect("accounts:account")


@login_not_required
@require_POST
def set_language(request):
    target = request.POST.get("next", "")
    response = redirect(target if url_has_allowed_host_and_scheme(target, allowed_hosts=None) else settings.LOGIN_REDIRECT_URL)
    language = request.POST.get("language", "")
    if check_for_language(language) and language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
        )
    return response


@viewer
@require_safe
def people_list(request):
    form = PeopleFilterForm(request.GET)
    found = queries.people(**form.cleaned_data) if form.is_valid() else User.objects.none()
    people = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"form": form, "people": people, "locked": queries.locked_among(list(people))}
    return render(request, "accounts/people_list.html", context)


@system_admin
@page
def person_create(request):
    form = PersonForm(request.POST or None)
    if form.is_valid():
        fields = form.cleaned_data
        person, password = actions.create_person(username=fields["username"], name=fields["name"], wanted=fields["roles"], by=request.user, request=request)
        request.session[INITIAL_PASSWORD] = [person.username, password]
        return redirect("accounts:initial-password", person.username)
    return render(request, "accounts/person_form.html", {"form": form})


@system_admin
@require_safe
def initial_password(request, username):
    person = get_object_or_404(User, username=username)
    waiting_for, password = request.session.get(INITIAL_PASSWORD, ("", ""))
    if request.method == "GET" and waiting_for == username:
        del request.session[INITIAL_PASSWORD]
    context = {"person": person, "password": password if waiting_for == username else "", "hours": settings.INITIAL_PASSWORD_AGE.total_seconds() // 3600}
    return render(request, "accounts/initial_password.html", context)


@viewer
@require_safe
def person_detail(request, username):
    person = get_object_or_404(User.objects.prefetch_related("groups"), username=username)
    security = request.user.has_perm("accounts.unlock_user")
    context = {
        "person": person,
        "role_requests": queries.role_requests().filter(person=person),
        "locks": queries.locks_of(person),
        "sessions": queries.sessions_of(person) if security else [],
        "current": handle_of(request.session.session_key),
    }
    return render(request, "accounts/person_detail.html", context)


@system_admin
@page
def person_disable(request, username):
    person = get_object_or_404(User, username=username, is_active=True)
    form = DisableForm(request.POST or None)
    if form.is_valid():
        try:
            actions.disable_person(person=person, reason=form.cleaned_data["reason"], by=request.user, request=request)
        except actions.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已停用，此人的会话已结束。"))
            return redirect(person)
    return render(request, "accounts/person_disable.html", {"form": form, "person": person})


@system_admin
@require_POST
def person_enable(request, username):
    person = get_object_or_404(User, username=username, is_active=False)
    actions.enable_person(person=person, by=request.user, request=request)
    messages.success(request, _("已启用。"))
    return redirect(person)


@system_admin
@require_POST
@reauthentication_required
def password_reset(request, username):
    person = get_object_or_404(User, username=username)
    try:
        password = actions.reset_password(person=person, by=request.user, request=request)
    except actions.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(person)
    request.session[INITIAL_PASSWORD] = [person.username, password]
    return redirect("accounts:initial-password", person.username)


@role_asker
@page
def role_request_create(request, username):
    person = get_object_or_404(User.objects.prefetch_related("groups"), username=username)
    form = RoleRequestForm(request.POST or None)
    if form.is_valid():
        try:
            actions.ask_for_role(person=person, **form.cleaned_data, by=request.user, request=request)
        except actions.Refused as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, _("已提出申请，待安全管理员批准。"))
            return redirect(person)
    return render(request, "accounts/role_request_form.html", {"form": form, "person": person})


@unlocker
@require_POST
def person_unlock(request, username):
    person = get_object_or_404(User, username=username)
    actions.unlock_person(person=person, by=request.user, request=request)
    messages.success(request, _("已解除登录锁定。"))
    return redirect(person)


@unlocker
@require_POST
def sessions_end(request, username):
    person = get_object_or_404(User, username=username)
    handle = request.POST.get("session", "")
    count = actions.end_sessions(person=person, by=request.user, request=request, handle=handle, but=request.session.session_key)
    messages.success(request, _("已结束 %(count)d 个会话。") % {"count": count})
    return redirect(person)


@require_safe
def role_list(request):
    return render(request, "accounts/role_list.html", {"roles": queries.roles_with_permissions()})


@role_decider
@require_safe
def role_request_list(request):
    pending = queries.role_requests().filter(decision="").order_by("asked_at", "pk")
    decided = queries.role_requests().exclude(decision="").order_by("-decided_at", "-pk")[:20]
    return render(request, "accounts/role_request_list.html", {"pending": pending, "decided": decided})


@role_decider
@require_POST
def role_request_decide(request, pk):
    asked = get_object_or_404(RoleRequest, pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请选择批准或不批准。"))
        return redirect("accounts:role-requests")
    try:
        actions.decide_role(asked=asked, approve=form.cleaned_data["decision"] == RoleRequest.Decision.APPROVED, by=request.user, request=request)
    except actions.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记录决定。"))
    return redirect("accounts:role-requests")
