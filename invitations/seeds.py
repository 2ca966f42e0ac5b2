"""What letters begin with: kinds, words, rules of checking. Stored where there is none yet, never again: what staff made of it stays.

Rules go by their codes: a version of the portal that brings another check brings its rule.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from accounts.audit import acting, record

from .models import CheckRule, LetterKind, LetterTemplate, RetentionRule


def seed(content: bytes) -> list[str]:
    """Store what a TOML file (fixtures/letters.toml tells its form) says, table by table. Returns a line for each table that was filled."""
    read = tomllib.loads(content.decode())
    with acting(None):
        return list(_seed(read, hashlib.sha256(content).hexdigest()))


def _seed(read: dict[str, Any], sha256: str) -> Iterator[str]:
    if not LetterKind.objects.exists():
        kinds = {row["name"]: LetterKind.objects.create(**row) for row in read["kinds"]}
        for row in read["templates"]:
            texts = {name: row[name].strip("\n") for name in ("title", "title_en", "body", "body_en")}
            LetterTemplate.objects.create(kind=kinds[row["kind"]], version=1, reason="随系统提供，待本单位确认", approved_at=timezone.now(), **texts)
        record("letter_kind.seed", names=sorted(kinds), source_sha256=sha256)
        yield f"函件种类和模板：录入 {len(kinds)} 种、{len(read['templates'])} 份，待本单位确认。"
    known = set(CheckRule.objects.values_list("code", flat=True))  # rules are never deleted: what is not there is new
    if rules := [row for row in read["rules"] if row["code"] not in known]:
        CheckRule.objects.bulk_create(CheckRule(**row) for row in rules)
        record("check_rule.seed", codes=[row["code"] for row in rules], source_sha256=sha256)
        yield f"邀请函核对规则：录入 {len(rules)} 条，待本单位确认。"
    kept = set(RetentionRule.objects.values_list("what", flat=True))
    if rules := [row for row in read["retention"] if row["what"] not in kept]:
        RetentionRule.objects.bulk_create(RetentionRule(**row) for row in rules)
        record("retention_rule.seed", names=[row["what"] for row in rules], source_sha256=sha256)
        yield f"保存期规则：录入 {len(rules)} 条，待本单位确认。"
