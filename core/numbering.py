"""Numbers without gaps: one locked row a series and year."""

from django.db import transaction
from django.db.transaction import TransactionManagementError

from .models import Serial


def take_number(series: str, year: int) -> int:
    """The next number of `series` in `year`, from 1.

    The row stays locked until the transaction ends, and a rollback gives the number back: take it as late as possible.
    Raises TransactionManagementError outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise TransactionManagementError("take_number() needs a transaction: without one a number could be lost")
    rows = Serial.objects.select_for_update(no_key=True).filter(series=series, year=year)
    serial = rows.first()
    if serial is None:
        Serial.objects.bulk_create([Serial(series=series, year=year)], ignore_conflicts=True)  # another may be doing the same
        serial = rows.get()
    serial.last += 1
    serial.save(update_fields=["last"])
    return serial.last
