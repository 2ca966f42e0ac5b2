"""A letter on paper: from its words (invitations.issuing.content_of) to PDF, as a specimen to look at or as it was issued.

After the letter form of GB/T 9704-2012, 10.1: the organ's name from 30 mm, double rules of 170 mm, no number on the first page. No seal and no
signature is ever drawn: there is room for both. Only the worker draws what was issued; it is kept sealed, for it holds passport numbers.
"""

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.audit import acting, record
from core import sealed_files
from core.codes import grouped
from core.files import LostFileError, digest_of, folder, keep, kept_with_the_act
from core.inspection import marked
from core.libraries import library
from core.printing import ARCHIVE_BARE, SCREEN, render
from duties.printing import qr_png, typeset

from .models import InvitationLetter
from .wording import day_in_chinese, day_in_english

logger = logging.getLogger(__name__)

SEX = {"M": ("男", "M"), "F": ("女", "F"), "X": ("未注明", "X")}
PICTURE_WIDTH, MOST_PICTURED = 1000, 6  # pixels; pages
SHORT = 6  # people beyond so many stand on an annex of their own pages
UNIT_LINES = (("邀请单位", "Inviting unit"), ("地址", "Address"))


def verify_url(token: str) -> str:
    """The address that the QR code of a letter leads to."""
    return f"{settings.PUBLIC_BASE_URL}/verify/{token}/"


def letter_pdf(content: Mapping[str, Any]) -> bytes:
    """An issued letter: PDF/A-2a with its QR code. Raises PrintRefusedError, which names a character that cannot be drawn."""
    return render(_html(content), variant=ARCHIVE_BARE, files={"verify.png": qr_png(verify_url(content["token"]))})


def specimen_pdf(content: Mapping[str, Any]) -> bytes:
    """How the letter would look: marked 样张 on every page, without number, QR code and code. PDF/UA-1. Raises PrintRefusedError."""
    return render(_html(content), variant=SCREEN)


def pictured(body: bytes) -> bytes:
    """The pages of one of our own PDFs as one picture (PNG), one below another, at most MOST_PICTURED of them."""
    document = library("pypdfium2.PdfDocument")(body)
    try:
        pages = [document[place].render(scale=PICTURE_WIDTH / document[place].get_width()).to_pil() for place in range(min(len(document), MOST_PICTURED))]
    finally:
        document.close()
    whole = library("PIL.Image.new")("RGB", (pages[0].width, sum(page.height for page in pages)), "white")
    for place, page in enumerate(pages):
        whole.paste(page, (0, sum(one.height for one in pages[:place])))
    out = BytesIO()
    whole.save(out, "PNG", optimize=False)
    return out.getvalue()


def _html(content: Mapping[str, Any]) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        return render_to_string("print/letter.html", _context(content))


def _context(content: Mapping[str, Any]) -> dict[str, Any]:
    issued_on, valid_until, entry_on, exit_on = (_day(content[name]) for name in ("issued_on", "valid_until", "entry_on", "exit_on"))
    days = (exit_on - entry_on).days + 1
    people = [_person(person) for person in content["people"]]
    is_long = len(people) > SHORT
    return {
        "title": f"{content['title']} {content['number']}".strip(),
        "is_specimen": not content["number"],
        "recorded_at": issued_on.isoformat(),
        "number": content["number"],
        "heading": content["title"],
        "heading_en": content["title_en"],
        "issuer": content["issuer"],
        "paragraphs": _paragraphs(content["body"]),
        "paragraphs_en": [line.strip() for line in content["body_en"].splitlines() if line.strip()],
        "people": people,
        "is_long": is_long,
        "blank_rows": range(0 if is_long else content["rows"] - len(people)),
        "facts": [
            (("来访目的", "Purpose of visit"), content["purpose"], ("双方关系", "Relationship"), content["relation"]),
            (
                ("来访时间", "Dates of visit"),
                [f"{day_in_chinese(entry_on)}至{day_in_chinese(exit_on)}", f"{day_in_english(entry_on)} to {day_in_english(exit_on)} ({days} days)"],
                ("入境次数", "Number of entries"),
                content["entries"],
            ),
            (("到访地点", "Places to visit"), content["places"], ("费用承担", "Expenses borne by"), content["payer"]),
            (UNIT_LINES[0], content["unit"][:2], UNIT_LINES[1], content["unit"][2:]),
        ],
        "contact": content["contact"],
        "issued_on": day_in_chinese(issued_on),
        "issued_on_en": day_in_english(issued_on),
        "valid_until": valid_until.isoformat(),
        "code": grouped(content["code"]) if content["number"] else "",
        "base_url": settings.PUBLIC_BASE_URL.partition("//")[2],
    }


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _person(person: Mapping[str, Any]) -> dict[str, Any]:
    sex, sex_en = SEX[person["sex"]]
    return {**person, "birth_on": _day(person["birth_on"]).isoformat(), "sex_zh": sex, "sex_en": sex_en}


def _paragraphs(text: str) -> list[dict[str, Any]]:
    lines = [line for line in text.splitlines() if line.strip()]
    return [{"text": typeset(line.strip()), "is_indented": line.startswith("　")} for line in lines]


# -- what was issued ---------------------------------------------------------------------------------------------------------------------------------------


def place_of(letter: InvitationLetter) -> str:
    """What the kept PDF of a letter is bound to."""
    return f"invitations.letter.file:{letter.row_key}"


sealed_files.register(sealed_files.SealedFile(InvitationLetter, "file", "sealed_sha256", place_of))


def draw(number: int) -> None:
    """Draw the PDF of the letter with this key and keep it, once. A killed worker leaves nothing; the next one begins anew."""
    letter = InvitationLetter.objects.get(pk=number)
    if letter.rendered_at is not None or not letter.content:
        return
    body = letter_pdf(json.loads(letter.content.reveal()))  # type: ignore[attr-defined]
    pages = len(library("pypdfium2.PdfDocument")(body))
    path = sealed_files.write(folder("incoming") / secrets.token_hex(16), body, place_of(letter))
    with kept_with_the_act(), acting(None):
        letter = InvitationLetter.objects.select_for_update(no_key=True).get(pk=number)
        if letter.rendered_at is not None:
            path.unlink()
            return
        letter.sha256, letter.pages, letter.rendered_at = hashlib.sha256(body).hexdigest(), pages, timezone.now()
        letter.sealed_sha256 = digest_of(path)
        letter.file = keep(path)
        letter.save(update_fields=["file", "sealed_sha256", "sha256", "pages", "rendered_at"])
        record("invitation.draw", letter, number=letter.number, sha256=letter.sha256, pages=pages)


def mark_pdf(template: str, **words: Any) -> bytes:
    """One transparent page to be laid over others. Raises PrintRefusedError."""
    with translation.override(settings.LANGUAGE_CODE):
        return render(render_to_string(template, {"title": words["number"], "lines": range(35), **words}), variant=SCREEN)


def current_pdf(letter: InvitationLetter) -> bytes:
    """The PDF of a letter for whoever opens it today: as it was issued while it counts, else with a stamp across each page.

    Raises LostFileError, UnreadableSecretError, and RefusedFileError where it cannot be stamped.
    """
    body = issued_pdf(letter)
    if letter.is_live:
        return body
    word, at = ("作废", letter.cancelled_at) if letter.cancelled_at else ("已被替代", letter.replaced_at)
    assert at is not None
    by = letter.replaced_by.number if letter.replaced_by and not letter.cancelled_at else ""
    mark = mark_pdf("print/void.html", number=letter.number, word=word, by=by, at=f"{timezone.localtime(at):%Y-%m-%d %H:%M}")
    return marked(body, mark, flat=False)


def issued_pdf(letter: InvitationLetter) -> bytes:
    """The PDF of a letter as it was drawn. Raises LostFileError where it is not there, or not what was kept."""
    body = sealed_files.read(letter.file, letter.sealed_sha256, place_of(letter))
    if hashlib.sha256(body).hexdigest() != letter.sha256:
        raise LostFileError(letter.file)
    return body
