"""Background work of the catalogue."""

from django_tasks import task

from .public_site import write


@task()
def write_public_site() -> bool:
    """Write the public site from the list in force; enqueued in the transaction that publishes. False if nothing changed."""
    return write()
