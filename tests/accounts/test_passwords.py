"""What a password may be, how it is changed, and who sets it."""

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from accounts import actions
from accounts.actions import Refused
from accounts.models import AuditEvent, User
from accounts.validators import BANNED_WORDS
from tests import factories as make

NEW = "vier Elefanten 下棋"


def change(client, **fields):
    return client.post("/accounts/password/change/", {"oldpassword": make.PASSWORD, "password1": NEW, "password2": NEW} | fields)


@pytest.mark.parametrize("word", BANNED_WORDS)
def test_a_banned_word_is_named(word):
    with pytest.raises(ValidationError, match=f"容易猜到的词“{min((w for w in BANNED_WORDS if w in word), key=BANNED_WORDS.index)}”"):
        validate_password(f"xk7-{word.upper()}-horse-battery")


def test_full_width_letters_do_not_hide_a_banned_word():
    with pytest.raises(ValidationError, match="ccpit"):
        validate_password("ＣＣＰＩＴ horse battery")


@pytest.mark.parametrize("password", ["2026-11-23-2026", "1987/2026 !!!! 77"])
def test_a_year_alone_is_refused(password):
    with pytest.raises(ValidationError, match="年份"):
        validate_password(password)


@pytest.mark.parametrize(
    "password", [NEW, "horse battery 2026", "x" * 40 + "y" * 88, "  leading and trailing  ", "####-++++-!!!!-()", "四只大象在海河边上下棋喝茶看报"]
)
def test_other_long_passwords_are_taken(password):
    assert validate_password(password) is None  # it raises for what it refuses


@pytest.mark.parametrize("password", ["short", "q1w2e3r4t5y6", "123456789012345"])
def test_short_common_and_numeric_passwords_are_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)


def test_the_rules_are_told():
    assert "不能含有单位、地名、部门名称等容易猜到的词。" in password_validators_help_texts()


@pytest.mark.django_db
def test_a_changed_password_is_recorded_and_works():
    client = make.signed_in()

    response = change(client)

    person = User.objects.get(pk=client.person.pk)
    assert response["Location"] == "/account/"
    assert person.check_password(NEW)
    assert AuditEvent.objects.filter(action="password.change", by=person).count() == 1
    assert "密码已更改" in client.get("/account/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"oldpassword": "wrong password 99"}, "oldpassword", "当前密码不正确"),
        ({"oldpassword": ""}, "oldpassword", "请填写这一项"),
        ({"password1": make.PASSWORD, "password2": make.PASSWORD}, "password1", "与当前密码相同"),
        ({"password2": "something else"}, "password2", "两次输入的新密码不一致"),
        ({"password1": "short", "password2": "short"}, "password1", "12"),
        ({"password1": "zhao.liu.zhao.liu", "password2": "zhao.liu.zhao.liu"}, "password1", "相似"),
    ],
)
def test_a_refused_password_says_why_beside_the_field(fields, field, reason):
    client = make.signed_in(username="zhao.liu.zhao.liu")

    response = change(client, **fields)

    assert list(response.context["form"].errors) == [field]
    assert reason in str(response.context["form"].errors[field])
    assert User.objects.get(pk=client.person.pk).check_password(make.PASSWORD)


@pytest.mark.django_db
def test_spaces_and_decomposed_letters_of_a_password_count():
    client = make.signed_in()

    change(client, password1="  café au lait 42 ", password2="  café au lait 42 ")

    person = User.objects.get(pk=client.person.pk)
    assert person.check_password("  café au lait 42 ")
    assert not person.check_password("café au lait 42")
    assert not person.check_password("  cafe\u0301 au lait 42 ")


@pytest.mark.django_db
def test_the_change_page_works_with_password_managers():
    page = make.signed_in().get("/accounts/password/change/").content.decode()

    assert page.count('autocomplete="new-password"') == 2
    assert page.count('autocomplete="current-password"') == 1


@pytest.mark.django_db
def test_a_reset_gives_a_password_that_must_be_changed():
    person, admin = make.person(), make.person("system_admin")

    password = actions.reset_password(person=person, by=admin)

    person.refresh_from_db()
    assert person.check_password(password)
    assert person.must_change_password
    assert AuditEvent.objects.get(action="password.reset").by == admin


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["system_admin", "security_admin", "auditor"])
def test_no_administrator_resets_the_password_of_another(role):
    """Else one could sign in as the other and approve what they asked for themselves."""
    other, admin = make.person(role), make.person("system_admin")

    with pytest.raises(Refused, match=r"manage\.py reset_password"):
        actions.reset_password(person=other, by=admin)

    other.refresh_from_db()
    assert not other.must_change_password


@pytest.mark.django_db
def test_nobody_resets_their_own_password():
    admin = make.person("system_admin")

    with pytest.raises(Refused, match="更改密码"):
        actions.reset_password(person=admin, by=admin)


def test_generated_passwords_are_long_different_and_acceptable():
    passwords = {actions.generate_password() for _time in range(200)}

    assert len(passwords) == 200
    for password in passwords:
        validate_password(password)
        assert len(password) == 23


@pytest.mark.django_db
def test_no_password_stands_in_the_trail():
    _person, password = actions.create_person(username="new.person", name="甲", by=make.person("system_admin"))
    client = make.signed_in()
    change(client)

    kept = "".join(AuditEvent.objects.values_list("facts", flat=True))
    assert password not in kept
    assert NEW not in kept
