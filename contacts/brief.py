"""背景资料: one page for a meeting with an organisation - who they are, what there was, what to mind. The same lines go to paper and to Word.

The sections come from the registry (contacts.panels): each noun registers its own, and one without lines does not print.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import User
from core.printing import SCREEN, render
from duties.printing import typeset

from . import book_queries, panels
from .models import Organisation, Position
from .panels import Line, Section

SIZES = ((14, 240), (9, 130), (6, 80), (4, 50), (2, 34))  # lines of a section and characters of a line, until all is on one page
IN_WORD = SIZES[1]


def printable(user: User) -> Any:
    """The organisations of which this person may have a brief, with what its head tells."""
    return Organisation.objects.visible_to(user).select_related("country", "kind", "relation", "owner", "deputy", "parent")


def brief_pdf(organisation: Organisation, by: User, at: datetime) -> bytes:
    """The brief on one page: PDF/UA-1. Raises PrintRefusedError."""
    with translation.override(settings.LANGUAGE_CODE):
        told = panels.sections(organisation, by)
        return render(*(render_to_string("print/meeting_brief.html", _page(organisation, told, size, by, at)) for size in SIZES), pages=1, variant=SCREEN)


def _page(organisation: Organisation, told: Sequence[tuple[str, Sequence[Line]]], size: tuple[int, int], by: User, at: datetime) -> dict[str, Any]:
    return {
        "title": f"背景资料 {organisation.name}",
        "recorded_at": at.isoformat(),
        "number": "背景资料　内部使用",
        "printed": foot_of(by, at),
        "heading": typeset(organisation.name),
        "facts": [typeset(fact) for fact in facts_of(organisation)],
        "sections": [(heading, [(typeset(line.lead), typeset(line.text)) for line in lines]) for heading, lines in shortened(told, *size)],
    }


def foot_of(by: User, at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}　{by.name}　打印"


def facts_of(organisation: Organisation) -> list[str]:
    """The head of the brief: names, what it is and where, who deals with it."""
    names = "　".join(name for name in (organisation.name_en, organisation.name_native) if name)
    about = [
        organisation.country.name,
        organisation.kind.name,
        f"上级机构：{organisation.parent.name}" if organisation.parent else "",
        f"领区：{organisation.district}" if organisation.district else "",
        f"关系等级：{organisation.relation.name}" if organisation.relation else "",
        f"在华身份：{organisation.get_china_status_display()}",
    ]
    ours = [person.name for person in (organisation.owner, organisation.deputy) if person]
    return [line for line in (names, "　".join(fact for fact in about if fact), f"本部门联系人：{'、'.join(ours)}" if ours else "") if line]


def shortened(told: Sequence[tuple[str, Sequence[Line]]], most: int, longest: int) -> list[tuple[str, list[Line]]]:
    """At most `most` lines of each section and `longest` characters of each line; what is left out is said."""
    found = []
    for heading, lines in told:
        kept = [Line(line.lead, line.text if len(line.text) <= longest else f"{line.text[: longest - 1]}…") for line in lines[:most]]
        if len(lines) > most:
            kept.append(Line("", f"（另有 {len(lines) - most} 条，见系统）"))
        found.append((heading, kept))
    return found


# -- the book's own sections -------------------------------------------------------------------------------------------------------------------------------


def _post(position: Position) -> str:
    since = f"（{position.since_on:%Y-%m} 起）" if position.since_on else ""
    return f"{position.department}{position.title}{since}"


def _people(organisation: Organisation, by: User) -> list[Line]:
    now, _before = book_queries.staff_of(organisation, by)
    lines = []
    for position in now:
        person = position.person
        other = next((name for name in (person.latin_name, person.name_native) if name and name != str(person)), "")
        rest = "　".join(word for word in (_post(position), other, person.languages) if word)
        lines.append(Line(f"{person}{person.honorific}　", rest))
    return lines


def _taboos(organisation: Organisation, by: User) -> list[Line]:
    now, _before = book_queries.staff_of(organisation, by)
    people = {position.person_id: position.person for position in now if position.person.taboos}
    return [Line(f"{person}：", " ".join(person.taboos.split())) for person in people.values()]


def _etiquette(organisation: Organisation, by: User) -> list[Line]:
    text = " ".join(organisation.country.etiquette.split())
    return [Line(f"{organisation.country.name}：", text)] if text else []


def _note(organisation: Organisation, by: User) -> list[Line]:
    return [Line("", " ".join(organisation.note.split()))] if organisation.note.strip() else []


panels.add_section(Section("people", "主要人员", _people, place=10))
panels.add_section(Section("taboos", "禁忌和习惯", _taboos, place=80))
panels.add_section(Section("etiquette", "礼仪和注意事项", _etiquette, place=85))
panels.add_section(Section("note", "备注", _note, place=90))
