"""Forms of signing in, of accounts and of roles. Password fields have no upper limit that anybody meets, and take pasted text."""

from datetime import date
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from core.forms import PortalHelper, SearchHelper

from .audit import acting, record
from .models import RoleRequest, User
from .roles import CHOICES, exclude_one_another

STATES = [("", _("全部状态")), ("active", _("启用")), ("disabled", _("停用"))]
TICK_ONE = forms.RadioSelect(attrs={"class": "form-check-input"})
TICK_MANY = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
THIS_AGE = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))]  # a day at the end of the calendar has no midnight in UTC
RESERVED = {"new"}  # /people/new/ is a page


class LoginForm(allauth_forms.LoginForm):
    helper = PortalHelper()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("登录名")
        self.fields["login"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
        self.fields["password"].label = _("密码")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            del field.widget.attrs["placeholder"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.user and self.user.initial_password_is_void:
            with acting(None, self.request):
                record("sign_in.void", self.user)
            raise ValidationError(_("初始密码已过期作废。请联系系统管理员重新设置初始密码。"), code="initial_password_void")
        return cleaned


class ReauthenticateForm(allauth_forms.ReauthenticateForm):
    helper = PortalHelper()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("密码")
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}


class PasswordChangeForm(allauth_forms.ChangePasswordForm):
    helper = PortalHelper()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("oldpassword", _("当前密码")), ("password1", _("新密码")), ("password2", _("再输入一次新密码"))):
            self.fields[name].label = label
            del self.fields[name].widget.attrs["placeholder"]
        self.fields["oldpassword"].help_text = ""
        self.fields["password1"].help_text = _("至少 12 个字符，可以是一句话；不能含有登录名、姓名、单位、地名等容易猜到的词。")

    def clean_oldpassword(self) -> str:
        """Wrong guesses count as failed sign-ins: a session left open is no way to try passwords."""
        password = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super(allauth_forms.PasswordVerificationMixin, self).clean() or self.cleaned_data
        new = cleaned.get("password1")
        if new and new == cleaned.get("oldpassword"):
            self.add_error("password1", _("新密码与当前密码相同，请换一个。"))
        if new and cleaned.get("password2") not in {None, new}:
            self.add_error("password2", _("两次输入的新密码不一致，请重新输入。"))
        return cleaned


class PersonForm(forms.ModelForm):
    roles = forms.MultipleChoiceField(
        label=_("申请角色"),
        choices=CHOICES,
        required=False,
        widget=TICK_MANY,
        help_text=_("由安全管理员批准后生效。系统管理员、安全管理员、审计员互不兼任，也不兼任业务角色。"),
    )
    helper = PortalHelper()

    class Meta:
        model = User
        fields = ["username", "name"]
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})}

    def clean_username(self) -> str:
        username = self.cleaned_data["username"].lower()
        if username in RESERVED:
            raise ValidationError(_("这个登录名不能使用，请换一个。"))
        return username

    def clean_roles(self) -> list[str]:
        roles = self.cleaned_data["roles"]
        if exclude_one_another(roles):
            raise ValidationError(_("这些角色不能由一人兼任，请只选同一类角色。"))
        return roles


class PeopleFilterForm(forms.Form):
    q = forms.CharField(label=_("姓名或登录名"), max_length=40, required=False)
    role = forms.ChoiceField(label=_("角色"), choices=[("", _("全部角色")), *CHOICES], required=False)
    state = forms.ChoiceField(label=_("状态"), choices=STATES, required=False)
    helper = SearchHelper()


class DisableForm(forms.Form):
    reason = forms.CharField(label=_("停用理由"), max_length=200, help_text=_("例如：调离、退休、长期外派。会记入审计日志。"))
    helper = PortalHelper()


class RoleRequestForm(forms.Form):
    change = forms.ChoiceField(label=_("变更"), choices=RoleRequest.Change, widget=TICK_ONE, initial=RoleRequest.Change.GRANT)
    role = forms.ChoiceField(label=_("角色"), choices=CHOICES)
    reason = forms.CharField(label=_("理由"), max_length=200, help_text=_("安全管理员凭此决定，例如：接替某人的审核工作。"))
    helper = PortalHelper()


class SettingsForm(forms.ModelForm):
    """How the person wants the pages."""

    helper = PortalHelper()

    class Meta:
        model = User
        fields = ["density", "text_size", "shortcuts"]
        widgets = {"density": TICK_ONE, "text_size": TICK_ONE, "shortcuts": forms.CheckboxInput(attrs={"class": "form-check-input"})}


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=RoleRequest.Decision)
