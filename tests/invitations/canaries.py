"""Looking for passport numbers where they must not be: in every page that a role reaches, in every file, in the database as it lies on the disk."""

import io
import os
import re
import subprocess
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pypdfium2
from django.conf import settings
from django.db import connection
from django.urls import Resolver404, resolve

LINK = re.compile(rb"""(?:href|src|action|hx-get)=["'](/[^"'#]*)""")
SAME = 2  # addresses of one name that are looked at
LEFT_OUT = {"account_logout", "accounts:set-language", "duties:booklet-pdf", "duties:booklet-screen", "duties:sheet-archive", "duties:booklet-docx"}
LEFT_OUT |= {"duties:sheet-pdf", "duties:sheet-docx"}  # published: they hold nothing of cases, and take long to draw


def texts_of(body: bytes) -> Iterator[bytes]:
    """What can be read in a file: as it is, in its archive, on its pages."""
    yield body
    if body.startswith(b"%PDF"):
        document = pypdfium2.PdfDocument(io.BytesIO(body))
        yield "\n".join(page.get_textpage().get_text_range() for page in document).encode()
        document.close()
    elif body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def found_in(body: bytes, numbers: Iterable[str]) -> list[str]:
    """Which of these numbers stand in a file, whatever stands between their signs."""
    plain = [re.sub(rb"[\s\-<]", b"", text).upper() for text in texts_of(body)]
    return [number for number in numbers if any(number.encode() in text for text in plain)]


def body_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def name_of(address: str) -> str:
    """The name of an address; "" where it has none."""
    try:
        return resolve(address.partition("?")[0]).view_name
    except Resolver404:
        return ""


def crawl(client, starts: Iterable[str], numbers: Iterable[str]) -> tuple[list[tuple[str, str]], int]:
    """Every address that can be reached from `starts` by links: (name, number) where a number stands, and how many answers were looked at."""
    numbers, waiting, seen, of_name, leaks = list(numbers), list(starts), set(), {}, []
    while waiting:
        address = waiting.pop(0)
        name = name_of(address)
        if address in seen or not name or name in LEFT_OUT or of_name.get(name, 0) >= SAME:
            continue
        seen.add(address)
        of_name[name] = of_name.get(name, 0) + 1
        answer = client.get(address)
        body = body_of(answer)
        leaks += [(name, number) for number in found_in(body, numbers)]
        leaks += [(name, number) for number in found_in(str(list(answer.headers.items())).encode(), numbers)]
        if answer.get("Content-Type", "").startswith("text/html"):
            waiting += [link.decode().replace("&amp;", "&") for link in LINK.findall(body)]
    return leaks, len(seen)


def rows_with(numbers: Iterable[str]) -> list[str]:
    """The tables of the database in which a number stands, in any column."""
    # The vocabulary of the search index cannot be read by itself; what it is made from is among the tables.
    tables, numbers = set(connection.introspection.table_names()) - {"core_search_pieces"}, list(numbers)
    found = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if found_in("\n".join(str(row) for row in cursor.fetchall()).encode(), numbers):
                found.append(table)
    return found


def database_files() -> list[bytes]:
    """The database as a thief finds it: the file of SQLite with what is not in it yet, or a dump of PostgreSQL."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return [path.read_bytes() for path in (Path(f"{name}{ending}") for ending in ("", "-wal", "-journal")) if path.exists()]
    asked = connection.settings_dict
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))
    command = [str(programs[-1]), "--host", asked["HOST"], "--port", str(asked["PORT"]), "--username", asked["USER"], "--dbname", name]
    return [subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PGPASSWORD": asked["PASSWORD"]}).stdout]


def kept_files() -> list[bytes]:
    """Everything below where files are kept."""
    return [path.read_bytes() for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
