"""The printing child: what it refuses, what it never reaches, and that it comes back."""

import gc
import io
import multiprocessing
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import page
import pypdf
import pytest
import segno
from django.conf import settings as project
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from core import printing
from core.printing import ARCHIVE, ARCHIVE_BARE, Printer, PrintRefusedError
from tests.processes import is_dead, until

SECRET = "canary-7f3a-not-for-print"
SECONDS = 2  # for a document that never ends
HEAVY = {
    "a paragraph of 1 MB": "<p>" + "word " * 200_000,
    "300,000 Han without a space": "<p>" + "汉" * 300_000,
    "300,000 Han in short spans": "<p>" + "<span>汉字汉字汉字汉字汉字</span>" * 30_000,
    "5,000 page breaks": '<p style="break-after:page">x</p>' * 5_000,
    "a cell over 1,000,000 columns": "<table><tr><td colspan=1000000>x</table>",
    "a cell over 1,000,000 rows": "<table><tr><td rowspan=1000000>x</table>",
    "1,000,000 columns of text": '<div style="columns:1000000">x</div>',
    "25 flex boxes in each other": '<div style="display:flex">' * 25 + "x",
    "25 grids in each other": '<div style="display:grid">' * 25 + "x",
    "500 divs in each other": "<div>" * 500 + "x",
    "40 tables in each other": "<table><tr><td>" * 40 + "x",
    "a huge font": '<p style="font-size:1e9px">x',
    "a huge page": "<style>@page{size:1e9px 1e9px}</style><p>x",
    "a tiny page": "<style>@page{size:1px 1px;margin:0}</style><p>" + "x " * 5_000,
    "a huge counter": "<style>p{counter-reset:a 1000000000}p::before{content:counter(a,lower-roman)}</style><p>x",
    "a grid of 100,000 columns": '<div style="display:grid;grid-template-columns:repeat(100000,1px)"><p>x</div>',
    "3 MB of anything": "<p>" + "x" * 3_000_000,
}


def html(body: str) -> str:
    return f'<!DOCTYPE html><html lang="zh-CN"><head><title>试印</title></head><body>{body}</body></html>'


def text_of(pdf: bytes) -> str:
    return subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def streams_of(pdf: bytes) -> bytes:
    """All that lies in a PDF, unpacked."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    objects = [reader.get_object(number) for number in range(1, reader.trailer["/Size"])]
    return pdf + b"".join(repr(one).encode() + (one.get_data() if isinstance(one, pypdf.generic.StreamObject) else b"") for one in objects)


def targets_of(pdf: bytes) -> list[str]:
    """Where the links of a PDF lead outside of it."""
    annotations = [note.get_object() for sheet in pypdf.PdfReader(io.BytesIO(pdf)).pages for note in sheet.get("/Annots", [])]
    return [note["/A"].get("/URI", repr(note["/A"])) for note in annotations if "/A" in note]


@pytest.fixture
def own_printer(monkeypatch):
    """A printer of this test's own, in the place of the process's."""
    made = Printer()
    monkeypatch.setattr(printing, "printer", made)
    yield made
    made.close()


@pytest.fixture
def canary(tmp_path):
    file = tmp_path / "canary.txt"
    file.write_text(SECRET)
    (tmp_path / "canary.css").write_text(f'body::before{{content:"{SECRET}"}}')
    (tmp_path / "canary.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="20"><text y="15">{SECRET}</text></svg>')
    return tmp_path


@pytest.fixture
def listener():
    """A socket that somebody could connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def connected(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def vectors(file: Path, web: str) -> list[str]:
    """Ways in which HTML makes WeasyPrint read a file, ask a server or carry an active link."""
    local = file.as_uri()
    svg, css, text = f"{local}/canary.svg", f"{local}/canary.css", f"{local}/canary.txt"
    inner = f"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'><image xlink:href='{svg}' width='300' height='20'/></svg>"
    return [
        f'<img src="{svg}">',
        f'<img src="{web}/a.png">',
        f'<object data="{svg}"></object>',
        f'<embed src="{svg}">',
        f'<iframe src="{text}"></iframe>',
        f'<style>p::before{{content:url("{svg}")}}</style><p>x</p>',
        f'<style>@import "{css}";</style>',
        f"<style>@import url({web}/a.css);</style>",
        f'<link rel="stylesheet" href="{css}">',
        f'<link rel="stylesheet" href="{web}/a.css">',
        inner,
        f'<img src="data:image/svg+xml,{inner.replace("<", "%3C").replace(">", "%3E")}">',
        f'<link rel="attachment" href="{text}">',
        f'<a rel="attachment" href="{text}">x</a>',
        f'<a rel="attachment" href="{web}/a">x</a>',
        f'<style>@font-face{{font-family:x;src:url("{web}/x.ttf")}}p{{font-family:x}}</style><p>x</p>',
        f'<ul style="list-style-image:url({web}/a.png)"><li>x</ul>',
        f'<p style="border:9px solid;border-image:url({web}/a.png) 9">x</p>',
        f'<p style="background:url({web}/a.png)">x</p>',
        f'<base href="{web}/"><img src="a.png"><link rel="stylesheet" href="a.css">',
        f'<base href="{local}/"><img src="canary.svg">',
        f'<meta http-equiv="refresh" content="0;url={web}/">',
        '<a href="javascript:app.alert(1)">x</a>',
        '<a href=" jav&#9;ascript:app.alert(1)">x</a>',
        f'<a href="{text}">x</a>',
        '<p style="-weasy-link:url(javascript:app.alert(1))">x</p>',
        f'<svg xmlns="http://www.w3.org/2000/svg"><a href="javascript:1"><use href="{svg}#x"/><text y="20">x</text></a></svg>',
        f'<style>@page{{@top-left{{content:url("{svg}")}}}}</style><a href="/etc/passwd">x</a><a href="data:text/html,x">x</a>',
    ]


def test_django_starts_without_weasyprint():
    code = "import django, sys; django.setup(); import core.printing, duties.printing; sys.exit('weasyprint' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], cwd=project.BASE_DIR, env={**os.environ, "DJANGO_SETTINGS_MODULE": "liaison_portal.settings"})

    assert done.returncode == 0


@pytest.mark.parametrize("number", range(28))
def test_no_way_leads_to_a_file_a_server_or_an_active_link(number, canary, listener):
    web = f"http://127.0.0.1:{listener.getsockname()[1]}"
    ways = vectors(canary, web)

    pdf = printing.render(html(ways[number] + "<p>到此</p>"))

    assert len(ways) == 28
    assert "到此" in text_of(pdf)
    assert SECRET not in text_of(pdf)
    assert SECRET.encode() not in streams_of(pdf)
    assert {f"{web}/a"} >= set(targets_of(pdf))
    assert not pypdf.PdfReader(io.BytesIO(pdf)).attachments
    assert not connected(listener)


def test_links_to_the_web_mail_and_telephone_stay():
    addresses = ["https://example.org/a", "mailto:a@example.org", "tel:23301335"]

    pdf = printing.render(html("".join(f'<p><a href="{address}">x</a></p>' for address in addresses)))

    assert targets_of(pdf) == addresses


def test_a_document_loads_what_is_handed_over_and_nothing_else():
    code = io.BytesIO()
    segno.make("x").save(code, kind="png")

    pdf = printing.render(html('<img src="print:a.png" alt="a"><img src="print:b.png" alt="nothing">'), files={"a.png": code.getvalue()})

    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].images) == 1
    assert "nothing" in text_of(pdf)


def test_a_document_cannot_put_another_face_in_the_place_of_ours():
    printing.render(html('<style>@font-face{font-family:FandolFang;src:local("Portal Kai Regular")}</style><p style="font-family:FandolFang">字</p>'))

    pdf = printing.render(html('<p style="font-family:FandolFang">字</p>'))

    fonts = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"].values()
    assert [font.get_object()["/BaseFont"].split("+")[1] for font in fonts] == ["FandolFang"]


@pytest.mark.parametrize(
    ("char", "named"),
    [
        ("😀", "“😀”U+1F600"),
        ("\U00020000", "“\U00020000”U+20000"),
        ("\ue000", "U+E000"),
        ("\x01", "U+0001"),
        ("\ud800", "U+D800"),
        ("\u4e00\U0003134a", "U+3134A"),
    ],
)
def test_a_character_without_a_glyph_is_refused_by_name(char, named):
    with pytest.raises(PrintRefusedError) as refused:
        printing.render(html(f"<p>名{char}</p>"))

    assert named in str(refused.value)
    assert "有 1 个字符" in str(refused.value)


def test_rare_names_print_and_come_back():
    pdf = printing.render(html('<p style="font-family:Portal Kai">王䶮、李𬭎、张㛃</p>'))

    assert text_of(pdf).strip() == "王䶮、李𬭎、张㛃"


def test_fonts_of_the_operator_are_found(own_printer, settings, tmp_path):
    pen = TTGlyphPen(None)
    for move, point in [(pen.moveTo, (0, 0)), (pen.lineTo, (500, 500)), (pen.lineTo, (500, 0))]:
        move(point)
    pen.closePath()
    font = FontBuilder(1000)
    font.setupGlyphOrder([".notdef", "face"])
    font.setupCharacterMap({0x1F600: "face"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "face": pen.glyph()})
    font.setupHorizontalMetrics({".notdef": (600, 0), "face": (600, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Office", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    font.setupPost()
    font.save(tmp_path / "office.ttf")
    settings.EXTRA_FONTS_DIR = tmp_path

    pdf = printing.render(html("<p>😀</p>"))

    assert "😀" in text_of(pdf)


@pytest.fixture(scope="module")
def outcomes():
    """What came of each heavy document: its seconds, and the PDF or the refusal. Two at a time."""
    printers = [Printer(SECONDS), Printer(SECONDS)]
    for printer in printers:
        printer.render(html("x"))  # started before the clock is

    def attempt(printer: Printer, bodies: list[str]) -> list[tuple[float, bytes | str]]:
        made = []
        for body in bodies:
            began = time.monotonic()
            try:
                made.append((0.0, printer.render(html(body))))
            except PrintRefusedError as refused:
                made.append((time.monotonic() - began, str(refused)))
        return made

    names = list(HEAVY)
    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(attempt, printers, [[HEAVY[name] for name in half] for half in (names[::2], names[1::2])]))
    for printer in printers:
        printer.close()
    return dict(zip(names[::2], halves[0], strict=True)) | dict(zip(names[1::2], halves[1], strict=True))


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_document_ends_in_time(outcomes, name):
    seconds, outcome = outcomes[name]

    assert outcome[:5] == b"%PDF-" if isinstance(outcome, bytes) else "无法排版" in outcome or "没有排完" in outcome
    assert seconds < 10 * SECONDS  # where it had to be killed, the next child's start is in it: seconds, on a busy machine


def test_the_child_is_limited_and_knows_no_key(own_printer):
    printing.render(html("x"))

    limit = resource.prlimit(own_printer.pid, resource.RLIMIT_AS)
    environment = Path(f"/proc/{own_printer.pid}/environ").read_text().split("\0")
    names = {entry.partition("=")[0] for entry in environment} - {""}
    assert limit == (1 << 30, 1 << 30)
    assert names == {"FONTCONFIG_FILE", "TMPDIR", "XDG_CACHE_HOME", "LANG", "TZ", "SOURCE_DATE_EPOCH", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE"}


def killed_after(times: int, printer: Printer, monkeypatch) -> None:
    """Kill the child behind so many requests, as soon as they are sent."""
    left, send = [times], printing.send

    def send_and_kill(stream, header, bodies):
        send(stream, header, bodies)
        if left[0]:
            left[0] -= 1
            os.kill(printer.pid, signal.SIGKILL)

    monkeypatch.setattr(printing, "send", send_and_kill)


def test_a_child_killed_in_the_middle_is_replaced_and_the_document_made(own_printer, monkeypatch):
    printing.render(html("x"))
    first = own_printer.pid
    killed_after(1, own_printer, monkeypatch)

    pdf = printing.render(html("<p>再印</p>" * 200))

    assert "再印" in text_of(pdf)
    assert own_printer.pid != first


def test_a_document_over_which_the_child_dies_twice_is_refused_and_the_next_one_made(own_printer, monkeypatch):
    killed_after(2, own_printer, monkeypatch)

    with pytest.raises(PrintRefusedError, match="两次意外中断"):
        printing.render(html("<p>再印</p>" * 200))

    assert printing.render(html("x")).startswith(b"%PDF-")


def test_a_child_that_does_not_start_is_told(own_printer, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/true")

    with pytest.raises(PrintRefusedError, match="无法启动"):
        printing.render(html("x"))


def test_who_waits_too_long_for_the_printer_is_told(own_printer):
    own_printer.seconds = 0.01

    with own_printer._lock, pytest.raises(PrintRefusedError, match="稍后再试"):
        printing.render(html("x"))


def test_a_child_that_a_document_has_swollen_is_replaced(own_printer, monkeypatch):
    monkeypatch.setattr(printing, "receive", lambda stream: ({"pages": 1, "spent": True}, [b"%PDF-"]) if own_printer._child else None)

    printing.render(html("x"))

    assert own_printer.pid is None


def test_the_child_ends_with_its_parent():
    code = (
        "import django, os; django.setup(); from core import printing; printing.render('<p>x')\n"
        "print(printing.printer.pid, printing.printer._folder, flush=True); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "liaison_portal.settings"}

    told = subprocess.run([sys.executable, "-c", code], cwd=project.BASE_DIR, env=environment, capture_output=True, text=True).stdout.split()

    until(lambda: is_dead(int(told[0])), 10)
    assert not Path(told[1]).exists()


def test_a_fork_leaves_the_faces_of_the_child_where_they_are():
    printing.render(html("x"))
    fork = multiprocessing.get_context("fork").Process(target=gc.collect)
    fork.start()
    fork.join()

    assert any(Path(printing.printer._folder).iterdir())


def test_the_first_setting_that_fits_is_taken():
    loose, tight = ('<p style="break-after:page">a</p>' * 2 + "松", "紧")

    assert "松" in text_of(printing.render(html(loose), html(tight), pages=3))
    assert "紧" in text_of(printing.render(html(loose), html(tight), pages=1))


def test_the_same_document_gives_the_same_bytes(own_printer):
    document = html('<p style="font-family:FandolFang,Portal Kai">同样的字节䶮 <b style="font-family:Liberation Serif">same</b></p>')
    made = []

    for _process in range(2):
        made += [printing.render(document), printing.render(document, variant=ARCHIVE, attachments={"a.json": b"{}"})]
        own_printer.close()

    assert made[:2] == made[2:]


@pytest.mark.parametrize(("variant", "profile", "attachments"), [(ARCHIVE, "3a", {"a.json": b"{}"}), (ARCHIVE_BARE, "2a", {})])
def test_archive_variants_are_clean(variant, profile, attachments):
    pdf = printing.render(html("<h1>归档</h1><p>正文</p>"), variant=variant, attachments=attachments)

    assert page.validate_pdf_bytes(pdf, profile=profile).failures == []
    assert {name: held[0] for name, held in pypdf.PdfReader(io.BytesIO(pdf)).attachments.items()} == attachments


def test_a_print_is_stored_by_its_content(settings, tmp_path, monkeypatch):
    settings.VAR_DIR = tmp_path
    document = html("<p>存档</p>")
    old = tmp_path / "prints" / "old.pdf"
    old.parent.mkdir()
    old.touch()
    os.utime(old, (0, 0))

    first = printing.printed(document)
    monkeypatch.setattr(printing, "render", None)  # no second one
    again = printing.printed(document)

    assert first == again
    assert [path.read_bytes() for path in old.parent.iterdir()] == [first]


def test_a_stored_print_depends_on_all_that_it_is_made_from(settings):
    documents = [html("a")]
    options = [{}, {"variant": ARCHIVE}, {"pages": 1}, {"files": {"a": b"1"}}, {"files": {"a": b"2"}}, {"attachments": {"a": b"1"}}]

    names = {printing._digest(documents, option) for option in options} | {printing._digest([*documents, html("b")], {})}

    assert len(names) == len(options) + 1
