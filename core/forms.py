"""How every form of the portal is drawn."""

from crispy_forms.helper import FormHelper
from django.forms import Field


def unmark(*fields: Field) -> None:
    """Do not call these fields optional: what else is filled in says whether they are wanted."""
    for field in fields:
        field.is_unmarked = True  # type: ignore[attr-defined]  # for components/_field.html


class PortalHelper(FormHelper):
    """Crispy draws the fields only (label, hint, error, input); form, csrf token and buttons stand in the template."""

    form_tag = False
    disable_csrf = True
    field_template = "components/_field.html"


class SearchHelper(PortalHelper):
    """The same for the search box and filters above a list, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.wrapper_class = "col-auto"
