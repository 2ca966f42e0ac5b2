"""Machine-readable zones of passports for tests, written as ICAO Doc 9303 part 4 lays them out."""

from datetime import date

from invitations.mrz import check_digit
from invitations.names import mrz_form


def zone(
    surname: str = "Eriksson",
    given_names: str = "Anna Maria",
    *,
    number: str = "L898902C3",
    issuer: str = "SWE",
    nationality: str | None = None,
    born_on: date = date(1974, 8, 12),
    sex: str = "F",
    expires_on: date = date(2030, 4, 15),
    optional: str = "",
) -> str:
    """The two lines of a passport."""
    names = "<<".join(filter(None, (mrz_form(surname), mrz_form(given_names))))[:39]
    first = f"P<{issuer:<<3}{names:<<39}"
    number, rest = f"{number:<<9}", f"{optional:<<14}"
    birth, expiry = f"{born_on:%y%m%d}", f"{expires_on:%y%m%d}"
    number, birth, expiry, rest = (part + check_digit(part) for part in (number, birth, expiry, rest))
    second = f"{number}{nationality or issuer:<<3}{birth}{'<' if sex == 'X' else sex}{expiry}{rest}"
    return f"{first}\n{second}{check_digit(number + birth + expiry + rest)}"
