"""Open data: one structure, the words as published, nothing invented."""

import csv
import io
import json
import re
from xml.etree import ElementTree

import jsonschema
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from duties import open_data, public_site
from duties.models import DutyItem, Sheet
from duties.publishing import publish_edition

from .test_publishing import approved_revision, people, revise  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
SCHEMA = json.loads(public_site.SCHEMA.read_text())


@pytest.fixture
def document(edition):
    return open_data.list_as_data()


def item(document, code):
    return next(item for item in open_data.items_of(document) if item["code"] == code)


def test_json_keeps_to_its_schema(document):
    told = json.loads(open_data.as_json(document))

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(told, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert told == document


def test_the_schema_refuses_what_is_not_in_it(document):
    document["categories"][0]["items"][0]["sheet"]["fee"] = "免费"

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_before_anything_is_published_there_is_nothing(db):
    assert open_data.list_as_data() is None
    assert public_site.write() is False


def test_3_2_is_listed_without_a_sheet(document):
    told = item(document, "3.2")

    assert told["sheet"] is None
    assert told["contents"] == {"name": "负责国家相关部门举办、我市参与的国际经贸活动的组织工作。", "page": 7}
    assert told["editions"] == []


def test_cells_are_word_for_word(document, publication):
    for code, sheet in publication.sheets.items():
        cells = item(document, code)["sheet"]["cells"]
        assert list(cells.values()) == [
            sheet.name,
            sheet.legal_basis_cell,
            sheet.implementing_body,
            sheet.boundary,
            sheet.process_cell,
            sheet.materials_cell,
            sheet.responsibilities_cell,
            sheet.supervision_cell,
        ]


def test_every_field_of_a_sheet_is_in_the_data(edition):
    """A field on one face and not on the others is a bug: each text column of a sheet is told."""
    sheet = Sheet.objects.get(item="4.1")
    told = json.dumps(sheet.as_data(), ensure_ascii=False)

    texts = [field.attname for field in Sheet._meta.fields if field.get_internal_type() == "TextField"]

    assert len(texts) == 9
    assert [name for name in texts if json.dumps(getattr(sheet, name), ensure_ascii=False) not in told] == []


def test_csv_opens_in_a_spreadsheet(document, publication):
    raw = open_data.as_csv(document)
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))

    assert raw.startswith(b"\xef\xbb\xbf")
    assert [row["序号"] for row in rows] == ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1"]
    assert rows[7]["法定依据"] == publication.sheets["4.1"].legal_basis_cell
    assert (rows[6]["运行流程"], rows[6]["说明"]) == ("", "信息表未随源文件提供")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_no_cell_becomes_a_formula(text):
    assert open_data.harmless(text) == "'" + text


def test_harmless_text_and_numbers_stay():
    assert [open_data.harmless(value) for value in ("1.接件", "《x》", 7, None)] == ["1.接件", "《x》", 7, None]


def test_json_ld_is_schema_org_and_says_only_what_is_published(document):
    told = json.loads(public_site.json_ld(item(document, "4.1")))

    assert (told["@type"], told["identifier"], told["provider"]["telephone"]) == ("GovernmentService", "4.1", "23301335")
    assert told["url"] == "http://127.0.0.1:8000/duties/4.1/"
    bare = json.loads(public_site.json_ld(item(document, "3.2")))
    assert sorted(bare) == ["@context", "@id", "@type", "category", "identifier", "inLanguage", "name", "url"]


def test_json_ld_cannot_end_its_script(document):
    told = item(document, "3.2")
    told["contents"]["name"] = "</script><script>alert(1)</script>&"

    escaped = public_site.json_ld(told)

    assert not set("<>&") & set(escaped)
    assert json.loads(escaped)["name"] == told["contents"]["name"]


def test_atom_names_each_edition(edition, people):  # noqa: F811
    publish_edition(approved_revision(edition, people), by=people[2])

    feed = ElementTree.fromstring(public_site.atom(open_data.list_as_data()))  # noqa: S314 - our own bytes

    atom = "{http://www.w3.org/2005/Atom}"
    assert [entry.findtext(f"{atom}title") for entry in feed.iter(f"{atom}entry")] == ["第 2 版", "第 1 版"]
    assert [entry.findtext(f"{atom}summary") for entry in feed.iter(f"{atom}entry")] == ["修订事项 4.1", "按收到的公布文本录入。"]


def test_history_of_an_item(edition, people):  # noqa: F811
    publish_edition(approved_revision(edition, people), by=people[2])

    editions = item(open_data.list_as_data(), "4.1")["editions"]

    assert [(row["number"], row["status"]) for row in editions] == [(2, "published"), (1, "superseded")]


def test_changes_name_what_is_new_gone_and_revised(edition, people):  # noqa: F811
    second = revise(edition, "4.1", people[0], boundary="x")
    second.entries.filter(item="1.2").update(item=DutyItem.objects.create(code="1.9"))

    told = open_data.changes(second, edition)

    assert told == [{"code": "1.2", "kind": "removed"}, {"code": "1.9", "kind": "added"}, {"code": "4.1", "kind": "changed"}]
    assert open_data.changes(edition, None) == []


def test_the_number_of_queries_does_not_grow(edition, people):  # noqa: F811
    with CaptureQueriesContext(connection) as one:
        open_data.list_as_data()
    publish_edition(approved_revision(edition, people), by=people[2])
    with CaptureQueriesContext(connection) as two:
        open_data.list_as_data()

    assert len(one) == len(two) <= 9


def test_no_text_of_the_interface_stands_for_a_missing_one(document):
    """NULL in the data, a note on the page: the two are never mixed."""
    assert not re.search("未随源文件提供|待核定|核定中", open_data.as_json(document).decode())
