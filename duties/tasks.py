"""Background work of the catalogue."""

from django.utils.module_loading import import_string
from django_tasks import task

from .public_site import write


@task()
def write_public_site() -> bool:
    """Write the public site from the list in force; enqueued in the transaction that publishes. False if nothing changed."""
    return write()


@task()
def make_sheet_export(number: int) -> None:
    """Make the file of the SheetExport with this key; enqueued in the transaction that asks for it.

    Its module is named, not imported: web processes load this one to enqueue, and must not load docxtpl with it.
    """
    import_string("duties.export_worker.make")(number)
