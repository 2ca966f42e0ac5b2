"""What the book begins with: the countries and regions, the rules of liaison work. Stored where there is none yet, never again: what staff made of it stays."""

import hashlib
import tomllib

from accounts.audit import acting, record

from .countries import countries
from .models import Country, LiaisonRule


def seed() -> int:
    """Store the countries and regions of fixtures/countries.csv; returns how many (0 where there are some already)."""
    with acting(None):
        if Country.objects.exists():
            return 0
        made = Country.objects.bulk_create(Country(code=row.alpha3, name=row.chinese, name_en=row.english) for row in countries())
        record("country.seed", count=len(made))
    return len(made)


def seed_rules(content: bytes) -> list[str]:
    """Store the rules of a TOML file (fixtures/liaison.toml tells its form) whose codes are not there yet; returns these codes."""
    rows = tomllib.loads(content.decode())["rules"]
    with acting(None):
        present = set(LiaisonRule.objects.values_list("code", flat=True))
        made = LiaisonRule.objects.bulk_create(LiaisonRule(**row) for row in rows if row["code"] not in present)
        if made:
            record("liaison_rule.seed", codes=[rule.code for rule in made], source_sha256=hashlib.sha256(content).hexdigest())
    return [rule.code for rule in made]
