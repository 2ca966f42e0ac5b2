"""vCards: every version read, hostile ones refused with a reason, what comes out goes in again; labels and name cards."""

import io

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from contacts import card_prints, vcards
from contacts.models import Organisation, OrganisationAddress
from core.libraries import library
from core.printing import PrintRefusedError
from tests import factories as make

pytestmark = pytest.mark.django_db

QUOTED = """BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=8D=95;=E6=98=8E;;=E5=85=88=E7=94=9F;\r
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=8D=95=\r
=E6=98=8E\r
TEL;CELL;PREF:+86 139 0000 0000\r
TEL;WORK;FAX:022-2222\r
EMAIL;INTERNET:a@example.org\r
ORG;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:=B1=B1=CD=E5;x\r
PHOTO;ENCODING=BASE64;TYPE=JPEG:AAAA\r
 BBBB\r
\r
NOTE;ENCODING=QUOTED-PRINTABLE:line1=0D=0Aline2\r
END:VCARD\r
"""
THIRD = """BEGIN:VCARD
VERSION:3.0
N:Berg;Lars;;Dr.;
FN:Berg Lars
TEL;TYPE=home,voice:+47 22 00 00 00
ADR:;;Street 1;Oslo;;0150;Norway
X-QQ:12345
END:VCARD
"""
FOURTH = """BEGIN:VCARD
VERSION:4.0
FN;ALTID=1;LANGUAGE=zh:贝明
FN;ALTID=1;LANGUAGE=en:Lars BERG
FN;ALTID=1;LANGUAGE=ru:Ларс
N;SORT-AS="Berg,Lars":贝;明;;;
TEL;VALUE=uri;TYPE="cell";PREF=1:tel:+86-22-1111;ext=12
EMAIL;TYPE=work;PREF=1:lars@example.org
ORG:北湾商会;外联部
TITLE:会长
LANG:no
END:VCARD
"""


def read_one(text):
    [card] = vcards.read(text)
    return card


def name_of(card):
    latin = " ".join(part for part in (card.values.get("given_names"), card.values.get("surname")) if part)
    return card.values.get("name") or latin


# -- reading -----------------------------------------------------------------------------------------------------------------------------------------------


def test_version_2_1_in_quoted_printable_and_two_encodings():
    card = read_one(QUOTED)

    assert (name_of(card), card.values["honorific"], card.values["note"]) == ("单明", "先生", "line1\nline2")
    assert (card.organisation, card.department) == ("北湾", "x")
    assert card.points == [("mobile", "+86 139 0000 0000"), ("fax", "022-2222"), ("email", "a@example.org")]


def test_a_comma_parts_nothing_in_version_2_1():
    card = read_one("BEGIN:VCARD\nVERSION:2.1\nN:Berg;Lars\nTITLE:Chairman, Board of Trade\nORG:North, South & Co.;Sales\nEND:VCARD\n")

    assert (card.title, card.organisation, card.department) == ("Chairman, Board of Trade", "North, South & Co.", "Sales")


def test_version_3_0():
    card = read_one(THIRD)

    assert (name_of(card), card.values["note"]) == ("Lars Berg", "地址：Street 1 Oslo, 0150 Norway")
    assert card.points == [("phone", "+47 22 00 00 00"), ("messenger", "12345")]


def test_version_4_0_with_names_in_three_scripts():
    card = read_one(FOURTH)

    names = {name: card.values[name] for name in ("name", "surname", "given_names", "name_native", "languages")}
    assert names == {"name": "贝明", "surname": "BERG", "given_names": "Lars", "name_native": "Ларс", "languages": "no"}
    assert (card.organisation, card.department, card.title) == ("北湾商会", "外联部", "会长")
    assert card.points == [("mobile", "+86-22-1111 转 12"), ("email", "lars@example.org")]


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("FN:Mia Holm", {"surname": "Holm", "given_names": "Mia"}),
        ("FN:欧阳 明", {"name": "欧阳明"}),
        ("N:Хольм;Мия;;;", {"name_native": "Мия Хольм"}),
        ("N:;;;;\nNICKNAME:Mia", {"surname": "Mia", "given_names": ""}),
        ("N;CHARSET=UTF-8:Holm;Mia;Eva;;", {"surname": "Holm", "given_names": "Mia Eva"}),
    ],
)
def test_names_are_known_by_their_script(lines, names):
    card = read_one(f"BEGIN:VCARD\nVERSION:3.0\n{lines}\nTEL:\nEND:VCARD")

    assert {name: card.values[name] for name in names} == names
    assert card.points == []


@pytest.mark.parametrize(
    ("card", "fault"),
    [
        ("BEGIN:VCARD\nVERSION:3.0\nEND:VCARD", "没有姓名。"),
        ("BEGIN:VCARD\nFN:x\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCARD", "名片里还套着别的内容。"),
        ("BEGIN:VCARD\nFN:x\n", "没有结尾"),
        ("BEGIN:VCARD\nqwerty\nEND:VCARD", "写法有误，读不出来。"),
        ("BEGIN:VCARD\nFN:x\n" + "NOTE:x\n" * 300 + "END:VCARD", "超过 200 行"),
        ("BEGIN:VCARD\nFN:" + "x" * 4001 + "\nEND:VCARD", "有一行超过 4000 个字符。"),
        ("BEGIN:VCARD\nFN:x\nNOTE:" + "\n ".join(["x" * 70] * 60) + "\nEND:VCARD", "有一行超过 4000 个字符。"),
    ],
)
def test_a_hostile_card_is_refused_and_its_neighbours_are_not(card, fault):
    first, second, third = vcards.read(f"{THIRD}{card}\n{FOURTH}")

    assert fault in second.fault
    assert (name_of(first), name_of(third)) == ("Lars Berg", "贝明")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "里面没有 vCard"),
        (b"x" * 4_000_001, "超过 4 MB"),
        (b"\x81", "编码读不出来"),
        (b"\xff\xfe\x00", "编码读不出来"),
        (("BEGIN:VCARD\nEND:VCARD\n" * 501).encode(), "一次最多 500 张"),
    ],
)
def test_a_file_that_is_none_is_refused(body, words):
    with pytest.raises(vcards.CardsRefusedError, match=words):
        vcards.read(vcards.decoded(body))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_is_read_in_any_usual_encoding(encoding):
    assert name_of(vcards.read(vcards.decoded("BEGIN:VCARD\nFN:贝明\nEND:VCARD".encode(encoding)))[0]) == "贝明"


# -- writing -----------------------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clerk():
    make.duty_list()
    return make.worker("preparer", "1.1")


@pytest.fixture
def client(clerk):
    return make.client_of(clerk)


@pytest.fixture
def met():
    body = make.organisation("北湾;商会", name_en="North Bay Chamber")
    made = make.contact(
        "欧阳明",
        at=body,
        title="会长, 主席",
        surname="OUYANG",
        given_names="Ming",
        name_native="Оуян Мин",
        honorific="先生",
        note="一\n二;三,四",
        points={"mobile": "+47 900 00 000", "email": "m@example.org", "messenger": "wx"},
    )
    made.points.filter(kind="mobile").update(is_preferred=True)
    made.points.create(kind="fax", value="9", folded="9", ended_on="2020-01-01")
    return made


@pytest.mark.parametrize("version", ["2.1", "3.0", "4.0", "9.9"])
def test_what_is_written_is_read_as_it_was(client, met, version):
    answer = client.get(reverse("contacts:card-export"), {"person": met.pk, "version": version})

    assert answer["Content-Type"] == "text/vcard; charset=utf-8"
    assert ("VERSION:4.0" in answer.text) == (version == "4.0")
    card = read_one(answer.text)
    told = {name: card.values[name] for name in ("name", "surname", "given_names", "name_native", "honorific", "note")}
    assert told == {name: getattr(met, name) for name in told}
    assert (card.organisation, card.title) == ("北湾;商会", "会长, 主席")
    assert card.points[0] == ("mobile", "+47 900 00 000")
    assert sorted(card.points) == [("email", "m@example.org"), ("messenger", "wx"), ("mobile", "+47 900 00 000")]
    assert AuditEvent.objects.get(action="contact.write_cards").subject == f"contacts.person:{met.pk}"


def test_version_2_1_is_ascii_in_short_lines(client, met):
    text = client.get(reverse("contacts:card-export"), {"person": met.pk, "version": "2.1"}).text

    assert text.isascii()
    assert max(map(len, text.split("\r\n"))) <= 76
    assert "VERSION:2.1\r\n" in text
    assert "TEL;CELL;PREF:+47 900 00 000\r\n" in text
    assert "\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E6=AC=A7=E9=98=B3;=E6=98=8E;;" in text


@pytest.mark.parametrize("version", vcards.VERSIONS)
def test_a_name_with_a_dot_comes_back_as_it_was(client, version):
    person = make.contact("拉尔斯·贝里", surname="BERG", given_names="Lars")

    card = read_one(client.get(reverse("contacts:card-export"), {"person": person.pk, "version": version}).text)

    assert (card.values["name"], card.values["surname"]) == ("拉尔斯·贝里", "BERG")


@pytest.mark.parametrize(
    ("names", "written"),
    [
        ({"name": "拉尔斯·贝里", "surname": "BERG", "given_names": "Lars"}, "N:贝里;拉尔斯;;;"),
        ({"name": "阿依古丽·买买提"}, "N:;阿依古丽·买买提;;;"),
        ({"name": "欧阳明"}, "N:欧阳;明;;;"),
        ({"name": "", "surname": "BERG", "given_names": "Lars"}, "N:BERG;Lars;;;"),
        ({"name": "", "name_native": "Мия"}, "N:;Мия;;;"),
    ],
)
def test_a_name_is_parted_as_its_script_does(client, names, written):
    person = make.contact(names.pop("name"), **names)

    assert written in client.get(reverse("contacts:card-export"), {"person": person.pk}).text.splitlines()


def test_a_name_that_stands_twice_is_written_once(client):
    person = make.contact("贝里", surname="Berg", name_native="Berg")

    assert client.get(reverse("contacts:card-export"), {"person": person.pk}).text.count("NICKNAME:") == 1


def test_a_list_is_written_as_the_filter_leaves_it(client):
    make.contact("", name_native="Мия")
    make.contact("贝明", languages="挪威语")

    assert client.get(reverse("contacts:card-export")).text.count("BEGIN:VCARD") == 2
    answer = client.get(reverse("contacts:card-export"), {"language": "挪威"})
    assert [name_of(card) for card in vcards.read(answer.text)] == ["贝明"]
    assert AuditEvent.objects.filter(action="contact.write_cards").earliest("number").subject == "contacts.person"


def test_who_may_take_nothing_along_gets_no_cards(met):
    for name in ("card-export", "label-print", "name-card-print"):
        assert make.signed_in("preparer").get(reverse(f"contacts:{name}"), {"person": met.pk}).status_code == 404
        assert make.signed_in("leader").get(reverse(f"contacts:{name}"), {"person": met.pk}).status_code == 403
        assert make.signed_in("signer").get(reverse(f"contacts:{name}"), {"person": "x"}).status_code == 404


def test_of_nobody_there_are_no_cards(client):
    assert client.get(reverse("contacts:card-export")).status_code == 404
    assert not AuditEvent.objects.filter(action="contact.write_cards").exists()


def test_too_many_are_not_taken_at_once(client, met, monkeypatch):
    for name in ("MOST", "MOST_PRINTED"):
        monkeypatch.setattr(f"contacts.card_views.{name}", 0)

    for name in ("card-export", "label-print"):
        assert "一次最多 0 人" in client.get(reverse(f"contacts:{name}")).text


# -- on paper ----------------------------------------------------------------------------------------------------------------------------------------------


def text_of(body):
    document = library("pypdfium2.PdfDocument")(io.BytesIO(body))
    return ["".join(page.get_textpage().get_text_range().split()) for page in document]


def test_labels_go_home_in_chinese_and_abroad_in_english(client, met):
    abroad = Organisation.objects.get()
    OrganisationAddress.objects.create(organisation=abroad, text="奥斯陆市示例街 1 号", text_en="1 Example Street, Oslo", postcode="0150")
    home = make.organisation("驻津办", country=make.country("CHN"))
    OrganisationAddress.objects.create(organisation=home, text="天津市示例路 2 号", text_en="2 Example Road", postcode="300000")
    make.contact("贝明", at=home, title="主任", honorific="女士")
    make.contact("无址")

    answer = client.get(reverse("contacts:label-print"))

    sheet, missing = text_of(answer.content)
    assert "MingOUYANGNorthBayChamber1ExampleStreet,Oslo0150NORWAY" in sheet
    assert "300000天津市示例路2号驻津办主任贝明女士收" in sheet
    assert missing == "没有地址，未列入：无址"
    assert '"print": "labels"' in AuditEvent.objects.get(action="contact.print").facts


def test_of_people_without_an_address_no_empty_sheet_is_printed(client, met):
    pages = text_of(client.get(reverse("contacts:label-print")).content)

    assert pages == ["没有地址，未列入：欧阳明"]


def test_name_cards_tell_name_body_and_post(client, met):
    make.contact("贝明")

    [sheet] = text_of(client.get(reverse("contacts:name-card-print")).content)

    assert "北湾;商会欧阳明MingOUYANG会长,主席" in sheet
    assert "贝明" in sheet


def test_a_print_that_is_refused_says_why(client, met, monkeypatch):
    def refuse(people):
        raise PrintRefusedError("字库里没有")

    monkeypatch.setattr(card_prints, "labels_pdf", refuse)

    answer = client.get(reverse("contacts:label-print"))
    assert (answer.status_code, "字库里没有" in answer.text) == (422, True)
    assert not AuditEvent.objects.filter(action="contact.print").exists()
