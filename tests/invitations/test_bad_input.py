"""What cannot be is refused beside its field, with what to do, and nothing that was typed is lost."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.models import Case
from contacts.models import Country
from invitations.models import Application, Invitee
from tests import factories as make

TODAY = timezone.localdate
TEXTS = ("purpose", "purpose_en", "relation", "relation_en", "places", "places_en", "itinerary", "post", "post_en")
PERSON = {
    "surname": "HOLM",
    "given_names": "MIA",
    "sex": "F",
    "birth_on": "1978-04-02",
    "passport_number": "P00000925",
    "passport_expires_on": "2034-01-01",
    "employer": "North Cape Rigging",
}
ODD = {"RTL": ("ab\u202ecd", "U+202E"), "emoji": ("abc😀", "U+1F600"), "NUL": ("abc\x00", "U+0000"), "unseen": ("a\u200bb", "U+200B"), "half": ("a\ud800", "")}


@pytest.fixture
def empty(preparer):
    return make.case("4.1", by=preparer)


@pytest.fixture
def client(preparer):
    return make.client_of(preparer)


def send(client, case, action, **typed):
    now = Case.objects.get(pk=case.pk)
    return client.post(reverse("cases:step-do", args=[case.number, 1, action]), {"version": now.version} | typed)


def errors(answer):
    return {name: list(told) for name, told in answer.context["form"].errors.items()}


@pytest.mark.parametrize("odd", ["RTL", "emoji", "NUL", "unseen"])
def test_signs_that_cannot_be_printed_are_named_beside_each_field(client, empty, odd):
    text, sign = ODD[odd]

    answer = send(client, empty, "edit_application", **dict.fromkeys(TEXTS, text), entries="one")

    told = errors(answer)
    assert set(told) == set(TEXTS)
    assert all(len(lines) == 1 and sign in lines[0] and "请删去" in lines[0] for lines in told.values())
    assert answer.context["form"]["entries"].value() == "one"
    assert Application.objects.get(case=empty).entries == ""


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "itinerary"])
def test_what_is_too_long_is_told_with_its_length(client, empty, name):
    answer = send(client, empty, "edit_application", **{name: "x" * 500}, itinerary="第一天")

    assert list(errors(answer)) == [name]
    assert "现在有 500 个，请缩短" in errors(answer)[name][0]
    assert "x" * 500 in answer.content.decode()
    assert "第一天" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"entry_on": lambda: TODAY() - timedelta(days=1)}, "entry_on", "请改为今后的日期"),
        ({"entry_on": lambda: "2999-01-01"}, "entry_on", "请核对年份"),
        ({"entry_on": lambda: "2026-02-30"}, "entry_on", "请写成"),
        ({"entry_on": lambda: "明天"}, "entry_on", "请写成"),
        ({"entry_on": lambda: TODAY() + timedelta(days=9), "exit_on": lambda: TODAY() + timedelta(days=8)}, "exit_on", "不能早于入境日期"),
        ({"entry_on": lambda: TODAY() + timedelta(days=9), "exit_on": lambda: "2999-01-01"}, "exit_on", "请核对年份"),
        ({"stay_days": lambda: "0"}, "stay_days", "1"),
        ({"stay_days": lambda: "9999"}, "stay_days", "365"),
        ({"stay_days": lambda: "1e30"}, "stay_days", "整数"),
        ({"purpose_en": lambda: "商务洽谈"}, "purpose_en", "这里填写英文"),
        ({"kind": lambda: "99999999999999999999"}, "kind", "选择"),
        ({"unit": lambda: "0x1"}, "unit", "选择"),
    ],
)
def test_facts_that_cannot_be_are_refused(client, empty, typed, field, words):
    sent = {name: value() for name, value in typed.items()}

    answer = send(client, empty, "edit_application", purpose="参加展会", **sent)

    assert list(errors(answer)) == [field]
    assert words in errors(answer)[field][0]
    form = answer.context["form"]
    assert (form["purpose"].value(), str(form[field].value())) == ("参加展会", str(sent[field]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, text) for name in ("surname", "given_names", "employer") for text in (ODD["RTL"][0], ODD["emoji"][0], ODD["NUL"][0], "x" * 500)),
        ("passport_number", "P0000\x000925"),
        ("passport_number", "护照号码"),
        ("passport_number", "９" * 40),
        ("birth_on", "1978-13-40"),
        ("passport_expires_on", "2999-01-01"),
        ("passport_expires_on", "20340101x"),
        ("mrz", "P<NOR\x00" + "<" * 80),
        ("mrz", "P<NORBERG<<LARS" + "<" * 29 + "\n" + "9" * 44),
        ("mrz", "x" * 6000),
        ("mrz", "\u202e😀"),
    ],
)
def test_a_person_that_cannot_be_is_refused_and_stays_typed(client, empty, name, value):
    nationality = Country.objects.get(code="NOR").pk

    answer = send(client, empty, "add_invitee", **PERSON | {"nationality": nationality} | {name: value})

    assert answer.status_code == 200
    assert name in errors(answer)
    form = answer.context["form"]
    kept = {field: form[field].value() for field in PERSON if field != name}
    assert kept == {field: text for field, text in PERSON.items() if field != name}
    assert not Invitee.objects.exists()


def test_a_roster_with_odd_rows_is_refused_row_by_row_and_stays(client, empty):
    rows = ["姓\t名\t性别\t出生日期\t国籍\t护照号码\t有效期至"]
    rows += ["HOLM\tMIA\tF\t1980-05-06\tNOR\tP00000925\t2034-01-01"]
    rows += [f"{'X' * 500}\tMIA\tF\t1980-05-06\tNOR\tP00000926\t2034-01-01"]
    rows += ["BERG😀\tLARS\tM\t2999-05-06\tNOR\tP00000927\t1999-01-01"]
    rows += ["LIND\tO\u202eLA\tM\t1980-05-06\tXXXX\tP1\t2999-01-01"]
    text = "\n".join(rows)

    answer = send(client, empty, "paste_roster", roster=text)

    told = "\n".join(errors(answer)["roster"])
    assert all(f"第 {row} 行" in told for row in (3, 4, 5))
    assert "第 2 行" not in told
    assert answer.context["form"]["roster"].value() == text
    assert not Invitee.objects.exists()


@pytest.mark.parametrize("text", ["\x00", "姓\t名\n\x00\t\x00", "x" * 200_001, "\t" * 5000, "\ufeff", "😀\n" * 300])
def test_what_is_no_roster_is_told(client, empty, text):
    answer = send(client, empty, "paste_roster", roster=text)

    assert answer.status_code == 200
    assert errors(answer)["roster"]


@pytest.mark.parametrize("number", ["\x00", "4.1-2026-0001'", "x" * 500, "😀", "\u202e"])
def test_another_case_that_cannot_be_is_told(client, empty, number):
    answer = send(client, empty, "take_over_case", number=number)

    assert answer.status_code == 200
    assert errors(answer)["number"]


@pytest.mark.parametrize("name", ["name", "name_en", "address", "contact", "note"])
@pytest.mark.parametrize("odd", ["RTL", "emoji", "NUL"])
def test_units_refuse_the_same(client, office, name, odd):
    text, sign = ODD[odd]

    answer = client.post(reverse("invitations:unit-create"), {name: text, "phone": "022-0000 0000"})

    assert sign in errors(answer)[name][0]
    assert answer.context["form"]["phone"].value() == "022-0000 0000"


@pytest.mark.parametrize("q", ["\x00", "😀" * 40, "\u202e", "'; DROP TABLE", "%" * 90, "x" * 500])
def test_searches_answer_whatever_is_typed(client, case, q):
    for name in ("home", "unit-list"):
        assert client.get(reverse(f"invitations:{name}"), {"q": q}).status_code == 200
