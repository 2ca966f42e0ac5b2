"""Letters: drawn one after another, against WeasyPrint without further thought; and the page that checks one, against nginx with the same bytes."""

import html
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from core import printing as core_printing
from invitations import drawing

from .naive import code_of
from .paper import Naive, Times, naive_printing
from .processes import cpu_seconds, free_port, server
from .public_page import Target, granian, nginx
from .results import ROUNDS, Result, ratios

BATCH = 20  # letters a round
LETTERS = (
    "WeasyPrint's own work on each box of a letter: some 480 boxes and 110 runs of text. To lay out ten letters as one document and to write each by itself "
    "was tried: 230 ms of layout a letter instead of 241, and 105 ms of writing instead of 92, on the same busy machine; the child keeps what is loaded once."
)
PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title><style>
@page {{ size: A4; margin: 2cm }}
body {{ font-family: "Noto Serif CJK SC"; font-size: 11pt }}
h1, h2 {{ text-align: center }}
h1 {{ color: #c8102e }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border: 1px solid; padding: 3pt }}
small {{ display: block }}
img {{ width: 24mm }}
</style></head><body>{body}</body></html>"""
SURNAMES = ("BERG", "HOLM", "LIND", "DAHL", "EKE", "FOSS", "HAUG", "MOEN", "RUUD", "VIK")


def words(number: int) -> dict[str, Any]:
    """A letter for three made-up people, with other names and numbers than all others."""
    people = [
        {
            "place": place,
            "name": f"{SURNAMES[(number + place) % 10]} {SURNAMES[number // 10 % 10].title()}",
            "chinese_name": "",
            "sex": "MF"[place % 2],
            "birth_on": date(1960 + number % 40, 1 + place, 1 + number % 28),
            "nationality": ["挪威", "Norway"],
            "passport": f"P{number:06}{place}",
            "job": ["总经理", "General Manager"],
            "employer": ["北角索具公司", "North Cape Rigging AS"],
        }
        for place in (1, 2, 3)
    ]
    return {
        "number": f"邀函〔2026〕{number}号",
        "title": "邀请函",
        "title_en": "LETTER OF INVITATION",
        "body": "中华人民共和国驻挪威王国大使馆：\n　　兹邀请下列 3 位人士来华访问，请予办理签证。来访人员有关情况如下，邀请单位对其真实性负责。",
        "body_en": "To the Embassy in Norway: We invite the following 3 person(s) to visit China and would be grateful if you would issue visas to them.",
        "people": people,
        "rows": 5,
        "unit": ["天津北湾展览服务有限公司", "Tianjin North Bay Exhibition Services Co., Ltd.", "天津市滨海新区示例路 1 号", "1 Example Road, Tianjin"],
        "purpose": ["参加装备展布展并进行商务洽谈", "Exhibition set-up and business meetings"],
        "relation": ["业务合作单位", "Business partners"],
        "entry_on": date(2026, 12, 3),
        "exit_on": date(2026, 12, 9),
        "entries": ["一次", "Single entry"],
        "places": ["天津市、北京市", "Tianjin and Beijing"],
        "payer": ["被邀请人所在单位", "The invitees’ employer"],
        "contact": ["林晓舟", "022-00000000", "天津市河西区示例路 2 号"],
        "issuer": ["中国国际贸易促进委员会天津市分会", "China Council for the Promotion of International Trade, Tianjin Sub-Council"],
        "issued_on": date(2026, 11, 29),
        "valid_until": date(2026, 12, 3),
        "token": f"{number:026}",
        "code": "7K3M9QX2ATB4W",
    }


def naive_letter(letter: dict[str, Any]) -> str:
    """The same words, table and code, written without further thought."""
    both = "{}<small>{}</small>".format
    head = "".join(f"<th>{name}" for name in ("序号", "姓名", "性别", "出生日期", "国籍", "护照号码", "职务"))
    rows = "".join(
        f"<tr><td>{person['place']}<td>{html.escape(person['name'])}<td>{person['sex']}<td>{person['birth_on']}"
        f"<td>{both(*person['nationality'])}<td>{person['passport']}<td>{both(*person['job'])}"
        for person in letter["people"]
    )
    rows += "<tr><td colspan=7>&nbsp;" * (letter["rows"] - len(letter["people"]))
    names = {
        "来访目的 Purpose": "purpose",
        "双方关系 Relationship": "relation",
        "入境次数 Entries": "entries",
        "到访地点 Places": "places",
        "费用 Payer": "payer",
    }
    facts = "".join(f"<tr><th>{name}<td>{both(*letter[key])}" for name, key in names.items())
    facts += f"<tr><th>来访时间 Dates<td>{letter['entry_on']} - {letter['exit_on']}<tr><th>邀请单位 Unit<td>{'<br>'.join(letter['unit'])}"
    foot = f'<img src="{code_of(drawing.verify_url(letter["token"]))}" alt="QR"><p>核验码 {letter["code"]} {letter["valid_until"]}<p>{letter["issued_on"]}'
    body = f"<h1>{letter['issuer'][0]}</h1><h2>{letter['title']}<br>{letter['title_en']}</h2><p>{letter['number']}<p>{letter['body']}<p>{letter['body_en']}"
    body += f"<table>{head}{rows}</table><table>{facts}</table><p>{' '.join(letter['contact'])}{foot}"
    return PAGE.format(title=letter["number"], body=body)


class Ours:
    """The portal: each letter with its code to PDF/A-2a, through the pipe to the child and back."""

    def singly(self, letters: Sequence[dict[str, Any]]) -> list[bytes]:
        return [drawing.letter_pdf(letter) for letter in letters]

    def cpu(self) -> float:
        child = core_printing.printer.pid
        return time.process_time() + (cpu_seconds(child) if child else 0.0)


def batches() -> Iterator[list[dict[str, Any]]]:
    """Letters that were never drawn before."""
    number = 0
    while True:
        yield [words(number + place) for place in range(1, BATCH + 1)]
        number += BATCH


def timed(maker: Any, draw: Any, times: Times) -> None:
    used, begun = maker.cpu(), time.perf_counter()
    draw()
    times.wall.append((time.perf_counter() - begun) / BATCH * 1000)
    times.cpu.append((maker.cpu() - used) / BATCH * 1000)


def letters() -> list[Result]:
    """Letters a second of one core, and the page of verification."""
    return [*_drawn(), *_checked()]


def _drawn() -> Iterator[Result]:
    fresh, ours, naive = batches(), Times(), Times()
    with naive_printing() as plain:
        portal = Ours()
        for turn in range(ROUNDS + 1):
            if turn == 1:  # the first loads what is loaded once
                ours, naive = Times(), Times()
            one, other = next(fresh), next(fresh)
            timed(portal, lambda some=one: portal.singly(some), ours)
            timed(plain, lambda some=other: _naively(plain, some), naive)
        core_printing.printer.close()
    quicker = ratios(naive.cpu, ours.cpu)
    yield Result("Letters ÷ naive WeasyPrint: letters a second of CPU", ours.line(), naive.line(), quicker, ("≥", 2), reason=LETTERS)
    yield Result("the same, by the clock", "", "", ratios(naive.wall, ours.wall))
    yield Result("Letters a second of one core", "", "", [1000 / spent for spent in ours.cpu], ("≥", 25), "a second", reason=LETTERS)


def _naively(plain: Naive, some: Sequence[dict[str, Any]]) -> None:
    for letter in some:
        plain.write(naive_letter(letter))


def _checked() -> Iterator[Result]:
    """The empty form, asked of the portal and, as a file of the same bytes, of nginx."""
    port = free_port()
    with server(*granian("liaison_portal.wsgi:application", port), port=port) as pid, tempfile.TemporaryDirectory() as name:
        ours = Target(pid, port, {}, "/verify/")
        body = ours.answer()[1]
        (Path(name) / "verify").mkdir()
        Path(name).chmod(0o755)  # for nginx, where it is another's
        (Path(name) / "verify" / "index.html").write_bytes(body)
        with nginx(Path(name)) as (other, other_port):
            baseline = Target(other, other_port, {}, "/verify/")
            assert baseline.answer()[1] == body, "not the same bytes"
            for target in (ours, baseline):  # once for nothing: what is made at the first request is made
                target.measure()
                target.per_second.clear()
                target.cpu.clear()
            for _round in range(ROUNDS):
                ours.measure()
                baseline.measure()
    yield Result("Page of verification ÷ nginx with the same bytes: throughput", ours.line(), baseline.line(), ratios(ours.per_second, baseline.per_second))
    yield Result("the same, CPU a request", "", "", ratios(ours.cpu, baseline.cpu))
