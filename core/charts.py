"""Charts as SVG that the server draws: the same picture on a page, on paper and in a PDF, without scripts.

Colours stand as attributes, so that WeasyPrint, which reads no style sheet here, prints them; a page's style sheet overrides them by class (high
contrast, dark). No sort is told by its colour alone: each has a pattern, and its numbers stand at the bars and in the table that the page puts beneath.
The picture is one image to a screen reader. Its links lie over it for the mouse, hidden from readers and keys: the same ones stand in the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

FULL = 13.3  # width of a full-width character, in the units of the drawing
COLOURS = ("#0b4f8a", "#8a5a00", "#b42318", "#5b6778")  # of the sorts, in their order
GROUND = "#fff"
TEXT, RULE = "#1a2433", "#c9d1db"


@dataclass(frozen=True)
class Part:
    """One sort in one row: how many, and the address of these."""

    count: int
    address: str = ""


@dataclass(frozen=True)
class Row:
    """One bar: its label (a code, and a name that is broken into lines), its parts in the order of the sorts, and the words at its end."""

    code: str
    name: str
    parts: Sequence[Part]
    note: str = ""

    @property
    def total(self) -> int:
        return sum(part.count for part in self.parts)


@dataclass(frozen=True)
class Line:
    """One line: its name, and a count for each place of the axis."""

    name: str
    parts: Sequence[Part]


def stacked_bars(ident: str, title: str, told: str, sorts: Sequence[str], rows: Sequence[Row], *, width: int = 760, font: str = "inherit") -> SafeString:
    """Bars of parts laid end to end, one below the other. `told` says in a sentence what is to be seen. Below 500 wide, labels stand above the bars."""
    above = width < 500
    left, right = (0, 44) if above else (248, 190)
    per_line = int((width - 32 if above else left - 40) / FULL)
    most = max((row.total for row in rows), default=0) or 1
    top = 28
    y, drawn, links = top, [], []
    for row in rows:
        lines = broken(row.name, per_line)
        height = max(22, 17 * len(lines))
        drawn.append(_label(row, lines, 0, y, height, above=above))
        bar = y + height + 4 if above else y + (height - 18) // 2
        pieces, over = _bar(ident, sorts, row, left, bar, (width - left - right) / most, note="" if above else row.note)
        drawn.append(pieces)
        links.append(over)
        y = bar + 32 if above else y + height + 12
    body = format_html("<defs>{}</defs>{}{}", _patterns(ident, len(sorts)), _legend(ident, sorts), SafeString("".join(drawn)))
    return _svg(ident, title, told, (width, y), font, body, SafeString("".join(links)))


def lines(ident: str, title: str, told: str, places: Sequence[str], series: Sequence[Line], *, width: int = 760, font: str = "inherit") -> SafeString:
    """Lines over an axis of `places`; each has its own mark and stroke, and its name at its end."""
    height, left, right, top, bottom = 240, 34, 70, 14, 28
    step = scale(max((part.count for line in series for part in line.parts), default=0))
    most = step * 5
    dx, dy = (width - left - right) / max(len(places) - 1, 1), (height - top - bottom) / most
    grid = format_html_join(
        "",
        '<line class="rule" x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}" /><text x="{}" y="{}" text-anchor="end" fill="{}">{}</text>',
        (
            (left, width - right, at, at, RULE, left - 8, round(at + 4.5, 1), TEXT, value)
            for value, at in ((step * n, round(height - bottom - step * n * dy, 1)) for n in range(6))
        ),
    )
    every = 1 if dx >= 34 else 2
    axis = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle" fill="{}">{}</text>',
        ((round(left + n * dx, 1), height - 8, TEXT, place) for n, place in enumerate(places) if (len(places) - 1 - n) % every == 0),
    )
    ends = _apart([height - bottom - line.parts[-1].count * dy for line in series if line.parts])
    drawn = [
        _line(n, line, [(round(left + at * dx, 1), round(height - bottom - part.count * dy, 1)) for at, part in enumerate(line.parts)], end)
        for n, (line, end) in enumerate(zip(series, ends, strict=True))
    ]
    body = format_html("{}{}{}", grid, axis, SafeString("".join(pieces for pieces, _over in drawn)))
    return _svg(ident, title, told, (width, height), font, body, SafeString("".join(over for _pieces, over in drawn)))


def broken(text: str, most: int) -> list[str]:
    """The text in lines of at most `most` full-width characters, as even as can be; a Latin letter counts half."""
    wide = sum(1 if ord(char) > 0x2E7F else 0.55 for char in text)
    goal, found, line, used = wide / max(ceil(wide / most), 1), [], "", 0.0
    for char in text:
        line, used = line + char, used + (1 if ord(char) > 0x2E7F else 0.55)
        if used >= goal - 0.01:
            found.append(line)
            line, used = "", 0.0
    return [*found, line] if line else found


def scale(most: int) -> int:
    """The step of an axis of five steps that reaches `most`: 1, 2 or 5 times a power of ten."""
    step, factor = 1, 1
    while True:
        for digit in (1, 2, 5):
            step = digit * factor
            if step * 5 >= most:
                return step
        factor *= 10


def _svg(ident: str, title: str, told: str, size: tuple[int, float], font: str, body: SafeString, links: SafeString) -> SafeString:
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart-svg" width="{1}" height="{2}" viewBox="0 0 {1} {2}" font-size="13" font-family="{3}">'
        '<g role="img" aria-labelledby="{0}-title {0}-desc"><title id="{0}-title">{4}</title><desc id="{0}-desc">{5}</desc>{6}</g>'
        '<g aria-hidden="true">{7}</g></svg>',
        ident,
        size[0],
        round(size[1]),
        font,
        title,
        told,
        body,
        links,
    )


def _link(part: Part, words: str, x: float, y: float, width: float) -> SafeString:
    """The way to what a piece of the drawing counts, laid over it."""
    if not part.address:
        return SafeString("")
    return format_html(
        '<a href="{}" tabindex="-1"><title>{} {}</title><rect x="{}" y="{}" width="{}" height="18" fill="#fff" fill-opacity="0" /></a>',
        part.address,
        words,
        part.count,
        round(x, 1),
        round(y, 1),
        round(width, 1),
    )


def _label(row: Row, lines: Sequence[str], x: int, y: float, height: int, *, above: bool) -> SafeString:
    first = y + 15 if above else y + (height - 17 * len(lines)) / 2 + 13
    return format_html(
        '<text class="code" x="{}" y="{}" fill="{}" font-weight="bold">{}</text>{}',
        x,
        round(first, 1),
        TEXT,
        row.code,
        format_html_join(
            "", '<text lang="zh-CN" x="{}" y="{}" fill="{}">{}</text>', ((x + 32, round(first + 17 * n, 1), TEXT, line) for n, line in enumerate(lines))
        ),
    )


def _bar(ident: str, sorts: Sequence[str], row: Row, x: float, y: float, unit: float, *, note: str) -> tuple[SafeString, SafeString]:
    """The pieces of a bar, and the links that lie over them."""
    drawn, links = [], []
    for n, (name, part) in enumerate(zip(sorts, row.parts, strict=True)):
        if part.count:
            long = max(part.count * unit, 3)
            drawn.append(format_html('<rect x="{}" y="{}" width="{}" height="18" {} />', round(x, 1), round(y, 1), round(long, 1), _fill(ident, n)))
            links.append(_link(part, f"{row.code} {name}", x, y, long))
            x += long
    end = format_html(
        '<text x="{}" y="{}" fill="{}"><tspan font-weight="bold">{}</tspan><tspan font-size="12">{}</tspan></text>',
        round(x + 7, 1),
        round(y + 13.5, 1),
        TEXT,
        row.total,
        note,
    )
    return format_html("{}{}", SafeString("".join(drawn)), end), SafeString("".join(links))


def _fill(ident: str, n: int) -> SafeString:
    """How the n-th sort is painted: the first one plain, for tiles of a pattern show their seams on paper."""
    if n:
        return format_html('fill="url(#{}-{})"', ident, n)
    return format_html('class="sort-0" fill="{}"', COLOURS[0])


def _patterns(ident: str, many: int) -> SafeString:
    """Behind the plain one: slanted, dotted, upright. Told apart without colour."""
    marks = (
        '<path class="ground" d="M-2 10L10-2M2 14L14 2" stroke="{}" stroke-width="2.5" fill="none" />',
        '<circle class="ground-dot" cx="3" cy="3" r="1.6" fill="{}" /><circle class="ground-dot" cx="9" cy="9" r="1.6" fill="{}" />',
        '<path class="ground" d="M3 0V12M9 0V12" stroke="{}" stroke-width="2" fill="none" />',
    )
    return SafeString(
        "".join(
            format_html(
                '<pattern id="{}-{}" width="12" height="12" patternUnits="userSpaceOnUse">'
                '<rect class="sort-{}" width="12" height="12" fill="{}" />{}</pattern>',
                ident,
                n,
                n,
                COLOURS[n],
                SafeString(marks[n - 1].replace("{}", GROUND)),
            )
            for n in range(1, many)
        )
    )


def _legend(ident: str, sorts: Sequence[str]) -> SafeString:
    x, drawn = 0.0, []
    for n, name in enumerate(sorts):
        drawn.append(
            format_html(
                '<rect x="{}" y="2" width="16" height="12" rx="2" {} /><text x="{}" y="13" fill="{}">{}</text>',
                round(x, 1),
                _fill(ident, n),
                round(x + 22, 1),
                TEXT,
                name,
            )
        )
        x += 36 + sum(FULL if ord(char) > 0x2E7F else 7.5 for char in name)
    return SafeString("".join(drawn))


def _line(n: int, line: Line, points: Sequence[tuple[float, float]], end: float) -> tuple[SafeString, SafeString]:
    """A line with its marks and its name, and the links that lie over the marks."""
    colour = COLOURS[n]
    strokes = format_html_join(
        "",
        '<line class="stroke-{}" x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="2.5" {} />',
        ((n, *start, *stop, colour, SafeString('stroke-dasharray="7 4"' if n else "")) for start, stop in pairwise(points)),
    )
    marks = SafeString("".join(_mark(n, x, y, colour) for x, y in points))
    links = [_link(part, line.name, x - 9, y - 9, 18) for (x, y), part in zip(points, line.parts, strict=True)]
    last = points[-1][0] if points else 0
    name = format_html('<text class="sort-{}" x="{}" y="{}" fill="{}" font-weight="bold">{}</text>', n, last + 12, round(end + 4.5, 1), colour, line.name)
    return format_html("{}{}{}", strokes, marks, name), SafeString("".join(links))


def _mark(n: int, x: float, y: float, colour: str) -> SafeString:
    if n:
        return format_html('<rect class="sort-{}" x="{}" y="{}" width="8" height="8" fill="{}" />', n, round(x - 4, 1), round(y - 4, 1), colour)
    return format_html('<circle class="sort-{}" cx="{}" cy="{}" r="4.5" fill="{}" />', n, x, y, colour)


def _apart(ends: Sequence[float]) -> list[float]:
    """Where the names of lines stand that end too near to one another."""
    if len(ends) == 2 and abs(ends[0] - ends[1]) < 18:
        middle, up = sum(ends) / 2, ends[0] <= ends[1]
        return [middle - 9, middle + 9] if up else [middle + 9, middle - 9]
    return list(ends)
