"""A file of cards imported as a table is: checked, with all that is wrong told at once, known people found, and undone."""

import pytest

from contacts.models import ContactPoint, ImportBatch, Organisation, Person, Position
from core.files import path_of
from tests import factories as make
from tests.cases.pages import text_of

from . import rosters

pytestmark = pytest.mark.django_db

OU = """BEGIN:VCARD
VERSION:3.0
N:区;明;;;
FN:区明
ORG:北湾商会;联络部
TITLE:会长
TEL;TYPE=CELL:13800000001
TEL;TYPE=WORK,VOICE:022-22000000
EMAIL:office@north.example
EMAIL;TYPE=PREF:ou@north.example
PHOTO;ENCODING=b:UE5HIGlzIG5vdCBrZXB0
NOTE:第一行\\n第二行
END:VCARD
"""
BERG = """BEGIN:VCARD
VERSION:4.0
N:Berg;Anna;;Dr.;
FN:Anna Berg
ORG:North Bay Chamber
TITLE:Secretary General
TEL;VALUE=uri:tel:+47-22-000000;ext=802
LANG:no
END:VCARD
"""
NAMELESS = "BEGIN:VCARD\nVERSION:3.0\nTEL:022-22000001\nEND:VCARD\n"


@pytest.fixture
def client():
    make.duty_list()
    country = make.country()
    client = make.client_of(make.worker("preparer", "1.1", name="林晓舟"))
    client.country = country.pk
    return client


def batch_of(client, cards, name="通讯录.vcf"):
    return rosters.checked(client, rosters.taken(client, cards.encode(), name), country=client.country)


def test_cards_become_people_with_their_bodies_and_lines(client):
    batch = rosters.imported(client, batch_of(client, OU + BERG))

    ou, berg = Person.objects.get(name="区明"), Person.objects.get(surname="Berg")
    assert (ou.note, berg.given_names, berg.honorific, berg.languages) == ("第一行\n第二行", "Anna", "Dr.", "no")
    posts = {(post.person, post.organisation.name, post.department, post.title) for post in Position.objects.all()}
    assert posts == {(ou, "北湾商会", "联络部", "会长"), (berg, "North Bay Chamber", "", "Secretary General")}
    assert Organisation.objects.get(name="North Bay Chamber").name_en == "North Bay Chamber"
    lines = set(ContactPoint.objects.filter(person=ou).values_list("kind", "value"))
    assert lines == {("mobile", "13800000001"), ("phone", "022-22000000"), ("email", "ou@north.example"), ("email", "office@north.example")}
    assert "802" in ContactPoint.objects.get(person=berg).value
    rosters.undone(client, batch)
    assert not Person.objects.current().exists()


def test_a_body_of_which_the_card_gives_no_post(client):
    body = make.organisation("北湾商会", country=make.country())

    rosters.imported(client, batch_of(client, "BEGIN:VCARD\nFN:贝明\nORG:北湾商会\nEND:VCARD"))

    assert str(Person.objects.get().positions.get(organisation=body)) == "北湾商会 （职务未注明）"


def test_what_is_kept_of_the_file_is_its_table_and_no_picture(client):
    batch = batch_of(client, OU)

    kept = path_of(batch.file).read_text()
    assert batch.format == "csv"
    assert kept.startswith("\ufeff中文姓名,")
    assert kept.index("ou@north.example") < kept.index("office@north.example")
    assert "UE5H" not in kept


def test_a_card_that_cannot_be_read_is_told_among_the_others(client):
    batch = batch_of(client, OU + NAMELESS + BERG)

    (told,) = batch.told.all()
    assert (told.number, list(told.problems)) == (3, ["name"])
    assert "第 2 张名片读不出来：没有姓名。" in text_of(client.get(batch.get_absolute_url()))


def test_whoever_is_known_is_shown_and_updated(client):
    body = make.organisation("北湾商会", country=make.country())
    known = make.contact("区明", at=body)
    batch = batch_of(client, OU)

    (told,) = batch.told.all()
    assert known.get_absolute_url() in client.get(batch.get_absolute_url()).content.decode()
    assert told.choice == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"name,phone\n", "里面没有 vCard 名片"),
        (NAMELESS.encode() * 501, "一次最多 500 张名片"),
        (b"BEGIN:VCARD\n" + b"x" * 4_000_001, "文件超过 4 MB"),
        (b"\xff\xfe\x00", "文件的编码读不出来"),
    ],
)
def test_a_bad_file_is_refused_beside_its_field(client, body, words):
    answer = rosters.uploaded(client, body, "名片.vcard")

    assert words in text_of(answer)
    assert not ImportBatch.objects.exists()


def test_a_file_that_is_marked_is_not_taken(client):
    answer = rosters.uploaded(client, OU.encode(), "机密 通讯录.vcf")

    assert answer.status_code == 200
    assert not ImportBatch.objects.exists()
