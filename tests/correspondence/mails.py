"""Mails written by hand, header by header, so that they can be wrong."""

import base64
from collections.abc import Sequence


def encoded(text: str, charset: str, way: str = "B", named: str = "") -> str:
    """An encoded word (RFC 2047)."""
    raw = text.encode(charset)
    packed = base64.b64encode(raw).decode() if way == "B" else "".join(f"={byte:02X}" for byte in raw)
    return f"=?{named or charset}?{way}?{packed}?="


def mail(
    *,
    sender: str = '"Kobe Chamber" <office@kobe.example>',
    to: str = "liaison@office.example",
    subject: str = "Visit in March",
    day: str = "Fri, 20 Nov 2026 23:30:00 +0900",
    more: str = "Message-ID: <one@kobe.example>",
    text: str = "The programme is attached.",
    charset: str = "utf-8",
    parts: Sequence[str] = (),
    edge: str = "edge",
) -> bytes:
    """A mail, written out header by header, so that it can be wrong."""
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Date: {day}", more, "MIME-Version: 1.0"]
    head = "\n".join(line for line in lines if not line.endswith(": "))
    body = base64.b64encode(text.encode(charset, "replace")).decode()
    said = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n{body}\n"
    if not parts:
        return f"{head}\n{said}".encode("utf-8", "surrogateescape")
    bound = "".join(f"--{edge}\n{part}\n" for part in [said, *parts])
    return f'{head}\nContent-Type: multipart/mixed; boundary="{edge}"\n\n{bound}--{edge}--\n'.encode("utf-8", "surrogateescape")


def attachment(name: str, body: bytes, *, disposition: str = "attachment", header: str = "") -> str:
    """A part with a file in it; `header` in place of the usual one for its name."""
    named = header or f'Content-Disposition: {disposition}; filename="{name}"'
    return f"Content-Type: application/octet-stream\n{named}\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(body).decode()}"
