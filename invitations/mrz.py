"""The machine-readable zone of travel documents: read from pasted text, as ICAO Doc 9303 lays it out.

Part 4 has passports (TD3, two lines of 44), parts 5 and 6 have cards (TD1, three of 30; TD2, two of 36), part 3 section 4.9 the check digits: signs
weigh 7, 3, 1 in turn, letters count from 10, fillers are 0. What is pasted comes from scanners and mail programs, so spaces, case, « for << and signs
that were taken for their look-alikes are put right where a field can hold letters only or digits only. A number may hold both: there the look-alike
is only suggested, when the check digit speaks for it. Nothing is thrown away: a field that is wrong keeps what it says, beside the sentence about it.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from itertools import product

from django.utils.translation import gettext as _

from contacts.countries import by_code

YEARS_EXPIRED, YEARS_VALID = 20, 30  # how far from today a passport's expiry can lie
SPACES = re.compile(r"[^\S\n]|[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
TO_DIGITS = str.maketrans("OQDILZSGB", "000112568")
TO_LETTERS = str.maketrans("01258", "OIZSB")
LOOK_ALIKES = {"O": "0", "0": "O", "I": "1", "1": "I", "Z": "2", "2": "Z", "S": "5", "5": "S", "B": "8", "8": "B", "G": "6", "6": "G"}
LETTERS = {"issuer", "nationality", "names"}
DIGITS = {"birth", "expiry", "composite"}
MAX_LOOK_ALIKES = 6  # signs of a number that are tried both ways


@dataclass(frozen=True)
class Layout:
    """Where one kind of document has its fields: (line, first sign, end), all from 0; check digits stand right behind their field."""

    name: str
    first: str  # signs that its first line may begin with
    lines: int
    width: int
    fields: dict[str, tuple[int, int, int]]
    composite: tuple[tuple[int, int, int], ...]  # what the last check digit covers


LAYOUTS = [
    Layout(
        "TD3",
        "PV",
        2,
        44,
        {
            "kind": (0, 0, 2),
            "issuer": (0, 2, 5),
            "names": (0, 5, 44),
            "number": (1, 0, 9),
            "nationality": (1, 10, 13),
            "birth": (1, 13, 19),
            "sex": (1, 20, 21),
            "expiry": (1, 21, 27),
            "optional": (1, 28, 42),
            "composite": (1, 43, 44),
        },
        ((1, 0, 10), (1, 13, 20), (1, 21, 43)),
    ),
    Layout(
        "TD2",
        "ACIV",
        2,
        36,
        {
            "kind": (0, 0, 2),
            "issuer": (0, 2, 5),
            "names": (0, 5, 36),
            "number": (1, 0, 9),
            "nationality": (1, 10, 13),
            "birth": (1, 13, 19),
            "sex": (1, 20, 21),
            "expiry": (1, 21, 27),
            "optional": (1, 28, 35),
            "composite": (1, 35, 36),
        },
        ((1, 0, 10), (1, 13, 20), (1, 21, 35)),
    ),
    Layout(
        "TD1",
        "ACI",
        3,
        30,
        {
            "kind": (0, 0, 2),
            "issuer": (0, 2, 5),
            "number": (0, 5, 14),
            "optional": (0, 15, 30),
            "birth": (1, 0, 6),
            "sex": (1, 7, 8),
            "expiry": (1, 8, 14),
            "nationality": (1, 15, 18),
            "composite": (1, 29, 30),
            "names": (2, 0, 30),
        },
        ((0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 29)),
    ),
]


class UnreadableZoneError(Exception):
    """A text in which there is no machine-readable zone; its message says what was expected."""


@dataclass
class Fault:
    """A field that is wrong, and a sentence on it; `is_hint` where it is only worth a look."""

    field: str
    text: str
    is_hint: bool = False


@dataclass
class Reading:
    """What a zone says. A field that could not be read is "" or None; `faults` says why, and what was put right."""

    layout: str = ""
    kind: str = ""
    issuer: str = ""  # code as it stands there, without fillers
    nationality: str = ""
    surname: str = ""  # fillers as spaces
    given_names: str = ""
    is_cut: bool = False  # the names fill their field: they may go on
    number: str = ""
    born_on: date | None = None
    sex: str = ""  # M, F, or X: not said
    expires_on: date | None = None
    optional: str = ""
    faults: list[Fault] = field(default_factory=list)

    def say(self, name: str, text: str, *, is_hint: bool = False) -> None:
        self.faults.append(Fault(name, text, is_hint))

    @property
    def is_sound(self) -> bool:
        """Whether nothing in it is wrong."""
        return all(fault.is_hint for fault in self.faults)


def check_digit(signs: str) -> str:
    """The check digit of some signs (Doc 9303 part 3, section 4.9)."""
    values = (0 if sign == "<" else int(sign, 36) for sign in signs)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def read_mrz(pasted: str, today: date) -> Reading:
    """Read the zone in a pasted text; `today` settles centuries. Raises UnreadableZoneError where there is none."""
    layout, lines = _find_lines(pasted)
    reading = Reading(layout.name)
    _put_right(reading, layout, lines)
    parts = {name: lines[line][start:end] for name, (line, start, end) in layout.fields.items()}
    checks = {name: lines[line][end] for name, (line, _start, end) in layout.fields.items() if name in {"number", "birth", "expiry"}}
    _read_kind(reading, parts["kind"])
    _read_names(reading, parts["names"])
    reading.issuer = _read_code(reading, "issuer", parts["issuer"])
    reading.nationality = _read_code(reading, "nationality", parts["nationality"])
    _read_number(reading, layout, parts, checks["number"])
    reading.born_on = _read_date(reading, "birth", parts["birth"], checks["birth"], today)
    reading.expires_on = _read_date(reading, "expiry", parts["expiry"], checks["expiry"], today)
    _read_sex(reading, parts["sex"])
    _read_rest(reading, layout, lines, parts)
    return reading


def label(name: str) -> str:
    """What a field is called."""
    return {
        "kind": _("证件类型"),
        "issuer": _("签发国代码"),
        "nationality": _("国籍代码"),
        "names": _("姓名"),
        "number": _("护照号码"),
        "birth": _("出生日期"),
        "sex": _("性别"),
        "expiry": _("有效期至"),
        "optional": _("个人号码"),
        "composite": _("总校验位"),
    }[name]


# -- lines -------------------------------------------------------------------------------------------------------------------------------------------------


def _find_lines(pasted: str) -> tuple[Layout, list[str]]:
    """The layout and the lines of the zone in a pasted text, whatever stands around it."""
    text = pasted.replace("&lt;", "<").replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > 5000:
        raise UnreadableZoneError(_("这段文字太长，不像是机读区。请只粘贴护照资料页最下面的两行。"))
    found: list[str] = []
    for double in ("<<", "<"):  # scanners read « for two fillers, some for one
        read = text.replace("«", double).replace("《", double).replace("‹", "<").replace("〈", "<")
        found = [_clean(line) for line in read.split("\n")]
        found = [line for line in found if len(line) >= 25 and re.fullmatch("[A-Z0-9<]+", line) and (re.search(r"\d", line) or "<" in line)]
        for layout in LAYOUTS:
            if lines := _fit(layout, found):
                return layout, lines
    raise UnreadableZoneError(_why_not(found))


def _clean(line: str) -> str:
    return unicodedata.normalize("NFKC", SPACES.sub("", line)).upper()


def _fit(layout: Layout, found: list[str]) -> list[str] | None:
    """The lines of this layout among those found, or in one that holds them all."""
    for line in found:
        if len(line) == layout.lines * layout.width:
            found = [line[start : start + layout.width] for start in range(0, len(line), layout.width)]
            break
    name_line, *_others = layout.fields["names"]
    for start in range(len(found) - layout.lines + 1):
        lines = found[start : start + layout.lines]
        lines[name_line] = lines[name_line].rstrip("<").ljust(layout.width, "<")  # fillers at its end are easily lost, or too many
        if lines[0][0] in layout.first and all(len(line) == layout.width for line in lines):
            return lines
    return None


def _why_not(found: list[str]) -> str:
    if not found:
        return _("没有找到机读区。请粘贴护照资料页最下面的两行，每行 44 个字符，由大写字母、数字和 < 组成。")
    counts = "、".join(str(len(line)) for line in found[:3])
    return _("机读区的行长不对：护照是两行，每行 44 个字符；粘贴的各行有 %(counts)s 个字符。请核对有没有漏掉或多出字符。") % {"counts": counts}


# -- fields ------------------------------------------------------------------------------------------------------------------------------------------------


def _put_right(reading: Reading, layout: Layout, lines: list[str]) -> None:
    """Replace look-alikes in `lines` where only letters or only digits can stand, and leave a hint on each field that this changed."""
    for name, (line, start, end) in layout.fields.items():
        old = lines[line][start:end]
        new = old.translate(TO_LETTERS if name in LETTERS else TO_DIGITS if name in DIGITS else {})
        if old != new and name != "composite":
            old, shown = old.rstrip("<"), new.rstrip("<")
            reading.say(name, _("%(field)s：“%(old)s”读作“%(new)s”，请核对。") % {"field": label(name), "old": old, "new": shown}, is_hint=True)
        check = lines[line][end : end + 1].translate(TO_DIGITS) if _has_check(layout, name) else lines[line][end : end + 1]
        lines[line] = lines[line][:start] + new + check + lines[line][end + 1 :]


def _has_check(layout: Layout, name: str) -> bool:
    return name in {"number", "birth", "expiry"} or (name == "optional" and layout.name == "TD3")


def _read_kind(reading: Reading, text: str) -> None:
    reading.kind = text.rstrip("<")
    if text.startswith("V"):
        reading.say("kind", _("证件类型：这是签证的机读区，请粘贴护照资料页的。"))
    elif not text.startswith("P"):
        reading.say("kind", _("证件类型：这是身份证件，不是护照。"))


def _read_names(reading: Reading, text: str) -> None:
    surname, _fillers, given = text.strip("<").partition("<<") if not text.startswith("<") else ("", "", text.strip("<"))
    reading.surname = " ".join(surname.split("<"))
    reading.given_names = " ".join(filter(None, given.split("<")))
    reading.is_cut = not text.endswith("<")
    if re.search(r"\d", text):
        reading.say("names", _("姓名：机读区的姓名里不会有数字，请核对“%(names)s”。") % {"names": text.rstrip("<")})
    elif not surname:
        reading.say("names", _("姓名：没有读出姓。"))
    if reading.is_cut:
        reading.say("names", _("姓名占满了机读区，可能没有写完，请照护照上方的姓名栏补全。"), is_hint=True)


def _read_code(reading: Reading, name: str, text: str) -> str:
    code = text.rstrip("<")
    if by_code(code) is None or len(code) == 2:
        reading.say(name, _("%(field)s：没有“%(code)s”这个代码，请核对。") % {"field": label(name), "code": code})
    return code


def _read_number(reading: Reading, layout: Layout, parts: dict[str, str], check: str) -> None:
    number = parts["number"]
    if layout.name != "TD3" and check == "<" and not parts["optional"].startswith("<"):  # a long number goes on in the optional field (part 5, 4.2.2.1)
        rest, _filler, parts["optional"] = parts["optional"].partition("<")
        number, check = number + rest[:-1], rest[-1]
    reading.number = number.strip("<").replace("<", "")
    if not reading.number:
        reading.say("number", _("护照号码：没有读出号码。"))
    elif check_digit(number) != check:
        reading.say("number", _wrong_check("number", number, check) + _suggest(number, check))


def _wrong_check(name: str, text: str, check: str) -> str:
    facts = {"field": label(name), "text": text.rstrip("<"), "check": check, "right": check_digit(text)}
    return _("%(field)s：校验位不符，“%(text)s”的校验位应为 %(right)s，机读区是 %(check)s。请核对有没有读错的字符。") % facts


def _suggest(number: str, check: str) -> str:
    """The one other reading of the look-alikes in a number that its check digit speaks for, as a sentence."""
    places = [place for place, sign in enumerate(number) if sign in LOOK_ALIKES]
    if len(places) > MAX_LOOK_ALIKES:
        return ""
    fitting = []
    for choice in product((False, True), repeat=len(places)):
        signs = list(number)
        for place in (place for place, is_changed in zip(places, choice, strict=True) if is_changed):
            signs[place] = LOOK_ALIKES[signs[place]]
        if check_digit("".join(signs)) == check:
            fitting.append((sum(choice), "".join(signs).rstrip("<")))
    fewest = [text for count, text in fitting if count == min(fitting)[0]]
    return _("也许是“%(number)s”。") % {"number": fewest[0]} if len(fewest) == 1 else ""


def _read_date(reading: Reading, name: str, text: str, check: str, today: date) -> date | None:
    if not re.fullmatch(r"[\d<]{6}", text):
        reading.say(name, _("%(field)s：“%(text)s”不是日期。") % {"field": label(name), "text": text})
        return None
    if check_digit(text) != check:
        reading.say(name, _wrong_check(name, text, check))
    if "<" in text:  # a day or month that is not known (part 3, section 4.8)
        reading.say(name, _("%(field)s：机读区没有写全，请照护照填写。") % {"field": label(name)}, is_hint=True)
        return None
    found = _day_of(name, text, today)
    if found is None:
        reading.say(name, _("%(field)s：“%(text)s”不是合理的日期。") % {"field": label(name), "text": text})
    return found


def _day_of(name: str, digits: str, today: date) -> date | None:
    """The day that six digits mean: a birth is the last such day up to today, an expiry the one within its span round today."""
    century = today.year // 100 * 100
    for start in (century + 100, century, century - 100):
        try:
            day = date(start + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
        except ValueError:
            continue
        if (name == "birth" and day <= today) or (name == "expiry" and -YEARS_EXPIRED <= day.year - today.year <= YEARS_VALID):
            return day
    return None


def _read_sex(reading: Reading, text: str) -> None:
    reading.sex = {"<": "X"}.get(text, text)
    if reading.sex not in {"M", "F", "X"}:
        reading.say("sex", _("性别：应为 M、F 或 <，机读区是 %(text)s。") % {"text": text})
        reading.sex = ""


def _read_rest(reading: Reading, layout: Layout, lines: list[str], parts: dict[str, str]) -> None:
    reading.optional = parts["optional"].strip("<")
    if layout.name == "TD3":
        check = lines[1][42]
        allowed = {check_digit(parts["optional"]), *(["<"] if not reading.optional else [])}
        if check not in allowed:
            reading.say("optional", _wrong_check("optional", parts["optional"], check))
    covered = "".join(lines[line][start:end] for line, start, end in layout.composite)
    is_explained = any(fault.field in {"number", "birth", "expiry", "optional"} and not fault.is_hint for fault in reading.faults)
    if check_digit(covered) != parts["composite"] and not is_explained:
        reading.say("composite", _("总校验位不符：各栏单独都对，合起来不对。请逐个字符核对第二行。"))
