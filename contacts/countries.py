"""Countries and regions: the list that is maintained (models.Country) starts from fixtures/countries.csv, and these functions find one in it.

Codes are those of ISO 3166-1, with the codes that ICAO Doc 9303 part 3, section 5 adds for passports (D, GBN, UNO, XXA …). Chinese names are the
short ones of the Ministry of Foreign Affairs (刚果（金）, 朝鲜, 韩国, 阿联酋), English ones the short ones of the United Nations. 中国台湾, 中国香港 and
中国澳门 are so named in either language. Rows without alpha-2 code are no countries: they stand in passports as nationality all the same.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from core import chinese

FILE = settings.BASE_DIR / "fixtures" / "countries.csv"
ENDINGS = ("", "籍", "国籍", "公民", "人")
FILLING = re.compile(r"[^\w]+|\bthe\b")


@dataclass(frozen=True)
class CountryRow:
    """One country, region or other nationality, as a row of the fixture."""

    alpha2: str  # "" where it is no country
    alpha3: str
    chinese: str
    english: str
    pinyin: str  # syllables with spaces between: the order of menus
    mrz_codes: tuple[str, ...]  # further codes for it in passports
    aliases: tuple[str, ...]  # how else people write it

    @property
    def codes(self) -> tuple[str, ...]:
        """Everything that may stand for it as a code."""
        return tuple(code for code in (self.alpha3, self.alpha2, *self.mrz_codes) if code)


@cache
def countries() -> tuple[CountryRow, ...]:
    """All rows of the fixture in the order of menus: by pinyin, those that are no countries last."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = [
            CountryRow(**{**row, "mrz_codes": tuple(row["mrz_codes"].split()), "aliases": tuple(filter(None, row["aliases"].split("|")))})  # type: ignore[arg-type]
            for row in csv.DictReader(lines)
        ]
    return tuple(sorted(rows, key=lambda country: (not country.alpha2, country.pinyin)))


@cache
def _codes() -> dict[str, CountryRow]:
    return {code: country for country in countries() for code in country.codes}


@cache
def _names() -> dict[str, CountryRow]:
    return {key: country for country in countries() for key in _keys(country)}


def _keys(country: CountryRow) -> Iterator[str]:
    for name in (country.chinese, country.english, *country.aliases):
        yield _key(name)


def _key(name: str) -> str:
    """A name as names are compared: case, accents, traditional forms, spaces, signs and "the" do not matter."""
    return FILLING.sub("", chinese.normalise(name))


def by_code(code: str) -> CountryRow | None:
    """The nationality with this code of ISO 3166-1 or of a passport's machine-readable zone ("DE", "DEU", "D", "D<<"), or None."""
    return _codes().get(code.strip().rstrip("<").upper())


def find(text: str) -> CountryRow | None:
    """The nationality that somebody wrote: Chinese or English name, usual other name, adjective ("German", "德国籍") or code; None where there is none."""
    key = _key(text)
    return next((_names()[key.removesuffix(ending)] for ending in ENDINGS if key.removesuffix(ending) in _names()), None) or by_code(text)
