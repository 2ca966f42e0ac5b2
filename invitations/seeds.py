"""What letters begin with: kinds, words, rules of checking. Stored where there is none yet, never again: what staff made of it stays."""

import hashlib
import tomllib
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from accounts.audit import acting, record

from .models import CheckRule, LetterKind, LetterTemplate


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
    if not CheckRule.objects.exists():
        CheckRule.objects.bulk_create(CheckRule(**row) for row in read["rules"])
        record("check_rule.seed", codes=[row["code"] for row in read["rules"]], source_sha256=sha256)
        yield f"邀请函核对规则：录入 {len(read['rules'])} 条，待本单位确认。"
