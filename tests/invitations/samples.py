"""Made-up codes and passports that could be."""

from invitations.mrz import check_digit
from invitations.uscc import check_sign, organisation_check_sign


def code(place=1):
    """A 统一社会信用代码 with right check signs."""
    body = f"{place:08}"
    first = "91120116" + body + organisation_check_sign(body)
    return first + check_sign(first)


def zone(number="L898902C3", surname="BERG", given="LARS<ERIK", country="NOR", born="740812", sex="M", expires="320415"):
    """The two machine-readable lines of a passport."""
    first = f"P<{country}{surname}<<{given}".ljust(44, "<")
    checked = [part + check_digit(part) for part in (number.ljust(9, "<"), born, expires, "<" * 14)]
    return f"{first}\n{checked[0]}{country}{checked[1]}{sex}{checked[2]}{checked[3]}{check_digit(''.join(checked))}"
