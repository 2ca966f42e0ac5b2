"""Background work of letters."""

from django.utils.module_loading import import_string
from django_tasks import task


@task()
def draw_letter(number: int) -> None:
    """Draw the PDF of the letter with this key and keep it; enqueued in the transaction that issues it.

    Its module is named, not imported: only the worker loads what draws.
    """
    import_string("invitations.drawing.draw")(number)
