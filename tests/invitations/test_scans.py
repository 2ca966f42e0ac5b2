"""The scan of the signed paper: its QR code must be the letter's; what cannot be read a second person compares; whoever opens it is named on it."""

import io
import zlib

import pypdfium2
import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from PIL import ImageChops

from accounts.models import AuditEvent
from cases.models import Case
from cases.process import BlockedError
from core.files import path_of, sweep
from invitations import drawing
from invitations.models import InvitationLetter, Scan
from tests import factories as make
from tests import samples

from . import scans
from .conftest import address, drawn, fill, invite, issued, on_letter, scanned, upload


def words(answer):
    return answer.content.decode()


def refused(letter, by, *files):
    """What is said where a scan is not taken; nothing was kept."""
    answer = upload(letter, by, *files)
    assert answer.status_code == 200
    assert (Scan.objects.count(), InvitationLetter.objects.get(pk=letter.pk).scan_sha256) == (0, "")
    return words(answer)


def refusals():
    return [event.facts for event in AuditEvent.objects.filter(action="document.refuse")]


# -- a scan that is the letter's ---------------------------------------------------------------------------------------------------------------------------


def test_a_scan_with_the_code_of_the_letter_is_taken(sealed, registrar):
    body = scans.pdf(scans.paper_of(sealed))

    answer = upload(sealed, registrar, ("签字件.pdf", body))

    assert answer.status_code == 302
    letter, scan = InvitationLetter.objects.get(pk=sealed.pk), Scan.objects.get()
    assert (letter.scan_pages, letter.scanned_by, bool(letter.scan)) == (1, registrar, True)
    assert (scan.reading, scan.decision, scan.file, scan.sealed_sha256) == ("matched", "taken", "", letter.scan_sha256)
    kept = path_of(letter.scan).read_bytes()
    assert b"%PDF" not in kept
    assert kept.startswith(b"aesgcm:")
    assert AuditEvent.objects.filter(action="invitation.scan").count() == 1


@pytest.mark.parametrize(
    ("name", "make_scan"),
    [
        ("scan.pdf", lambda page: scans.pdf(scans.crooked(scans.noisy(page), 7))),
        ("scan.pdf", lambda page: scans.pdf(page.rotate(180))),
        ("scan.pdf", lambda page: scans.pdf(page.rotate(90, expand=True))),
        ("scan.jpg", lambda page: scans.jpeg(scans.crooked(page, -4), 40)),
        ("scan.png", lambda page: scans.png(page.resize((700, 990)))),
    ],
    ids=["skewed and dusty", "upside down", "on its side", "photographed", "small"],
)
def test_a_poor_scan_is_read_all_the_same(sealed, registrar, name, make_scan):
    upload(sealed, registrar, (name, make_scan(scans.paper_of(sealed))))

    assert Scan.objects.get().reading == "matched"


def test_a_pale_scan_is_read_all_the_same(sealed, registrar):
    upload(sealed, registrar, ("scan.pdf", scans.pdf(scans.paper_of(sealed, ink=150, ground=180))))

    assert Scan.objects.get().reading == "matched"


def test_pictures_of_each_page_are_bound_into_one(case, preparer, unit, reviewers, signer, registrar):
    issued(case, reviewers, signer)
    InvitationLetter.objects.update(sealed_sha256="a" * 64, sha256="b" * 64, pages=2, rendered_at=case.opened_at)
    letter = on_letter(InvitationLetter.objects.get(), "seal_letter", by=registrar, remark="")

    upload(letter, registrar, ("1.png", scans.png(scans.paper_of(letter).convert("RGBA"))), ("2.jpg", scans.jpeg(scans.paper())))

    letter = InvitationLetter.objects.get()
    assert letter.scan_pages == 2
    answer = make.client_of(registrar).get(reverse("invitations:scan-open", args=[letter.pk]))
    assert len(pypdfium2.PdfDocument(io.BytesIO(answer.content))) == 2


def test_a_better_scan_takes_the_place_of_one_until_it_is_submitted(sealed, registrar, django_capture_on_commit_callbacks):
    first = scanned(sealed, registrar)
    with django_capture_on_commit_callbacks(execute=True):
        second = scanned(sealed, registrar)

    assert second.scan != first.scan
    assert not path_of(first.scan).exists()
    assert path_of(second.scan).exists()
    assert Scan.objects.count() == 2
    InvitationLetter.objects.update(submitted_on="2026-11-20", submitted_by=registrar)
    for change in ({"scan_sha256": "c" * 64}, {"scan": "d" * 32}, {"scan_pages": 9}, {"scanned_by": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            InvitationLetter.objects.update(**change)
    InvitationLetter.objects.update(scan="", scan_purged_at=second.scanned_at)
    assert "已按保存期限删除" in words(make.client_of(registrar).get(second.get_absolute_url()))


# -- a scan that is not ------------------------------------------------------------------------------------------------------------------------------------


def test_the_scan_of_another_letter_is_refused_by_its_number(preparer, unit, reviewers, signer, registrar):
    case = make.case("4.1", by=preparer, title="七人团")
    invite(fill(case.invitation_application, unit), [(f"BERG{sign}", "LARS", "", "M", f"P000044{place:02}") for place, sign in enumerate("ABCDEFG")])
    make.act(case, "add_material", name="贸易往来文件")
    issued(make.collected(case), reviewers, signer)
    first, second = (on_letter(drawn(letter), "seal_letter", by=registrar, remark="") for letter in InvitationLetter.objects.order_by("part"))

    told = refused(first, registrar, ("scan.pdf", scans.pdf(scans.paper_of(second))))

    assert f"是另一份函件（{second.number}）的" in told
    assert '"scan_of_another"' in refusals()[0]


def test_the_letter_itself_is_no_scan(sealed, registrar, monkeypatch):
    monkeypatch.setattr("invitations.scans.digest_of", lambda path: sealed.sha256)

    assert "没有签字和印章" in refused(sealed, registrar, ("letter.pdf", scans.pdf(scans.paper_of(sealed))))


def test_the_code_of_no_letter_is_refused(sealed, registrar):
    told = refused(sealed, registrar, ("scan.pdf", scans.pdf(scans.paper(drawing.verify_url("0" * 26)))))

    assert "查无此函" in told


def test_another_code_is_refused(sealed, registrar):
    told = refused(sealed, registrar, ("scan.pdf", scans.pdf(scans.paper("https://example.org/pay?to=1"))))

    assert "不是函件核验的二维码" in told
    assert '"scan_foreign"' in refusals()[0]


def test_a_page_with_the_codes_of_two_letters_is_refused(sealed, registrar):
    page, other = scans.paper_of(sealed), scans.paper(drawing.verify_url("1" * 26))
    page.paste(other.crop((100, 1390, 420, 1700)), (800, 20))

    assert "查无此函" in refused(sealed, registrar, ("scan.pdf", scans.pdf(page)))


@pytest.mark.parametrize("pages", [2, 500])
def test_other_numbers_of_pages_are_refused(sealed, registrar, pages):
    told = refused(sealed, registrar, ("scan.pdf", samples.pdf(pages=pages)))

    assert f"扫描件 {pages} 页，函件 1 页" in told
    assert '"scan_pages"' in refusals()[0]


@pytest.mark.parametrize(
    "files",
    [
        [("a.docx", samples.docx())],
        [("a.pdf", samples.pdf()), ("b.pdf", samples.pdf())],
        [("a.pdf", samples.pdf()), ("b.png", samples.picture())],
    ],
    ids=["Word", "two PDFs", "PDF and picture"],
)
def test_only_one_pdf_or_pictures_are_taken(sealed, registrar, files):
    assert "只接受一份 PDF，或者每页一张图片" in refused(sealed, registrar, *files)


def bomb():
    """A PDF of a megabyte whose page is a picture of a gigabyte."""
    packer = zlib.compressobj(9)
    packed = b"".join([*(packer.compress(bytes(1 << 20)) for _piece in range(1000)), packer.flush()])
    told = b"<</Type/XObject/Subtype/Image/Width 32000/Height 32000/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/Length %d>>" % len(packed)
    drawn = b"q 595 0 0 842 0 0 cm /I Do Q"
    made = samples.pdf(objects=(told + b"stream\n" + packed + b"\nendstream", b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn)))
    return made.replace(b"/Contents 5 0 R/Resources<<", b"/Contents 8 0 R/Resources<</XObject<</I 7 0 R>>")


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("scan.pdf", b"%PDF-1.7\nnothing\n%%EOF\n", "已损坏"),
        ("scan.pdf", samples.pdf(catalog=b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), "含有脚本"),
        ("scan.png", samples.huge_png(60000, 60000), "像素太多"),
        ("scan.png", b"", "文件是空的"),
        ("scan.pdf", samples.pdf("SECRET 机密"), "密级标志"),
    ],
    ids=["broken", "script", "pixels", "empty", "classified"],
)
def test_a_hostile_file_is_refused_as_any_other(sealed, registrar, name, body, told):
    assert told in refused(sealed, registrar, (name, body))


def test_a_locked_pdf_is_refused(sealed, registrar):
    pypdf = pytest.importorskip("pypdf")
    writer, made = pypdf.PdfWriter(), io.BytesIO()
    writer.append(io.BytesIO(scans.pdf(scans.paper_of(sealed))))
    writer.encrypt("geheim")
    writer.write(made)

    assert "设有密码" in refused(sealed, registrar, ("scan.pdf", made.getvalue()))


def test_a_bomb_fills_no_memory_and_is_not_read(sealed, registrar):
    upload(sealed, registrar, ("scan.pdf", bomb()))

    assert (Scan.objects.get().reading, Scan.objects.get().decision) == ("unreadable", "")


def test_a_page_of_fifty_metres_is_drawn_small(sealed, registrar):
    body = samples.pdf().replace(b"MediaBox[0 0 595 842]", b"MediaBox[0 0 140000 140000]")

    upload(sealed, registrar, ("scan.pdf", body))

    assert Scan.objects.get().reading == "unreadable"


def test_nothing_is_taken_that_was_not_declared(sealed, registrar):
    body = scans.pdf(scans.paper_of(sealed))

    answer = upload(sealed, registrar, ("scan.pdf", body), declared="")

    assert "请确认文件不涉密" in words(answer)
    assert Scan.objects.count() == 0


def test_a_form_without_a_file_asks_for_one(sealed, registrar):
    assert "请选择文件" in words(upload(sealed, registrar))


def test_files_that_nobody_compared_with_a_letter_are_not_taken(sealed, registrar):
    """The letter of another case under this case's address: it is not looked at, and not taken."""
    case = Case.objects.get(pk=sealed.application.case_id)
    client = make.client_of(registrar)
    elsewhere = reverse("cases:part-do", args=[case.number, "invitationletter", 987654, "upload_scan"])

    answer = client.post(elsewhere, {"papers": [], "declared": "on", "version": case.version})

    assert answer.status_code == 404


# -- what cannot be read -----------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def unread(sealed, registrar):
    """A letter whose scan shows no code."""
    upload(sealed, registrar, ("scan.pdf", scans.pdf(scans.paper())))
    return InvitationLetter.objects.get(pk=sealed.pk)


def test_an_unreadable_scan_waits_for_a_second_person(unread, registrar, signer):
    scan = Scan.objects.get()
    assert (scan.reading, scan.decision, bool(scan.file), unread.scan_sha256) == ("unreadable", "", True, "")

    letter = on_letter(unread, "confirm_scan", by=signer, compared="on", note="已逐项核对")

    scan = Scan.objects.get()
    assert (scan.decision, scan.decided_by, scan.file) == ("taken", signer, "")
    assert (letter.scan_sha256, letter.scanned_by, path_of(letter.scan).exists()) == (scan.sealed_sha256, registrar, True)


def test_a_scan_under_another_address_waits_for_a_second_person(sealed, registrar, settings):
    body = scans.pdf(scans.paper_of(sealed))
    settings.PUBLIC_BASE_URL = "https://elsewhere.example"

    upload(sealed, registrar, ("scan.pdf", body))

    assert (Scan.objects.get().reading, Scan.objects.get().decision) == ("other_site", "")


def test_a_scan_that_does_not_fit_is_refused_and_gone(unread, signer, registrar, django_capture_on_commit_callbacks):
    name = Scan.objects.get().file
    with django_capture_on_commit_callbacks(execute=True):
        letter = on_letter(unread, "refuse_scan", by=signer, note="没有盖章")

    scan = Scan.objects.get()
    assert (scan.decision, scan.file, scan.note, letter.scan_sha256) == ("refused", "", "没有盖章", "")
    assert not path_of(name).exists()
    assert scanned(letter, registrar).scan_sha256


def test_nobody_compares_their_own_scan(unread, registrar):
    page = words(make.client_of(registrar).get(address(unread, "confirm_scan")))
    assert "上传人不能核对自己上传的扫描件" in page

    for action in ("confirm_scan", "refuse_scan"):
        with pytest.raises(Exception, match="上传人不能核对"):
            on_letter(unread, action, by=registrar, compared="on", note="符合")


def test_whoever_handed_in_a_wrong_scan_takes_it_back(unread, registrar, signer, django_capture_on_commit_callbacks):
    name, colleague = Scan.objects.get().file, make.worker("registrar", "4.1")
    for other in (signer, colleague):
        with pytest.raises(BlockedError):
            on_letter(unread, "take_scan_back", by=other, reason="拿错了纸")

    with django_capture_on_commit_callbacks(execute=True):
        letter = on_letter(unread, "take_scan_back", by=registrar, reason="拿错了纸")

    scan = Scan.objects.get()
    assert (scan.decision, scan.decided_by, scan.file, scan.note, letter.scan_sha256) == ("taken_back", registrar, "", "拿错了纸", "")
    assert not path_of(name).exists()
    assert "上传人撤回" in words(make.client_of(signer).get(letter.get_absolute_url()))
    assert scanned(letter, registrar).scan_sha256


def test_the_database_wants_a_second_person(unread, registrar, signer):
    scan = Scan.objects.get()
    decided = {"decision": "taken", "file": "", "decided_at": scan.added_at}

    for who in ({"decided_by": registrar}, {"decided_by": signer, "decided_for": registrar}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Scan.objects.update(**decided, **who)
    with pytest.raises(IntegrityError), transaction.atomic():
        Scan.objects.create(letter=unread, reading="unreadable", pages=1, sha256="a" * 64, sealed_sha256="b" * 64, added_by=registrar)
    Scan.objects.update(**decided, decided_by=signer)
    with pytest.raises(IntegrityError, match="stays as it was handed in"), transaction.atomic():
        Scan.objects.update(note="x")
    with pytest.raises(IntegrityError, match="not deleted"), transaction.atomic():
        Scan.objects.all()._raw_delete("default")


def test_a_form_that_says_nothing_is_asked_again(unread, signer):
    client, version = make.client_of(signer), Case.objects.get(pk=unread.application.case_id).version

    assert "请打开扫描件逐项核对" in words(client.post(address(unread, "confirm_scan"), {"version": version}))
    assert "请写明哪里不相符" in words(client.post(address(unread, "refuse_scan"), {"version": version}))


# -- opening it --------------------------------------------------------------------------------------------------------------------------------------------


def colours(body):
    """How many points of the first page are blue: only the mark is."""
    picture = pypdfium2.PdfDocument(io.BytesIO(body))[0].render(scale=1).to_pil()
    red, _green, blue = picture.convert("RGB").split()
    return sum(ImageChops.subtract(blue, red).histogram()[20:])


def test_whoever_opens_a_scan_is_on_it_and_in_the_trail(sealed, registrar, signer):
    letter = scanned(sealed, registrar)

    for person in (registrar, signer):
        answer = make.client_of(person).get(reverse("invitations:scan-open", args=[letter.pk]))
        assert (answer.status_code, answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (200, "application/pdf", "private, no-store")
        document = pypdfium2.PdfDocument(io.BytesIO(answer.content))
        assert document[0].get_textpage().get_text_range() == ""  # a picture: the mark does not come off
        assert colours(answer.content) > 500
        assert AuditEvent.objects.filter(action="invitation.open_scan", by=person).count() == 1


def test_a_name_that_cannot_be_drawn_leaves_the_account(sealed, registrar):
    letter = scanned(sealed, registrar)
    registrar.name = "冯\U0003134b"
    registrar.save(update_fields=["name"])

    answer = make.client_of(registrar).get(reverse("invitations:scan-open", args=[letter.pk]))

    assert answer.status_code == 200
    assert colours(answer.content) > 500


def test_a_waiting_scan_is_opened_by_whoever_compares_it(unread, signer):
    client, scan = make.client_of(signer), Scan.objects.get()

    assert client.get(reverse("invitations:scan-compare", args=[scan.pk])).headers["Content-Type"] == "application/pdf"

    on_letter(unread, "confirm_scan", by=signer, compared="on", note="")
    assert client.get(reverse("invitations:scan-compare", args=[scan.pk])).status_code == 404


@pytest.mark.parametrize("role", ["preparer", "reviewer", "leader", "editor", "auditor"])
def test_others_do_not_open_a_scan(unread, role):
    client, scan = make.client_of(make.worker(role, "4.1")), Scan.objects.get()

    for name, key in (("scan-open", unread.pk), ("scan-compare", scan.pk)):
        assert client.get(reverse(f"invitations:{name}", args=[key])).status_code == 403


def test_a_scan_out_of_sight_is_absent(sealed, registrar):
    letter, elsewhere = scanned(sealed, registrar), make.client_of(make.worker("registrar", "2.1"))

    hidden, absent = (elsewhere.get(reverse("invitations:scan-open", args=[pk])) for pk in (letter.pk, 987654))

    assert (hidden.status_code, hidden.content) == (404, absent.content)


def test_there_is_no_scan_before_there_is_one(sealed, registrar):
    assert make.client_of(registrar).get(reverse("invitations:scan-open", args=[sealed.pk])).status_code == 404


@pytest.mark.parametrize("harm", ["gone", "altered"])
def test_a_lost_scan_is_told(sealed, registrar, harm):
    letter = scanned(sealed, registrar)
    if harm == "gone":
        path_of(letter.scan).unlink()
    else:
        path_of(letter.scan).write_bytes(b"aesgcm:")

    answer = make.client_of(registrar).get(reverse("invitations:scan-open", args=[letter.pk]))

    assert answer.status_code == 410
    assert "不在存储中" in words(answer)


def test_kept_scans_are_not_swept(unread, signer):
    name = Scan.objects.get().file
    sweep(now=10**11)
    assert path_of(name).exists()
    letter = on_letter(unread, "confirm_scan", by=signer, compared="on", note="")
    sweep(now=10**11)
    assert path_of(letter.scan).exists()
