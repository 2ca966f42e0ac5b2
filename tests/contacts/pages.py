"""How tests fill in the forms of the book: as a browser sends them."""

from django.test import Client
from django.urls import reverse

from cases.models import Term
from contacts.models import Organisation
from core.rows import Sheet
from tests import factories as make


def fields_of(form: Sheet) -> dict[str, object]:
    """What a page of the book sends when nothing was typed into it."""
    sent = {form.main[name].html_name: _sent(form.main[name].value()) for name in form.main.fields}
    for prefix, rows in form.parts.items():
        sent |= {f"{prefix}-TOTAL_FORMS": len(rows.forms), f"{prefix}-INITIAL_FORMS": rows.initial_form_count(), f"{prefix}-gone": list(rows.gone)}
        for row in rows.forms:
            sent |= {row[name].html_name: _sent(row[name].field.prepare_value(row[name].value())) for name in row.fields}
    return {name: value for name, value in sent.items() if value is not False}


def _sent(value: object) -> object:
    if isinstance(value, Organisation):
        return f"{value.name} #{value.pk}"
    return "" if value is None else value


def page(client: Client, name: str, *args: object, query: str = "") -> dict[str, object]:
    """What the form at this address sends unchanged, with the version that it shows."""
    answer = client.get(reverse(f"contacts:{name}", args=args) + query)
    return fields_of(answer.context["form"]) | {"version": answer.context.get("version", "")}


def body_facts(**other: object) -> dict[str, object]:
    """What is typed to register an organisation."""
    kind = Term.objects.get_or_create(kind=Term.Kind.ORGANISATION_TYPE, name="海外商协会")[0]
    typed = {"name": "北湾商会", "name_en": "North Bay Chamber", "kind": kind.pk, "country": make.country().pk, "china_status": "unchecked"}
    return typed | other
