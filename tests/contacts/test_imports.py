"""A table of contacts imported: mapped, checked, corrected, imported, undone; and what is refused on the way."""

import io
import json
import zipfile

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import Refused
from accounts.audit import find_faults
from accounts.models import AuditEvent
from contacts import import_acts, import_checking, import_columns, import_undoing, importing
from contacts.models import ContactPoint, ImportBatch, ImportRow, MatchKey, Organisation, OrganisationAddress, Person, Position
from core import bulk
from core.inspection import RefusedFileError
from core.models import SearchEntry
from core.search import search
from jobs.models import Job
from tests import factories as make
from tests.cases.pages import text_of

from . import rosters

pytestmark = pytest.mark.django_db
SHORT = ["中文姓名", "姓", "名", "单位名称", "国家", "职务", "手机", "邮箱"]


@pytest.fixture
def clerk():
    make.duty_list()
    make.country()
    return make.worker("preparer", "1.1", name="林晓舟")


@pytest.fixture
def client(clerk):
    return make.client_of(clerk)


def batch_of(client, table, headings=SHORT, **choices):
    return rosters.checked(client, rosters.taken(client, rosters.text(table, headings), "名单.csv"), **choices)


def told(batch):
    return {row.number: row for row in batch.told.all()}


def row_url(batch, number):
    return reverse("contacts:import-row", args=[batch.pk, number])


def page(client, batch, **query):
    return text_of(client.get(batch.get_absolute_url(), query))


def book():
    """All of the book as it is, whoever wrote it when."""
    found = {}
    for model in (Organisation, Person, Position, ContactPoint, OrganisationAddress):
        names = [field.attname for field in model._meta.concrete_fields if field.attname != "version"]
        found[model] = list(model._base_manager.filter(**({"archived_at": None} if model in (Organisation, Person) else {})).order_by("pk").values_list(*names))
    return found


ONE = ["区明", "", "", "北湾商会", "挪威", "会长", "13800000001", "ou@north.example"]
TWO = ["", "Berg", "Anna", "北湾商会", "挪威", "秘书长", "", "anna@north.example"]


# -- the file ----------------------------------------------------------------------------------------------------------------------------------------------


def test_a_file_is_mapped_by_its_headings(client):
    batch = rosters.taken(client, rosters.workbook(list(rosters.rows(3))))

    assert batch.state == "mapping"
    assert batch.mapping == {
        "1": "name",
        "2": "surname",
        "3": "given_names",
        "4": "sex",
        "5": "nationality",
        "6": "organisation",
        "7": "organisation_country",
        "8": "title",
        "9": "mobile",
        "10": "email",
        "11": "note",
    }
    shown = page(client, batch)
    assert "例如：person0@made-up.example、person1@made-up.example" in shown
    assert json.loads(AuditEvent.objects.get(action="contacts.upload_import").facts)["sha256"] == batch.sha256


def test_what_a_column_was_is_remembered(client):
    headings = ["负责人", *SHORT[1:]]
    batch = rosters.taken(client, rosters.text([ONE], headings), "名单.csv")
    assert "0" not in batch.mapping
    rosters.checked(client, batch, column_0="name")

    assert rosters.taken(client, rosters.text([ONE], headings), "名单.csv").mapping["0"] == "name"


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("名单.xlsx", b"PK\x03\x04 nothing", "已损坏"),
        ("名单.xlsx", rosters.text([ONE], SHORT), "已损坏"),
        ("名单.csv", b"<script>alert(1)</script>", "脚本"),
        ("名单.txt", "姓名\n区明".encode(), "不接受这种文件"),
        ("名单.csv", "姓名,单位\n".encode(), "文件是空的"),
        ("机密.csv", rosters.text([ONE], SHORT), "密级"),
        ("名单.exe", b"MZ", "程序"),
    ],
)
def test_a_bad_file_is_refused_beside_its_field(client, name, body, words):
    answer = rosters.uploaded(client, body, name)

    assert words in text_of(answer)
    assert ImportBatch.objects.count() == 0


def test_a_bomb_is_refused(client):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types>spreadsheetml.sheet.main+xml</Types>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<row/>" * (40 << 20))

    assert "解压后过大" in text_of(rosters.uploaded(client, out.getvalue()))


def test_a_workbook_that_only_looks_like_one_is_refused(client):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types>spreadsheetml.sheet.main+xml</Types>")

    assert "已损坏" in text_of(rosters.uploaded(client, out.getvalue()))


def test_no_column_is_called_optional(client):
    batch = rosters.taken(client, rosters.text([ONE], SHORT), "名单.csv")

    page = text_of(client.get(reverse("contacts:import-map", args=[batch.pk])))

    assert "表里有机构的，必须选择" in page
    assert "选填" not in page


def test_hidden_sheets_are_not_read(client):
    book = openpyxl.Workbook()
    book.active.append(["内部"])
    book.active.sheet_state = "hidden"
    sheet = book.create_sheet("名单")
    for row in (["姓名", "生日", "是否", "数"], ["区明", timezone.now().replace(tzinfo=None), True, 1.5], [None], ["贝明", timezone.localdate(), None, 2.0]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)

    batch = rosters.taken(client, out.getvalue())

    assert batch.headings == ["姓名", "生日", "是否", "数"]
    assert batch.sample[1] == ["贝明", timezone.localdate().isoformat(), "", "2"]
    assert batch.sample[0][2:] == ["TRUE", "1.5"]


def test_the_template_is_read_back(client):
    body = client.get(reverse("contacts:import-template")).content

    batch = rosters.taken(client, body)

    assert len(batch.mapping) == len(batch.headings) == 23
    assert rosters.checked(client, batch).state == "checked"
    assert told(batch) == {}


def test_a_file_without_words_is_asked_for(client):
    assert "请选择文件" in text_of(client.post(reverse("contacts:import-create"), {"declared": "on"}))


# -- columns -----------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"column_1": "name"}, "已经对应给另一列"),
        ({"column_0": "", "column_1": "", "column_2": "", "column_3": ""}, "请至少指出哪一列是姓名"),
        ({"kind": ""}, "请选择新机构的类型"),
    ],
)
def test_columns_must_make_sense(client, choices, words):
    batch = rosters.taken(client, rosters.text([ONE], SHORT), "名单.csv")
    kind = make.Term.objects.get_or_create(kind="organisation_type", name="海外商协会")[0]
    typed = {f"column_{place}": name for place, name in batch.mapping.items()} | {"kind": kind.pk} | choices

    answer = client.post(reverse("contacts:import-map", args=[batch.pk]), typed)

    assert words in text_of(answer)
    assert ImportBatch.objects.get().job is None


def test_nothing_is_done_while_the_worker_is_at_it(client, clerk):
    batch = rosters.taken(client, rosters.text([ONE], SHORT), "名单.csv")
    mapping = batch.mapping
    kind = make.Term.objects.create(kind="organisation_type", name="海外商协会")
    import_acts.map_columns(batch, mapping, country=None, kind=kind, by=clerk)

    assert "等待后台处理" in page(client, batch)
    assert client.get(reverse("contacts:import-map", args=[batch.pk]))["Location"] == batch.get_absolute_url()
    with pytest.raises(Refused, match="后台正在处理"):
        import_acts.map_columns(batch, mapping, country=None, kind=kind, by=clerk)


# -- the check ---------------------------------------------------------------------------------------------------------------------------------------------


def test_all_mistakes_are_told_at_once(client):
    bad = ["", "", "", "", "", "会长", "没有号码", "a@b@c"]
    stranger = ["贝明", "", "", "远海公司", "亚特兰蒂斯", "", "1.38E+10", ""]
    batch = batch_of(client, [ONE, bad, TWO, stranger])

    rows = told(batch)
    assert set(rows) == {3, 5}
    assert set(rows[3].problems) == {"name", "mobile", "email", "title"}
    assert set(rows[5].problems) == {"organisation_country", "title", "mobile"}
    shown = page(client, batch)
    assert "有错误的：2 行" in shown
    assert "没有“亚特兰蒂斯”这个国家" in shown
    assert Person.objects.count() == 0


def test_the_mistakes_are_downloaded(client):
    make.contact("区明")
    batch = batch_of(client, [ONE, [*ONE[:7], "a@b@c"]])

    body = client.get(reverse("contacts:import-problems", args=[batch.pk])).content

    cells = [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows()]
    assert cells[0] == ["行", "列", "内容", "问题"]
    assert cells[1:] == [
        [2, "中文姓名", "区明", "库中已有相近的记录。"],
        [3, "邮箱", "a@b@c", "“a@b@c”不是邮箱地址。"],
        [3, "中文姓名", "区明", "与第 2 行重复。"],
        [3, "中文姓名", "区明", "库中已有相近的记录。"],
    ]


def test_twins_are_found_within_the_file(client):
    table = [
        ONE,
        ["", "Ou", "Ming", "北湾商会", "挪威", "会长", "", ""],  # read as the first
        ["区明", "", "", "远海公司", "挪威", "会长", "", ""],  # of another body
        ["区民", "", "", "北湾商会", "挪威", "会长", "", ""],  # only sounds like it
        ["贝明", "", "", "北湾商会", "挪威", "会长", "+86 138 0000 0001", ""],  # the same mobile
    ]
    batch = batch_of(client, table)

    assert {number: row.twin for number, row in told(batch).items()} == {3: 2, 6: 2}


def test_new_bodies_need_a_country_and_known_ones_are_found(client):
    body = make.organisation("北湾商会", name_en="North Bay Chamber")
    make.organisation("远海公司"), make.organisation("远海有限公司")
    table = [
        ["区明", "", "", "北灣商會", "", "会长", "", ""],
        ["贝明", "", "", "远海公司", "挪威", "会长", "", ""],
        ["丁明", "", "", "近海公司", "", "会长", "", ""],
    ]
    batch = batch_of(client, table)

    rows = told(batch)
    assert {number: list(row.problems) for number, row in rows.items()} == {3: ["organisation"], 4: ["organisation_country"]}
    batch = rosters.checked(client, batch, country=make.country("DEU").pk)
    assert set(told(batch)) == {3}
    client.post(reverse("contacts:import-choose", args=[batch.pk]), {"what": "problems", "choice": "skip"})
    rosters.imported(client, batch)
    assert Person.objects.get(name="区明").positions.get().organisation == body
    assert Person.objects.get(name="丁明").positions.get().organisation.country.code == "DEU"


def test_of_bodies_of_one_name_the_number_tells_which(client):
    one, two = make.organisation("远海公司"), make.organisation("远海公司", country=make.country("DNK"))
    table = [[name, "", "", body, "", "会长", "", ""] for name, body in (("区明", f"远海公司 #{two.pk}"), ("贝明", "远海公司"), ("丁明", "远海公司 #999999"))]

    batch = batch_of(client, table)

    problems = {number: row.problems["organisation"] for number, row in told(batch).items()}
    assert set(problems) == {3, 4}
    assert f"请在名称后写明编号（#{one.pk}、#{two.pk}）" in problems[3]
    assert problems[4] == "没有编号是 999999 的机构。"
    client.post(reverse("contacts:import-choose", args=[batch.pk]), {"what": "problems", "choice": "skip"})
    rosters.imported(client, batch)
    assert Person.objects.get().positions.get().organisation == two
    assert Organisation.objects.count() == 2


def test_a_body_without_a_type_is_told(client, clerk):
    batch = rosters.taken(client, rosters.text([ONE], SHORT), "名单.csv")
    import_acts.map_columns(batch, batch.mapping, country=None, kind=None, by=clerk)

    assert told(rosters.work(batch))[2].problems == {"organisation": "这是新机构，请在上一步选择新机构的类型。"}


def test_a_file_with_too_much_wrong_fails(client, monkeypatch):
    monkeypatch.setattr(import_checking, "MOST_TOLD", 1)

    batch = batch_of(client, [["区明", "", "", "", "", "", "x", ""]] * 3)

    assert batch.state == "mapping"
    assert "多半是列没有对应好" in page(client, batch)


def test_a_file_that_is_too_long_fails(client, monkeypatch):
    monkeypatch.setattr(import_checking, "MOST_ROWS", 1)

    assert "请分成几个文件" in batch_of(client, [ONE, TWO]).job.failure


def test_a_file_that_is_gone_fails(client):
    batch = rosters.taken(client, rosters.text([ONE], SHORT), "名单.csv")
    ImportBatch.objects.update(file="0" * 32)

    assert "请重新上传" in rosters.checked(client, batch).job.failure


def test_a_file_that_breaks_in_the_child_fails(client, monkeypatch):
    batch = rosters.taken(client, rosters.text([ONE], SHORT), "名单.csv")

    def refuse(*args):
        raise RefusedFileError("heavy")

    monkeypatch.setattr("core.inspection.read_table", refuse)
    assert "太复杂" in rosters.checked(client, batch).job.failure


# -- correcting and choosing -------------------------------------------------------------------------------------------------------------------------------


def test_a_row_is_corrected_on_its_page(client):
    batch = batch_of(client, [[*ONE[:7], "a@b@c"]])
    import_columns._countries.clear()  # as in a process that has read no table
    row = {"name": "区明", "organisation": "北湾商会", "organisation_country": "挪威", "title": "会长", "mobile": "13800000001"}

    assert "“a@b@c”不是邮箱地址。" in text_of(client.get(row_url(batch, 2)))
    still = client.post(row_url(batch, 2), row | {"act": "correct", "email": "a@b", "mobile": ""})
    assert "“a@b”不是邮箱地址。" in text_of(still)
    done = client.post(row_url(batch, 2), row | {"act": "correct", "email": "ou@north.example"}, follow=True)
    assert "第 2 行已改正。" in text_of(done)
    assert "全部行都可以导入。" in text_of(done)
    rosters.imported(client, batch)
    assert Person.objects.get().points.get(kind="email").value == "ou@north.example"


def test_a_corrected_row_may_turn_out_to_be_known(client):
    known = make.contact("区明", points={"email": "ou@north.example"})
    batch = batch_of(client, [["区明明", "", "", "", "", "", "", "a@b@c"]])

    page = text_of(client.post(row_url(batch, 2), {"act": "correct", "name": "区明明", "email": "ou@north.example"}))

    assert f"可能是 {known.numbered} 邮箱相同" in page
    assert told(batch)[2].is_open


def test_a_faulty_row_is_skipped_or_corrected(client):
    batch = batch_of(client, [[*ONE[:7], "a@b@c"], TWO])

    answer = client.post(row_url(batch, 2), {"act": "choose", "choice": "new"})
    assert (answer.status_code, "请先改正" in text_of(answer)) == (409, True)
    assert "请选择怎样处理" in text_of(client.post(row_url(batch, 2), {"act": "choose", "choice": "x"}))
    answer = client.post(reverse("contacts:import-start", args=[batch.pk]))
    assert (answer.status_code, "还有行没有改正" in text_of(answer)) == (409, True)
    client.post(row_url(batch, 2), {"act": "choose", "choice": "skip"})
    rosters.imported(client, batch)
    assert [person.surname for person in Person.objects.all()] == ["Berg"]


def test_a_known_person_is_updated_and_put_back(client, clerk):
    body = make.organisation()
    known = make.contact("区明", points={"mobile": "13800000001"}, note="老朋友")
    other = make.contact("区明")
    before = book()
    batch = batch_of(client, [[*ONE[:3], "北湾商会", "", "会长", "138 0000 0001", "ou@north.example"]])

    assert [pk for pk, _reasons in told(batch)[2].alike] == [known.pk, other.pk]
    assert "请选择要更新的记录" in text_of(client.post(row_url(batch, 2), {"act": "choose", "choice": "update:999999"}))
    client.post(row_url(batch, 2), {"act": "choose", "choice": f"update:{other.pk}"})
    rosters.imported(client, batch)
    assert {point.value for point in other.points.all()} == {"138 0000 0001", "ou@north.example"}
    assert other.positions.get().organisation == body
    assert [hit.url for group in search("ou@north", clerk) for hit in group.hits] == [other.get_absolute_url()]
    assert Person.objects.count() == 2
    assert json.loads(AuditEvent.objects.get(action="contact.change").facts)["row"] == 2

    batch = rosters.undone(client, batch)
    assert book() == before
    assert batch.left == []
    assert search("ou@north", clerk) == []


def test_what_an_update_says_anew_replaces_and_returns(client, clerk):
    known = make.contact("区明", surname="Ou", given_names="Ming")
    batch = batch_of(client, [["區明", "OU", "MING", "", "", "", "", ""]])
    client.post(reverse("contacts:import-choose", args=[batch.pk]), {"what": "alike", "choice": "update"})

    rosters.imported(client, batch)
    known.refresh_from_db()
    assert (known.name, known.surname, known.given_names, known.version) == ("區明", "OU", "MING", 2)
    Person.objects.filter(pk=known.pk).update(surname="OH")
    batch = rosters.undone(client, batch)
    known.refresh_from_db()
    assert (known.name, known.surname, known.given_names) == ("区明", "OH", "Ming")
    assert batch.left == [["fields", known.pk, ["surname"]]]
    assert "未撤销：后来又改过的栏目所在的联系人 1" in page(client, batch)


def test_an_update_that_says_nothing_new_changes_nothing(client):
    known = make.contact("区明")
    batch = batch_of(client, [["区明", "", "", "", "", "", "", ""]])
    client.post(reverse("contacts:import-choose", args=[batch.pk]), {"what": "alike", "choice": "update"})

    rosters.imported(client, batch)

    known.refresh_from_db()
    assert known.version == 1
    assert "更新联系人 1" in page(client, batch)


def test_an_update_takes_the_new_body_of_the_batch(client):
    make.contact("区明", points={"mobile": "13800000001"})
    batch = batch_of(client, [ONE])
    client.post(reverse("contacts:import-choose", args=[batch.pk]), {"what": "alike", "choice": "update"})

    rosters.imported(client, batch)

    assert Person.objects.get().positions.get().organisation == Organisation.objects.get(name="北湾商会")


def test_a_person_archived_meanwhile_is_not_updated(client, clerk):
    known = make.contact("区明")
    batch = batch_of(client, [["区明", "", "", "", "", "", "", ""]])
    client.post(reverse("contacts:import-choose", args=[batch.pk]), {"what": "alike", "choice": "update"})
    Person.objects.filter(pk=known.pk).update(archived_at=timezone.now(), archived_by=clerk, archived_reason="离任")

    batch = rosters.imported(client, batch)

    assert (batch.state, "请重新选择" in batch.job.failure) == ("checked", True)


def test_all_doubtful_rows_are_chosen_for_at_once(client):
    make.contact("区明")
    batch = batch_of(client, [["区明", "", "", "", "", "", "", ""], ["区明", "", "", "", "", "", "", ""]])

    assert "可能重复的：2 行" in page(client, batch)
    client.post(reverse("contacts:import-choose", args=[batch.pk]), {"what": "alike", "choice": "new"})
    rosters.imported(client, batch)
    assert Person.objects.filter(name="区明").count() == 3


@pytest.mark.parametrize("typed", [{"what": "problems", "choice": "new"}, {"what": "x", "choice": "skip"}, {}])
def test_only_what_is_offered_is_chosen(client, typed):
    batch = batch_of(client, [ONE])

    assert client.post(reverse("contacts:import-choose", args=[batch.pk]), typed).status_code == 404


def test_mistakes_are_only_skipped(client, clerk):
    batch = batch_of(client, [[*ONE[:7], "a@b@c"]])

    with pytest.raises(Refused, match="只能改正或跳过"):
        import_acts.choose_for_all(batch, "problems", "new", by=clerk)


# -- the import --------------------------------------------------------------------------------------------------------------------------------------------


def test_what_is_imported_is_as_if_it_had_been_typed(client, clerk):
    headings = [*SHORT, "网址", "地址", "部门", "英文职务", "国籍", "微信"]
    table = [
        [
            "区明",
            "Ou",
            "Ming",
            "北湾商会",
            "挪威",
            "会长",
            "13800000001;13900000001",
            "ou@north.example",
            "north.example",
            "海河路 1 号",
            "会务部",
            "President",
            "挪威",
            "wx1",
        ],
        ["", "", "", "远海公司", "德国", "", "", "", "", "", "", "", "", ""],
        ["", "", "", "", "", "", "", "", "", "", "", "", "", ""],
    ]
    batch = rosters.imported(client, batch_of(client, table, headings))

    person = Person.objects.get()
    assert (person.name, person.latin_name, person.sorting, person.nationality.code, person.made_by) == ("区明", "Ming Ou", "ouming", "NOR", clerk)
    post = person.positions.get()
    assert (post.organisation.name, post.department, post.title, post.title_en, post.precedence) == ("北湾商会", "会务部", "会长", "President", 100)
    assert (post.organisation.website, post.organisation.addresses.get().text) == ("http://north.example", "海河路 1 号")
    points = [(point.kind, point.value, point.folded, point.is_preferred) for point in person.points.order_by("pk")]
    assert points == [
        ("email", "ou@north.example", "ou@north.example", True),
        ("messenger", "wx1", "wx1", True),
        ("mobile", "13800000001", "13800000001", True),
        ("mobile", "13900000001", "13900000001", False),
    ]
    entry = SearchEntry.objects.get(kind="contact")
    keys = set(MatchKey.objects.filter(kind="contact").values_list("key", flat=True))
    make.index([person])
    assert SearchEntry.objects.get(kind="contact").text == entry.text
    assert set(MatchKey.objects.filter(kind="contact").values_list("key", flat=True)) == keys
    assert Organisation.objects.get(country__code="DEU").positions.count() == 0
    assert "新增联系人 1 新增机构 2" in page(client, batch)
    assert list(find_faults()) == []
    assert make.contact("贝明").pk > person.pk


def test_nothing_is_stored_where_it_fails_half_way(client, monkeypatch):
    batch = batch_of(client, [ONE, TWO])
    before = book()

    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr(importing, "write_index", fail)
    client.post(reverse("contacts:import-start", args=[batch.pk]))
    with pytest.raises(RuntimeError):
        rosters.work(batch)
    assert book() == before
    assert ImportBatch.objects.get().imported_at is None


def test_a_second_run_finds_it_done(client):
    batch = rosters.imported(client, batch_of(client, [ONE]))
    job = Job.objects.get(pk=batch.job_id)

    for work in (importing.run, import_checking.check):
        work(job, lambda done, total=None: None)
    assert Person.objects.count() == 1
    batch = rosters.undone(client, batch)
    import_undoing.run(Job.objects.get(pk=batch.job_id), None)
    assert AuditEvent.objects.filter(action="contacts.undo_import").count() == 1


def test_a_row_opened_meanwhile_stops_the_import(client, clerk):
    batch = batch_of(client, [ONE, TWO])
    import_acts.ask_for_import(batch, by=clerk)
    ImportRow.objects.create(batch=batch, number=2, problems={"name": "x"})

    assert "还有行没有改正" in rosters.work(batch).job.failure


def test_rows_that_are_gone_stop_the_import(client, clerk):
    batch = batch_of(client, [ONE])
    import_acts.ask_for_import(batch, by=clerk)
    ImportBatch.objects.update(rows="0" * 32)

    assert "请重新上传" in rosters.work(batch).job.failure


def test_an_import_is_of_a_checked_batch_and_undone_once(client, clerk):
    batch = rosters.taken(client, rosters.text([ONE], SHORT), "名单.csv")

    with pytest.raises(Refused, match="还没有检查"):
        import_acts.ask_for_import(batch, by=clerk)
    with pytest.raises(Refused, match="没有导入"):
        import_acts.ask_for_undoing(batch, by=clerk)
    batch = rosters.imported(client, rosters.checked(client, batch))
    with pytest.raises(Refused, match="已经导入"):
        import_acts.map_columns(batch, {}, country=None, kind=None, by=clerk)
    assert client.get(reverse("contacts:import-map", args=[batch.pk]))["Location"] == batch.get_absolute_url()


# -- undoing -----------------------------------------------------------------------------------------------------------------------------------------------


def test_what_was_used_since_is_left(client, clerk):
    batch = rosters.imported(client, batch_of(client, [ONE, TWO, ["贝明", "", "", "远海公司", "挪威", "会长", "", ""]]))
    used, changed = Person.objects.get(name="区明"), Person.objects.get(surname="Berg")
    Position.objects.create(person=used, organisation=make.organisation("别处"), title="顾问")
    Person.objects.filter(pk=changed.pk).update(version=2)

    batch = rosters.undone(client, batch)

    body = Organisation.objects.get(name="北湾商会")
    assert sorted(batch.left) == sorted([["person", used.pk], ["person", changed.pk], ["organisation", body.pk]])
    archived = Person.objects.get(name="贝明")
    assert (archived.archived_reason, archived.archived_by, archived.version) == ("撤销导入：名单.csv", clerk, 2)
    assert Organisation.objects.get(name="远海公司").is_archived
    assert "未撤销：后来又有改动或往来的联系人 2" in page(client, batch)


# -- the database and the pages ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [({"imported_at": timezone.now()}, "contacts_import_all_or_none"), ({"undone_at": timezone.now()}, "contacts_import_undone_all_or_none")],
)
def test_a_batch_is_imported_by_somebody(clerk, fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ImportBatch.objects.create(file_name="名单.csv", made_by=clerk, **fields)


def test_keys_are_reserved_once(clerk):
    first, second = list(bulk.reserve(Person, 3)), list(bulk.reserve(Person, 0))
    name = '甲\\乙\t丙\n丁"戊",\\N'
    bulk.insert(Person, ("id", "name"), [(key, name) for key in first], made_constants(clerk))

    assert second == []
    assert list(Person.objects.order_by("pk").values_list("name", "note", "nationality")) == [(name, "", None)] * 3
    assert make.contact("贝明").pk not in first
    assert not set(bulk.reserve(Person, 2)) & set(Person.objects.values_list("pk", flat=True))


def made_constants(clerk):
    texts = dict.fromkeys(["surname", "given_names", "name_native", "honorific", "sorting", "sex", "languages", "taboos", "note", "archived_reason"], "")
    return texts | {"order": "given_first", "version": 1, "made_at": timezone.now(), "made_by": clerk.pk, "nationality": None}


def test_out_of_scope_and_absent_are_the_same(client):
    batch = batch_of(client, [[*ONE[:7], "a@b@c"]])
    stranger = make.client_of(make.person("preparer"))

    assert stranger.get(batch.get_absolute_url()).status_code == 404
    assert stranger.get(row_url(batch, 2)).status_code == 404
    assert stranger.get(reverse("contacts:import-create")).status_code == 404
    assert "还没有导入过" in text_of(stranger.get(reverse("contacts:import-list")))
    assert client.get(row_url(batch, 9)).status_code == 404
    assert "名单.csv" in text_of(client.get(reverse("contacts:import-list")))


def test_a_batch_costs_the_same_for_many_rows(client):
    counted = []
    for number in (2, 15):
        make.contact("区明")
        batch = batch_of(client, [["区明", "", "", "", "", "", "", "a@b@c"]] * number)
        with CaptureQueriesContext(connection) as queries:
            client.get(batch.get_absolute_url())
        counted.append(len(queries))

    assert counted[0] == counted[1]


# -- a roster ----------------------------------------------------------------------------------------------------------------------------------------------


def planted(table):
    """The same with 60 mistakes and duplicates in known places."""
    wrong = {}
    for place in range(40):  # five kinds of mistakes
        number = place * 120 + 7
        column, text, name = [(10, "a@b@c", "email"), (9, "1.38E+10", "mobile"), (4, "未知", "sex"), (5, "亚特兰蒂斯", "nationality"), (8, "", "title")][
            place % 5
        ]
        table[number][column] = text
        wrong[number + 2] = name
    for place in range(20):  # ten written again, ten who are there already
        number = place * 120 + 61
        if place % 2:
            table[number] = [*table[number - 60][:9], "", *table[number - 60][10:]]
        wrong[number + 2] = "twin" if place % 2 else "alike"
    return table, wrong


def test_a_roster_of_five_thousand_is_corrected_imported_and_undone(client, clerk):
    table, wrong = planted(list(rosters.rows(5000)))
    for number, kind in wrong.items():
        if kind == "alike":
            row = table[number - 2]
            make.contact(row[1], surname=row[2].upper(), given_names=row[3], points={"email": row[10].upper()})
    before = book()

    batch = rosters.checked(client, rosters.taken(client, rosters.workbook(table)))
    rows = told(batch)
    assert {number: next(iter(row.problems), "twin" if row.twin else "alike") for number, row in rows.items()} == wrong
    for number, row in rows.items():
        if row.problems:
            text = {"email": "right@made-up.example", "mobile": "", "sex": "男", "nationality": "挪威", "title": "代表"}[wrong[number]]
            client.post(row_url(batch, number), {**row.cells, wrong[number]: text.replace("right", f"right{number}"), "act": "correct"})
    for number, row in told(batch).items():
        if row.is_open:
            choice = f"update:{row.alike[0][0]}" if row.alike else "skip"
            client.post(row_url(batch, number), {"act": "choose", "choice": choice})
    batch = rosters.imported(client, batch)

    assert batch.state == "imported"
    assert Person.objects.count() == 10 + 5000 - 20
    assert Organisation.objects.current().count() == len({row[6] for row in table})
    assert SearchEntry.objects.filter(kind="contact").count() == Person.objects.count()
    facts = json.loads(AuditEvent.objects.get(action="contacts.import").facts)
    assert (facts["people"], facts["updated"], facts["skipped"]) == (4980, 10, 10)

    batch = rosters.undone(client, batch)
    assert (batch.state, batch.left) == ("undone", [])
    after = book()
    for model in (Organisation, Person):
        assert after[model] == before[model]
    kept = Person.objects.current().values("pk")
    assert Position.objects.filter(person__in=kept).count() == 0
    assert ContactPoint.objects.filter(person__in=kept).count() == 10
    assert list(find_faults()) == []
