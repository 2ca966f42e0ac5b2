"""Files from outside: what is taken, what is refused and why; that what is kept survives, and that what is left over goes."""

import errno
import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import suppress
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace

import magic
import pytest
from django.conf import settings as project
from django.core.files.uploadhandler import StopUpload
from django.core.management import call_command
from django.db import OperationalError
from PIL import Image

from core import files, inspection
from core.inspection import RefusedFileError
from core.inspector import RefusedError, archives
from core.inspector.signs import is_marked
from tests import samples as make
from tests.processes import is_dead, until

JS = b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"
BIG = bytes(8 << 20)

TAKEN = {
    "来函.pdf": make.pdf(),
    "三页.PDF": make.pdf(pages=3),
    "函.docx": make.docx(),
    "表.xlsx": make.xlsx(),
    "稿.pptx": make.pptx(),
    "票.ofd": make.ofd(),
    "图.png": make.picture(),
    "照.jpg": make.picture("jpeg"),
    "照.JPEG": make.picture("jpeg"),
    "信.eml": make.mail(),
    "带附件.eml": make.mail(attachments={"a.pdf": make.pdf(), "b.docx": make.docx(), "c.png": make.picture()}, html="<html><b>您好</b></html>"),
    "转发.eml": make.mail(attachments={"原信.eml": make.mail()}),
    "记录.txt": "会见记录".encode(),
    "旧编码.txt": "会见记录，双方商定".encode("gb18030"),
    "双字节.txt": "会见记录".encode("utf-16"),
    "名单.csv": "姓名,单位\n张三,某协会\n".encode(),
    "嵌表.docx": make.docx(extra={"word/embeddings/a.xlsx": make.xlsx()}),
    "链接.docx": make.docx(extra={"word/_rels/document.xml.rels": '<Relationship Type="http://x/hyperlink" Target="http://x" TargetMode="External"/>'}),
    "矢量图.docx": make.docx(extra={"word/media/a.svg": "<svg/>"}),
    "保密协议.docx": make.docx("双方应当保守商业秘密，不得泄露国家秘密、工作秘密"),
    "长文.txt": "正文。".encode() * 2000 + "机密".encode(),
}

REFUSED = {
    # what is no document at all
    ("a.exe", "program"): b"MZ" + bytes(200),
    ("a.pdf", "program"): b"MZ" + bytes(200),
    ("b.txt", "program"): b"\x7fELF" + bytes(200),
    ("a.svg", "script"): b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
    ("a.html", "script"): b"<html><body>x</body></html>",
    ("a.png", "script"): b"<!DOCTYPE html><html><script>1</script>",
    ("a.txt", "script"): b"  <script>alert(1)</script>",
    ("c.txt", "script"): b"#!/bin/sh\nrm -rf /\n",
    ("d.txt", "script"): "你好 <iframe src=x>".encode(),
    ("a.csv", "script"): b"<?php system('x');",
    ("a.zip", "kind"): make.archive({"a.txt": "x"}),
    ("a.rar", "kind"): b"Rar!\x1a\x07\x00" + bytes(100),
    ("a.doc", "old_office"): b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ("locked.docx", "old_office"): b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ("a.rtf", "kind"): b"{\\rtf1 x}",
    ("a.gif", "kind"): b"GIF89a" + bytes(100),
    ("noending", "kind"): b"text",
    (".txt", "name"): b"text",
    ("\u202e\u200b.\u202e", "name"): b"text",
    ("empty.txt", "empty"): b"",
    # what is not what it says
    ("fake.pdf", "mismatch"): make.picture(),
    ("fake.jpg", "mismatch"): make.picture(),
    ("fake.docx", "mismatch"): make.xlsx(),
    ("fake.xlsx", "mismatch"): make.ofd(),
    ("bytes.txt", "mismatch"): bytes(range(256)) * 4,
    ("zip.pdf", "mismatch"): make.docx(),
    ("nothing.eml", "mismatch"): b"just text",
    ("plain.docx", "broken"): b"PK\x03\x04" + bytes(100),
    ("other.docx", "archive"): make.archive({"a.txt": "x"}),
    # macros, objects, outside
    ("macro.docx", "macro"): make.docx(extra={"word/vbaProject.bin": b"x"}),
    ("type.docx", "macro"): make.docx(types='<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'),
    ("docm.docx", "macro"): make.docx(types='<Default ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'),
    ("macro.xlsx", "macro"): make.office("xlsx", extra={"xl/vbaProject.bin": b"x"}),
    ("activex.docx", "embedded"): make.docx(extra={"word/activeX/activeX1.xml": "<x/>"}),
    ("ole.docx", "embedded"): make.docx(extra={"word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0" + bytes(100)}),
    ("program.docx", "program"): make.docx(extra={"word/media/a.exe": b"x"}),
    ("hidden.docx", "program"): make.docx(extra={"word/media/a.png": b"MZ" + bytes(100)}),
    ("template.docx", "outside"): make.docx(
        extra={"word/_rels/settings.xml.rels": "<Relationship Type='http://x/attachedTemplate' Target='http://evil/a.dotm' TargetMode='External'/>"}
    ),
    ("entity.docx", "broken"): make.docx(extra={"word/styles.xml": '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'}),
    ("entity16.docx", "broken"): make.docx(extra={"word/styles.xml": "<!DOCTYPE x><x/>".encode("utf-16")}),
    ("macro.eml", "macro"): make.mail(attachments={"a.docx": make.docx(extra={"word/vbaProject.bin": b"x"})}),
    ("program.eml", "program"): make.mail(attachments={"a.pdf": b"MZ" + bytes(100)}),
    ("html.eml", "script"): make.mail(attachments={"a.html": b"<html><script>1</script></html>"}),
    ("script.eml", "active"): make.mail(attachments={"a.pdf": make.pdf(catalog=JS)}),
    # PDF
    ("script.pdf", "active"): make.pdf(catalog=JS),
    ("escaped.pdf", "active"): make.pdf(catalog=b"/OpenAction<</#53 %x\n /Java#53cript/JS(app.alert(1))>>"),
    ("names.pdf", "active"): make.pdf(catalog=b"/Names<</JavaScript<</Names[(a) <</S/JavaScript/JS(x)>>]>>>>"),
    ("launch.pdf", "active"): make.pdf(catalog=b"/OpenAction<</S /Launch/F(cmd.exe)>>"),
    ("packed.pdf", "active"): make.pdf(objects=(make.packed(b"9 0 <</S /L#61unch /F (x)>>"),)),
    ("filter.pdf", "active"): make.pdf(objects=(make.packed(b"9 0 <<>>", b"/Filter[/ASCII#48exDecode]"),)),
    ("tail.pdf", "polyglot"): make.pdf() + b"x" * 2000,
    ("zip-tail.pdf", "polyglot"): make.pdf() + make.archive({"a.class": "x"}),
    ("html-head.pdf", "broken"): make.pdf(before=b"junk <b>"),
    ("html-in.pdf", "polyglot"): b"%PDF-1.7\n<html><script>alert(1)</script>" + make.pdf(),
    ("cut.pdf", "broken"): make.pdf()[:-40],
    ("nonsense.pdf", "broken"): b"%PDF-1.7\n" + b"\0garbage" * 50 + b"%%EOF",
    # images
    ("bomb.png", "pixels"): make.huge_png(30_000, 30_000),
    ("cut.png", "broken"): make.picture(size=(400, 400))[:150],
    ("bad.png", "mismatch"): b"\x89PNG\r\n\x1a\n" + bytes(100),
    # marks of secrecy
    ("mark.pdf", "secret"): make.pdf("机密★10年"),
    ("spaced.pdf", "secret"): make.pdf("绝  密"),
    ("mark.docx", "secret"): make.docx("机密★1年6个月"),
    ("split.docx", "secret"): make.docx("机</w:t></w:r><w:r><w:t> 密"),
    ("header.docx", "secret"): make.docx(extra={"word/header2.xml": "<w:hdr><w:p><w:t>秘密★长期</w:t></w:p></w:hdr>"}),
    ("title.docx", "secret"): make.docx(extra={"docProps/core.xml": "<dc:title>绝密</dc:title>"}),
    ("mark.xlsx", "secret"): make.xlsx("秘密"),
    ("sheet.xlsx", "secret"): make.office("xlsx", extra={"xl/workbook.xml": '<sheet name="机密名单"/>'}),
    ("mark.pptx", "secret"): make.pptx("密级：绝密"),
    ("mark.ofd", "secret"): make.ofd("★"),
    ("mark.txt", "secret"): "机　密\n请示".encode(),
    ("upright.txt", "secret"): "机\n密\n请示".encode(),
    ("old.txt", "secret"): "绝密★启用前".encode("gb18030"),
    ("mark.csv", "secret"): "密级,秘密★".encode(),
    ("subject.eml", "secret"): make.mail(subject="【机密】安排"),
    ("body.eml", "secret"): make.mail(text="秘密★"),
    ("html-body.eml", "secret"): make.mail(html="<p>绝<b>密</b></p>"),
    ("attached.eml", "secret"): make.mail(attachments={"a.docx": make.docx("机密★")}),
    ("attachment-name.eml", "secret"): make.mail(attachments={"机密.pdf": make.pdf()}),
    ("forwarded.eml", "secret"): make.mail(attachments={"原信.eml": make.mail(subject="绝密")}),
}

BOMBS = {
    "160 MB of nothing": make.docx(extra={f"word/media/{number}.xml": BIG for number in range(20)}),
    "a ratio of a thousand": make.docx(extra={"word/a.xml": BIG, "word/b.xml": BIG, "word/c.xml": BIG}),
    "5,000 parts": make.docx(extra={f"word/{number}": b"" for number in range(5000)}),
    "parts that share their bytes": make.overlapping(),
    "a document in a document in a document": make.docx(
        extra={"word/embeddings/a.docx": make.docx(extra={"word/embeddings/b.docx": make.docx(extra={"word/embeddings/c.docx": make.docx()})})}
    ),
    "an archive that is no embedding": make.docx(extra={"word/media/a.zip": make.archive({"a": "b"})}),
    "an embedding that is a bomb": make.docx(extra={"word/embeddings/a.xlsx": make.office("xlsx", extra={f"xl/{number}.xml": BIG for number in range(4)})}),
    "a directory that lies": make.lying(make.docx(extra={"z.xml": BIG}), 100),
    "one part told to be of 4 GB": make.lying(make.docx(), 0xFFFFFFF0),
    "another way of packing": make.docx(extra={"word/a.xml": b"x" * 100}, method=zipfile.ZIP_LZMA),
    "a directory of 64 bits": make.docx()[:-6] + b"\xff\xff\xff\xff\0\0",
    "bytes before": b"\0" * 10 + make.docx(),
    "bytes between": make.docx()[:-22] + b"\0" * 10 + make.docx()[-22:],
    "a comment": make.docx()[:-2] + b"\4\0evil",
}


@pytest.fixture
def inspected(tmp_path):
    def inspect(name, body):
        path = tmp_path / "0123"
        path.write_bytes(body)
        return inspection.inspect(path, name, len(body))

    return inspect


def code_of(inspected, name, body):
    with pytest.raises(RefusedFileError) as caught:
        inspected(name, body)
    return caught.value.code


def code_or_kind(inspected, name, body):
    try:
        return inspected(name, body).kind
    except RefusedFileError as refusal:
        return refusal.code


class TestLooking:
    @pytest.mark.parametrize("name", TAKEN)
    def test_what_an_office_sends_is_taken(self, inspected, name):
        assert inspected(name, TAKEN[name]).kind == name.rpartition(".")[2].lower().replace("jpg", "jpeg")

    def test_real_documents_are_taken(self, inspected):
        for path in sorted((project.BASE_DIR / "duties").rglob("*.docx")) + sorted((project.BASE_DIR / "templates").rglob("*.docx")):
            assert inspected(path.name, path.read_bytes()).kind == "docx"

    @pytest.mark.parametrize(("name", "code"), REFUSED)
    def test_the_rest_is_refused_with_its_reason(self, inspected, name, code):
        assert code_of(inspected, name, REFUSED[name, code]) == code

    @pytest.mark.parametrize("kind", BOMBS)
    def test_a_bomb_is_refused_quickly_and_in_little_memory(self, inspected, kind):
        began = time.monotonic()

        assert code_of(inspected, "a.docx", BOMBS[kind]) in {"bomb", "broken", "mismatch"}
        assert time.monotonic() - began < 5

    def test_a_bomb_is_refused_before_anything_is_unpacked(self, monkeypatch):
        monkeypatch.setattr(archives.zipfile.ZipFile, "open", None)
        for kind in ("160 MB of nothing", "a ratio of a thousand", "5,000 parts", "parts that share their bytes", "a directory of 64 bits"):
            with pytest.raises(RefusedError):
                archives.read_archive(BytesIO(BOMBS[kind]), len(BOMBS[kind]))

    def test_every_reason_has_words(self):
        source = "".join(path.read_text() for path in sorted((project.BASE_DIR / "core/inspector").glob("*.py")))
        said = {line.partition('"')[0] for line in source.split('RefusedError("')[1:]}

        assert {"kind", "bomb", "active", "pixels", "secret"} <= said <= set(inspection.REASONS)

    def test_a_photo_keeps_its_points_and_loses_the_rest(self, inspected, tmp_path):
        found = inspected("照.jpg", make.photo())
        clean = found.path.read_bytes()

        with Image.open(found.path) as picture:
            assert (picture.size, dict(picture.getexif()), picture.format) == ((30, 40), {}, "JPEG")  # turned upright
        assert not any(word in clean for word in (b"CANARY", b"Exif", b"PK\x05\x06", b"word/document.xml"))
        assert magic.from_buffer(clean, mime=True) == "image/jpeg"

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
    def test_pictures_of_every_mode_are_taken(self, inspected, mode):
        made = BytesIO()
        Image.new(mode, (20, 20)).save(made, "PNG")

        assert inspected("图.png", made.getvalue()).kind == "png"

    def test_a_picture_in_four_colours_is_taken(self, inspected):
        made = BytesIO()
        Image.new("CMYK", (20, 20)).save(made, "JPEG", dpi=(300, 300))

        with Image.open(inspected("图.jpg", made.getvalue()).path) as picture:
            assert (picture.mode, picture.info["dpi"]) == ("RGB", (300, 300))

    def test_pages_are_drawn(self, tmp_path):
        path = tmp_path / "a"
        path.write_bytes(make.pdf(pages=2))

        assert inspection.draw(path, "pdf", 2).startswith(b"\x89PNG")
        with pytest.raises(RefusedFileError):
            inspection.draw(path, "pdf", 9)

    def test_words_are_read(self, tmp_path):
        kept = {}
        for kind, body in {"docx": make.docx("第一条 信息交换"), "pdf": make.pdf("Article 1"), "txt": "第一条\n互访".encode("gb18030"), "png": b"-"}.items():
            (tmp_path / kind).write_bytes(body)
            kept[kind] = (files.keep(tmp_path / kind), hashlib.sha256(body).hexdigest())

        assert inspection.words_of(*kept["docx"], "docx").strip() == "第一条 信息交换"
        assert inspection.words_of(*kept["pdf"], "pdf").strip() == "Article 1"
        assert inspection.words_of(*kept["txt"], "txt") == "第一条\n互访"
        for kind, read_as in (("png", "png"), ("pdf", "docx")):
            with pytest.raises(RefusedFileError):
                inspection.words_of(*kept[kind], read_as)

    def test_a_word_document_without_a_text_has_no_words(self, tmp_path):
        (tmp_path / "a").write_bytes(make.xlsx())

        with pytest.raises(RefusedFileError):
            inspection.words_of(files.keep(tmp_path / "a"), hashlib.sha256(make.xlsx()).hexdigest(), "docx")

    def test_damaged_files_are_refused_or_taken_and_nothing_breaks(self, inspected):
        codes = set()
        for name in ("来函.pdf", "函.docx", "图.png", "照.jpg", "信.eml", "票.ofd"):
            body = TAKEN[name]
            for place in range(7, len(body), max(1, len(body) // 6)):
                spoilt = body[:place] + bytes([body[place] ^ 0x5A]) + body[place + 1 :]
                codes.add(code_or_kind(inspected, name, spoilt))
        assert not codes & {"failed", "heavy"}

    def test_what_takes_too_long_is_killed_with_all_that_it_started(self, inspected, monkeypatch, tmp_path):
        slow = tmp_path / "pdfinfo"
        slow.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
        slow.chmod(0o755)
        monkeypatch.setattr("core.inspection.SECONDS", 2)
        monkeypatch.setattr("core.inspection.PATH", f"{tmp_path}:/usr/bin:/bin")

        assert code_of(inspected, "来函.pdf", make.pdf()) == "heavy"
        started = int((tmp_path / "pid").read_text())
        until(lambda: is_dead(started), 10)

    def test_a_child_that_does_not_start_is_no_fault_of_the_file(self, inspected, monkeypatch, caplog):
        monkeypatch.setattr("core.inspection.PATH", "/nowhere")

        assert code_of(inspected, "来函.pdf", make.pdf()) == "failed"
        assert "FileNotFoundError" in caplog.text

    def test_a_child_that_is_killed_from_outside_refuses(self, inspected, monkeypatch, tmp_path):
        killer = tmp_path / "pdfinfo"
        killer.write_text("#!/bin/sh\nkill -9 $PPID\n")
        killer.chmod(0o755)
        monkeypatch.setattr("core.inspection.PATH", f"{tmp_path}:/usr/bin:/bin")

        assert code_of(inspected, "来函.pdf", make.pdf()) == "heavy"

    def test_the_child_knows_no_secret_of_ours(self, inspected, monkeypatch, tmp_path):
        spy = tmp_path / "pdfinfo"
        spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/env\n")
        spy.chmod(0o755)
        monkeypatch.setenv("SECRET_KEY", "canary")
        monkeypatch.setattr("core.inspection.PATH", f"{tmp_path}:/usr/bin:/bin")

        code_of(inspected, "来函.pdf", make.pdf())
        assert "canary" not in (tmp_path / "env").read_text()

    @pytest.mark.parametrize("text", ["商业秘密", "保守秘密", "机密性", "工作秘密", "密封", "秘书", "内部资料"])
    def test_ordinary_words_are_no_mark(self, text):
        assert not is_marked(text)

    @pytest.mark.parametrize(
        "text",
        [
            "秘密",
            "机密★",
            "绝密★长期",
            "★",
            "密级：机密",
            "机 密",
            "ＳＥＣ 绝密",
            "秘\u200b密",
            "机\n密",
            "商业秘密 机密",
            "国家秘密★10年",
            "机密级",
            "（秘密）",
        ],
    )
    def test_marks_are_seen(self, text):
        assert is_marked(text)


def failing_act(path, error):
    """Keep the file in an act that fails; its name."""
    with suppress(type(error)), files.kept_with_the_act():
        name = files.keep(path)
        raise error
    return name


class TestKeeping:
    def test_the_order_is_write_fsync_rename_fsync_of_the_folder(self, monkeypatch):
        seen, fsync, rename = [], os.fsync, Path.rename
        kind = {True: "folder", False: "file"}
        monkeypatch.setattr("os.fsync", lambda handle: (seen.append(f"fsync {kind[Path(f'/proc/self/fd/{handle}').resolve().is_dir()]}"), fsync(handle))[1])
        monkeypatch.setattr(Path, "rename", lambda path, target: (seen.append("rename"), rename(path, target))[1])
        files.folder("kept", "00")
        path = files.folder("incoming") / "a"
        path.write_bytes(b"body")
        monkeypatch.setattr("core.files.secrets.token_hex", lambda length: "0" * 2 * length)
        seen.clear()

        name = files.keep(path)

        assert seen == ["fsync file", "rename", "fsync folder"]
        assert files.path_of(name).read_bytes() == b"body"

    def test_a_new_folder_is_made_durable_too(self, monkeypatch):
        synced = []
        monkeypatch.setattr("core.files.sync", synced.append)
        files.folder("kept", "ab")
        files.folder("kept", "ab")

        assert [path.name for path in synced] == ["media", "kept"]

    @pytest.mark.parametrize("name", ["", "..", "../" * 10 + "x", "A" * 32, "0" * 31, "0" * 31 + "/", "0" * 33])
    def test_only_names_of_ours_are_names(self, name):
        with pytest.raises(ValueError, match=re.escape(name) or "^$"):
            files.path_of(name)

    def test_a_failed_act_takes_its_files_along(self):
        path = files.folder("incoming") / "a"
        path.write_bytes(b"body")

        name = failing_act(path, KeyError())

        assert not files.path_of(name).exists()

    def test_where_nobody_knows_whether_it_failed_they_stay_for_the_sweep(self, monkeypatch):
        monkeypatch.setattr("core.files.connection.vendor", "postgresql", raising=False)
        path = files.folder("incoming") / "a"
        path.write_bytes(b"body")

        name = failing_act(path, OperationalError("server closed the connection unexpectedly"))

        assert files.path_of(name).exists()


@pytest.mark.django_db
class TestSweeping:
    def test_what_nobody_names_goes_after_an_hour(self, monkeypatch):
        monkeypatch.setattr("core.files._owners", [])
        kept = []
        for number in range(3):
            path = files.folder("incoming") / str(number)
            path.write_bytes(b"body")
            kept.append(files.keep(path))
        files.register(lambda names: {kept[0]} & set(names))
        (files.folder("incoming") / "half").write_bytes(b"ha")

        assert files.sweep() == 0
        assert files.sweep(now=time.time() + 3500) == 0
        assert files.sweep(now=time.time() + 3700) == 3
        assert [files.path_of(name).exists() for name in kept] == [True, False, False]
        assert not (files.folder("incoming") / "half").exists()

    def test_the_command_says_how_many(self, monkeypatch):
        (files.folder("incoming") / "half").write_bytes(b"ha")
        monkeypatch.setattr("core.files.ORPHAN_SECONDS", -1)
        said = StringIO()

        call_command("sweep_files", stdout=said)
        call_command("sweep_files", stdout=said)

        assert said.getvalue() == "已清除没有归属的文件 1 个。\n"

    @pytest.mark.parametrize("at", ["received", "kept"])
    def test_a_process_killed_midway_leaves_only_what_the_sweep_removes(self, at, settings, monkeypatch):
        script = f"""
import django, os, signal
from django.conf import settings
django.setup()
settings.MEDIA_ROOT = {str(settings.MEDIA_ROOT)!r}
from core import files
file = files.Received("a.txt")
file.add(b"body")
if {at!r} == "kept":
    files.keep(file.finish().path)
os.kill(os.getpid(), signal.SIGKILL)
"""
        done = subprocess.run([sys.executable, "-c", script], cwd=project.BASE_DIR, env={**os.environ, "DJANGO_SETTINGS_MODULE": "liaison_portal.settings"})

        assert done.returncode == -signal.SIGKILL
        left = [path for path in files.folder().rglob("*") if path.is_file()]
        assert len(left) == 1
        assert files.sweep(now=time.time() + 3700) == 1
        assert not left[0].exists()


class TestPreviews:
    def test_old_ones_are_cleared_when_a_new_one_is_stored(self, tmp_path, monkeypatch):
        monkeypatch.setattr("core.inspection.draw", lambda *which: b"picture")
        monkeypatch.setattr("core.inspection.open_kept", lambda *which: BytesIO())
        old = tmp_path / "old-1.png"
        old.write_bytes(b"old")
        os.utime(old, (0, 0))

        assert inspection.drawn("0" * 32, "new", "pdf", 1, tmp_path) == b"picture"
        assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["new-1.png"]

    def test_without_room_for_it_the_page_is_drawn_all_the_same(self, tmp_path, monkeypatch):
        monkeypatch.setattr("core.inspection.draw", lambda *which: b"picture")
        monkeypatch.setattr("core.inspection.open_kept", lambda *which: BytesIO())
        monkeypatch.setattr(Path, "write_bytes", no_space)

        assert inspection.drawn("0" * 32, "new", "pdf", 1, tmp_path) == b"picture"
        assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def no_space(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def no_disk(*args, **kwargs):
    raise OSError(errno.EIO, "Input/output error")


class TestFull:
    def test_a_full_postgresql_is_known_by_its_code(self):
        error, cause = OperationalError("could not extend file"), Exception()
        cause.pgcode = "53100"
        error.__cause__ = cause

        assert files.is_full(error)
        assert files.is_full(OperationalError("database or disk is full"))
        assert not files.is_full(OperationalError("server closed the connection"))
        assert not files.is_full(ValueError())

    def test_a_full_disk_while_receiving_gives_the_room_back(self):
        file = files.Received("a.txt")
        file.out.close()
        file.out = SimpleNamespace(write=no_space, close=lambda: None)
        file.add(b"x")
        file.add(b"y")

        assert file.is_lost
        assert not file.path.exists()

    def test_a_broken_disk_is_not_a_full_one(self, monkeypatch):
        file = files.Received("a.txt")
        file.out.close()
        file.out = SimpleNamespace(write=no_disk)
        with pytest.raises(OSError, match="Input/output"):
            file.add(b"x")
        monkeypatch.setattr("core.inspection.inspect", no_disk)
        with pytest.raises(OSError, match="Input/output"):
            inspection.examine(file)
        monkeypatch.setattr("core.files.Received", no_disk)
        with pytest.raises(OSError, match="Input/output"):
            files.ReceivingHandler().new_file("papers", "a.txt", "text/plain", None)

    def test_a_disk_that_fills_up_while_looking_loses_the_file(self, monkeypatch):
        monkeypatch.setattr("core.inspection.inspect", no_space)
        file = files.Received("a.txt").finish()
        inspection.examine(file)

        assert (file.is_lost, file.finding, file.refusal) == (True, None, None)

    def test_what_another_sweep_removed_is_nothing_old(self, tmp_path):
        assert not files._is_older(tmp_path / "gone", 1e12)


class TestReceiving:
    def test_no_more_is_written_than_may_be(self, settings):
        settings.FILE_SIZE_LIMIT = 10
        file = files.Received("a.txt")
        for _piece in range(5):
            file.add(b"xxxx")
        file.finish()

        assert (file.size, file.path.stat().st_size) == (11, 11)
        file.close()
        assert not file.path.exists()

    def test_a_request_without_end_is_cut(self, settings):
        settings.FILE_SIZE_LIMIT, settings.REQUEST_SIZE_LIMIT = 10, 50
        handler = files.ReceivingHandler()
        handler.handle_raw_input(None, {}, 0, "")
        handler.new_file("papers", "a.txt", "text/plain", None)
        path = handler.file.path

        for _piece in range(12):
            handler.receive_data_chunk(b"xxxx", 0)
        with pytest.raises(StopUpload):
            handler.receive_data_chunk(b"xxxx", 0)

        assert not path.exists()
        files.ReceivingHandler().upload_interrupted()

    def test_two_at_once_do_not_meet(self):
        received = []
        threads = [threading.Thread(target=lambda: received.append(files.Received("a.txt").finish())) for _one in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len({file.path for file in received}) == 8
