"""背景资料: one page in two formats; sections come from the registry, empty ones do not print."""

import io

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from contacts import brief_word, panels
from contacts.brief import IN_WORD, printable, shortened
from contacts.models import Country
from contacts.panels import Line, Section
from core.libraries import library
from core.printing import PrintRefusedError
from jobs.models import Job
from tests import factories as make
from tests.contacts.test_cards import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    make.duty_list()
    return make.worker("preparer", "1.1", name="林晓舟")


@pytest.fixture
def client(clerk):
    return make.client_of(clerk)


@pytest.fixture
def body(clerk):
    made = make.organisation(name_en="North Bay Chamber", owner=clerk, district="天津", note="每年九月召开年会", parent=make.organisation("总商会"))
    Country.objects.filter(code="NOR").update(etiquette="守时。\n见面握手。")
    first = make.contact("贝明", at=made, title="会长", honorific="先生", surname="BERG", given_names="Lars", taboos="不吃猪肉", languages="挪威语")
    first.positions.update(precedence=1, since_on="2022-05-01")
    make.contact("安然", at=made, title="秘书长")
    return made


@pytest.fixture
def section():
    entries = [
        Section("last", "最近往来", lambda organisation, user: [Line(f"2026-11-0{one}　", "电话") for one in range(1, 10)], place=20),
        Section("empty", "备忘录", lambda organisation, user: []),
    ]
    for entry in entries:
        panels.add_section(entry)
    yield
    for entry in entries:
        panels.remove(entry)


def test_the_brief_is_one_page_of_what_there_is(client, body, section):
    answer = client.get(reverse("contacts:organisation-brief", args=[body.pk]))

    [page] = text_of(answer.content)
    told = ["北湾商会", "NorthBayChamber", "总商会", "领区：天津", "本部门联系人：林晓舟", "贝明先生会长（2022-05起）LarsBERG挪威语", "安然秘书长"]
    told += ["最近往来2026-11-01电话", "贝明：不吃猪肉", "挪威：守时。见面握手。", "每年九月召开年会", "林晓舟打印"]
    assert [words for words in told if words not in page] == []
    assert page.index("贝明先生") < page.index("安然") < page.index("最近往来") < page.index("不吃猪肉")
    assert "备忘录" not in page
    assert AuditEvent.objects.get(action="organisation.brief").subject == f"contacts.organisation:{body.pk}"


def test_much_is_shortened_until_it_is_one_page(client, body):
    for one in range(40):
        make.contact(f"贝{one}", at=body, title="专员", taboos="不吃海鲜。" * 60)

    [page] = text_of(client.get(reverse("contacts:organisation-brief", args=[body.pk])).content)

    assert "条，见系统）" in page


def test_what_is_left_out_is_said():
    told = [("一", [Line("甲", "x" * 300), Line("乙"), Line("丙")])]

    [(heading, lines)] = shortened(told, 2, 10)

    assert heading == "一"
    assert lines == [Line("甲", "x" * 9 + "…"), Line("乙"), Line("", "（另有 1 条，见系统）")]


def test_the_same_lines_go_to_word(clerk, body, section):
    document = library("docx.Document")(io.BytesIO(brief_word.brief_docx(printable(clerk).get(pk=body.pk), clerk)))

    told = [paragraph.text for paragraph in document.paragraphs]
    assert told[1] == "北湾商会"
    assert "贝明先生　会长（2022-05 起）　Lars BERG　挪威语" in told
    assert told.count("（另有 1 条，见系统）") == 0
    assert "备忘录" not in told
    assert len([line for line in told if line.startswith("2026-11-0")]) == IN_WORD[0]
    assert document.core_properties.title == "背景资料 北湾商会"


def test_word_is_written_by_the_worker(client, clerk, body):
    answer = client.post(reverse("contacts:organisation-brief-word", args=[body.pk]))

    job = Job.objects.get()
    assert answer.url == job.get_absolute_url()
    produced = brief_word.make(job, lambda *told: None)
    assert produced.path.read_bytes()[:2] == b"PK"
    assert produced.file_name.startswith("背景资料-北湾商会-")
    assert '"format": "docx"' in AuditEvent.objects.filter(action="organisation.brief").latest("number").facts


def test_a_brief_that_is_refused_says_why(client, body, monkeypatch):
    def refuse(*args):
        raise PrintRefusedError("字库里没有")

    monkeypatch.setattr("contacts.brief_views.brief_pdf", refuse)

    answer = client.get(reverse("contacts:organisation-brief", args=[body.pk]))
    assert (answer.status_code, "字库里没有" in answer.text) == (422, True)
    assert make.signed_in("preparer").get(reverse("contacts:organisation-brief", args=[body.pk])).status_code == 404


def test_a_registry_forgets_what_is_taken_away():
    figure = panels.add_figure(panels.Figure("x", "x", "x", lambda user: {}, lambda code: "", place=999))

    assert panels.figures()[-1] is figure
    panels.remove(figure)
    assert figure not in panels.figures()
