"""The rows of benchmarks/large.py: the statements that make cases and their parts of numbers. The same on both engines."""

from collections.abc import Iterator, Mapping

from django.db.models import Model

from cases.models import Approval, Case, CaseHold, CaseMaterial, CaseStep, CaseTask, Document, TimelineEntry
from core.models import SearchEntry, Serial

from .large_words import BODIES, MATTERS, PAPERS, PLACES

KEYED: list[type[Model]] = [Case, CaseStep, CaseMaterial, CaseTask, CaseHold, Approval, TimelineEntry, Document, SearchEntry]
DAYS = 3650

PRIMES = (2654435761, 2246822519, 3266489917, 2969639161, 1640531527, 2860486313)
# What is drawn for each case: a name, the number it is drawn from, a salt, and how many there are to draw from.
DRAWN = [("slot", "i", 0, 1000), ("luck", "i", 1, 1000), ("part", "i", 2, 100), ("days", "i", 3, 60)]
DRAWN += [("a_n", "i", 4, len(PLACES)), ("b_n", "i", 5, len(BODIES)), ("c_n", "(i + 77)", 3, len(MATTERS))]
NUMBERS = "WITH RECURSIVE number(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM number WHERE i < {count})"
IS_CLOSED = "state = 'closed'"
WAS_DONE = f"({IS_CLOSED} OR p.number < c.step)"
CURRENT_STEP = (
    "large_case c JOIN duties_processstep p ON p.sheet_id = c.sheet AND p.number = c.step JOIN cases_casestep s ON s.case_id = i AND s.step_id = p.id"
)
NO_DIGEST = f"'{'0' * 64}'"


def pick(number: str, salt: int, count: int) -> str:
    """SQL: a number below `count` that looks random, always the same for a number and a salt."""
    return f"(({number} * {PRIMES[salt]}) / 4096) % {count}"


def insert(model: type[Model], columns: Mapping[str, str], source: str) -> str:
    """The statement that makes rows of a model; columns that are not named hold the default of the model."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key or field.column in columns]
    values = [columns[field.column] if field.column in columns else literal(field.get_default()) for field in fields]
    assert not set(columns) - {field.column for field in fields}, "a column that the model does not have"
    names = ", ".join(f'"{field.column}"' for field in fields)
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(values)} FROM {source}"  # noqa: S608


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value).upper() if isinstance(value, bool) else str(value) if isinstance(value, int) else "'[]'" if value == [] else f"'{value}'"


def if_closed(value: str) -> str:
    return f"CASE WHEN {IS_CLOSED} THEN {value} END"


def statements(count: int) -> Iterator[tuple[str, str]]:
    """What each is about, and the statement, in order."""
    yield "numbers", _staged(count)
    yield "cases", _cases()
    yield "serials", insert(Serial, {"series": "'case ' || item", "year": "year", "last": "count(*)"}, "large_case GROUP BY item, year")
    yield "steps", _steps()
    yield "materials", _materials()
    yield "tasks", _tasks()
    yield "holds", _holds()
    yield "approvals", _approvals()
    yield "timeline: opened", _timeline("open", "立项", "title", "opened_at", "1") + " ORDER BY i"
    yield "timeline: closed", _timeline("close", "办结", "''", "closed_at", "1 + step") + f" WHERE {IS_CLOSED} ORDER BY i"
    yield "documents", _documents()
    yield "search entries of cases", _case_entries()
    yield "search entries of documents", _document_entries()


def _staged(count: int) -> str:
    """Every case with what follows from its number. The newest tenth is open more often than not, of the others few are."""
    chance = f"CASE WHEN i * 10 > {count} * 9 THEN 640 ELSE 40 END"
    opened, drawn = f"i * {DAYS - 1} / {count}", ", ".join(f"{pick(number, salt, below)} AS {name}" for name, number, salt, below in DRAWN)
    state = f"CASE WHEN luck >= {chance} THEN 'closed' WHEN part < 5 THEN 'held' WHEN part < 13 THEN 'waiting' ELSE 'open' END"
    due = f"CASE WHEN part < 5 OR part >= 95 THEN NULL WHEN part BETWEEN 13 AND 24 THEN {DAYS} - 1 - days / 2 ELSE {DAYS} + days END"
    closed = f"CASE WHEN {opened} + 5 + days < {DAYS} THEN {opened} + 5 + days ELSE {DAYS} - 1 END"
    joined = {name: f"a.{name} || b.{name} || COALESCE(r.{name}, '') || c.{name}" for name in ("word", "pinyin", "initials")}
    words = " ".join(f"JOIN large_word {alias} ON {alias}.kind = {kind} AND {alias}.place = {alias}_n" for kind, alias in enumerate("abc"))
    return f"""
        CREATE TEMPORARY TABLE large_case AS {NUMBERS.format(count=count)},
        drawn AS (SELECT i, {opened} AS opened_n, {drawn} FROM number),
        stood AS (
            SELECT drawn.*, item, sheet, handler, m.at AS opened_at, m.in_year AS year, {state} AS state, {due} AS due_n, {closed} AS closed_n,
                row_number() OVER (PARTITION BY item, m.in_year ORDER BY i) AS serial
            FROM drawn JOIN large_slot ON place = slot JOIN large_moment m ON m.n = opened_n)
        SELECT i, item, sheet, handler, opened_at, year, state, 1 + part % 2 AS step, part,
            {joined["word"]} AS title, {joined["pinyin"]} AS pinyin, {joined["initials"]} AS initials,
            CASE WHEN state <> 'closed' THEN due.day END AS due_on, {if_closed("closed.at")} AS closed_at,
            item || '-' || year || '-' || substr('000', length(CAST(serial AS text))) || serial AS number
        FROM stood JOIN large_moment closed ON closed.n = closed_n LEFT JOIN large_moment due ON due.n = due_n {words}
            LEFT JOIN large_word r ON r.kind = 3 AND i % 49999 = 7 AND r.place = i % 2
        ORDER BY i"""  # noqa: S608


def _cases() -> str:
    outcome = f"CASE WHEN NOT {IS_CLOSED} THEN '' WHEN part < 4 THEN 'declined' WHEN part < 9 THEN 'withdrawn' ELSE 'completed' END"
    columns = {"id": "i", "number": "number", "item_id": "item", "sheet_id": "sheet", "title": "title", "handler_id": "handler", "version": "1 + step"}
    columns |= {"due_on": "due_on", "opened_at": "opened_at", "opened_by_id": "handler"}
    columns |= {"outcome": outcome, "closed_at": "closed_at", "closed_by_id": if_closed("handler")}
    return insert(Case, columns, "large_case ORDER BY i")


def _steps() -> str:
    columns = {"case_id": "i", "step_id": "p.id", "stage": "COALESCE(r.stage, '')", "need": "COALESCE(r.need, 'always')", "due_days": "r.due_days"}
    columns |= {"approval_levels": "COALESCE(r.approval_levels, 0)", "status": f"CASE WHEN {WAS_DONE} THEN 'done' ELSE 'open' END"}
    columns |= {"started_at": f"CASE WHEN {IS_CLOSED} OR p.number <= c.step THEN opened_at END", "due_on": "CASE WHEN p.number = c.step THEN c.due_on END"}
    columns |= {"done_at": f"CASE WHEN {WAS_DONE} THEN COALESCE(closed_at, opened_at) END", "done_by_id": f"CASE WHEN {WAS_DONE} THEN c.handler END"}
    source = "large_case c JOIN duties_processstep p ON p.sheet_id = c.sheet LEFT JOIN cases_steprule r ON r.step_id = p.id ORDER BY i, p.number"
    return insert(CaseStep, columns, source)


def _materials() -> str:
    is_in = f"({IS_CLOSED} OR (c.part + m.position) % 2 = 0)"
    status = f"CASE WHEN {IS_CLOSED} THEN 'verified' WHEN {is_in} THEN 'received' ELSE 'missing' END"
    columns = {"case_id": "i", "material_id": "m.id", "name": "substr(m.name, 1, 300)", "status": status}
    columns |= {"received_at": f"CASE WHEN {is_in} THEN opened_at END", "received_by_id": f"CASE WHEN {is_in} THEN handler END"}
    columns |= {"verified_at": if_closed("closed_at"), "verified_by_id": if_closed("handler")}
    return insert(CaseMaterial, columns, "large_case c JOIN duties_requiredmaterial m ON m.sheet_id = c.sheet ORDER BY i, m.position")


def _tasks() -> str:
    """One task in each open case, given to somebody in one of four hundred; one in every fourth closed one."""
    columns = {"case_id": "i", "step_id": "s.id", "title": "'联系对方确认时间'", "assignee_id": "CASE WHEN i % 400 = 0 THEN o.handler END"}
    columns |= {"is_required": "FALSE", "due_on": "c.due_on", "status": f"CASE WHEN {IS_CLOSED} THEN 'done' ELSE 'open' END"}
    columns |= {"done_at": "closed_at", "done_by_id": if_closed("c.handler")}
    source = f"{CURRENT_STEP} JOIN large_slot o ON o.place = i % 900 WHERE NOT {IS_CLOSED} OR i % 4 = 0 ORDER BY i"
    return insert(CaseTask, columns, source)


def _holds() -> str:
    """Of those held now, and in the past of one closed case in thirty."""
    columns = {"case_id": "i", "reason": "'等对方补来名单'", "since_at": "opened_at", "since_by_id": "handler"}
    columns |= {"ended_at": "closed_at", "ended_by_id": if_closed("handler")}
    return insert(CaseHold, columns, f"large_case WHERE state = 'held' OR ({IS_CLOSED} AND i % 30 = 0) ORDER BY i")


def _approvals() -> str:
    """One that waits in each waiting case, and one that was given in every second closed one."""
    columns = {"case_id": "i", "kind": "'step'", "step_id": "s.id", "reason": "'请审核'", "digest": NO_DIGEST, "submitted_at": "opened_at"}
    columns |= {"submitted_by_id": "handler", "decision": f"CASE WHEN {IS_CLOSED} THEN 'approved' ELSE '' END", "decided_at": "closed_at"}
    columns |= {"decided_by_id": if_closed("(SELECT id FROM accounts_user WHERE username = 'sees.all')")}
    return insert(Approval, columns, f"{CURRENT_STEP} WHERE state = 'waiting' OR ({IS_CLOSED} AND i % 2 = 0) ORDER BY i")


def _timeline(kind: str, label: str, text: str, at: str, version: str) -> str:
    columns = {"case_id": "i", "at": at, "by_id": "handler", "kind": f"'{kind}'", "label": f"'{label}'", "text": text, "version": version}
    return insert(TimelineEntry, columns, "large_case")


def _documents() -> str:
    columns = {"id": "i / 10", "case_id": "i", "name": "title || w.word || '.pdf'", "kind": "'pdf'", "pages": "2", "size": "80000 + i % 9000"}
    columns |= {"sha256": NO_DIGEST, "file": "'large-' || i", "added_at": "opened_at", "added_by_id": "handler"}
    return insert(Document, columns, _with_paper())


def _with_paper() -> str:
    return f"large_case c JOIN large_word w ON w.kind = 4 AND w.place = i % {len(PAPERS)} WHERE i % 10 = 0 ORDER BY i"


def _case_entries() -> str:
    text = "title || '\n' || number || '\n' || pinyin || '\n' || initials"
    return insert(SearchEntry, {"kind": "'case'", "object_pk": "i", "title": "title", "text": text}, "large_case ORDER BY i")


def _document_entries() -> str:
    name = "title || w.word || '.pdf'"
    text = f"{name} || '\n' || number || '\n' || c.pinyin || w.pinyin || '.pdf' || '\n' || c.initials || w.initials || '.pdf'"
    return insert(SearchEntry, {"kind": "'document'", "object_pk": "i / 10", "title": name, "text": text}, _with_paper())
