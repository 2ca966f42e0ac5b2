"""How values of the book are brought into one form: what names are sorted by, what duplicates are found by."""

import re

from core.chinese import normalise, spell

from .models import ContactPoint, Organisation, Person

NUMBERED = re.compile(r"[#＃](\d{1,18})\s*$")  # a body by its name and number, where others have its name
NUMBERS = {ContactPoint.Kind.PHONE, ContactPoint.Kind.MOBILE, ContactPoint.Kind.FAX}


def sorting_of(record: Person | Organisation) -> str:
    """What an organisation is sorted by: the pinyin of its name. What a person is: that of the Chinese name with surname readings, else the surname and
    the rest in Latin letters, else as written."""
    if isinstance(record, Organisation):
        return "".join(spell(record.name)[:1])[:200]
    person = record
    if person.name:
        spelt = spell(person.name, name=True)
        return (spelt[0] if spelt else normalise(person.name))[:200]
    return normalise(f"{person.surname} {person.given_names}" if person.surname or person.given_names else person.name_native)[:200]


def folded_value(kind: str, value: str) -> str:
    """A number without the signs between its digits, an address in lower case: equal values mean one and the same line or mailbox.

    The 86 of Chinese numbers and the 0 before an area code are dropped, so that +86 22 2330 1335 and 022-23301335 agree; an extension (转) stays out.
    """
    value = normalise(value)
    if kind not in NUMBERS:
        return value.replace(" ", "")[:200]
    main = re.split(r"转|ext|x|#|,|;|/", value)[0]
    digits = re.sub(r"\D", "", main)
    digits = digits.removeprefix("00") if digits.startswith("00") else digits
    digits = digits.removeprefix("86") if len(digits) > 10 else digits
    return digits.lstrip("0")[:200]
