"""Scans of signed letters as a registrar hands them in, and as they should not be: drawn here, none of it is anybody's."""

import io
import json
import random

import segno
from PIL import Image, ImageDraw, ImageFilter

from invitations.drawing import verify_url

A4 = (1240, 1754)  # at 150 dots an inch


def token_of(letter):
    return json.loads(letter.content.reveal())["token"]


def paper(text="", *, size=A4, ink=0, ground=255):
    """A page with lines of writing, a round seal, and the QR code of `text` in its lower left corner; none without `text`."""
    page = Image.new("L", size, ground)
    draw = ImageDraw.Draw(page)
    for line in range(12):
        draw.line((150, 200 + line * 60, size[0] - 150, 200 + line * 60), fill=ink, width=6)
    draw.ellipse((700, 1250, 950, 1500), outline=ink, width=8)
    if text:
        picture = io.BytesIO()
        segno.make(text, error="m", micro=False).save(picture, kind="png", scale=5, border=4)
        code = Image.open(picture).convert("L").point(lambda value: ink if value < 128 else ground)
        page.paste(code, (110, 1400))
    return page


def paper_of(letter, **options):
    """The signed paper of a letter, of one page."""
    return paper(verify_url(token_of(letter)), **options)


def crooked(page, degrees):
    return page.rotate(degrees, fillcolor=page.getpixel((0, 0)), expand=True)


def noisy(page, seed=6):
    """With the dust and the soft edges of an old scanner."""
    grains = random.Random(seed)  # noqa: S311 - dust, not secrets
    soft = page.filter(ImageFilter.GaussianBlur(1.2))
    for _grain in range(4000):
        soft.putpixel((grains.randrange(soft.width), grains.randrange(soft.height)), grains.randrange(256))
    return soft


def pdf(*pages, dots=150):
    made = io.BytesIO()
    pages[0].save(made, "PDF", save_all=True, append_images=pages[1:], resolution=dots)
    return made.getvalue()


def png(page):
    made = io.BytesIO()
    page.save(made, "PNG")
    return made.getvalue()


def jpeg(page, quality=70):
    made = io.BytesIO()
    page.convert("RGB").save(made, "JPEG", quality=quality)
    return made.getvalue()
