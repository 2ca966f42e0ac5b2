"""Many keys in one condition."""

import json

from django.db import connection
from django.db.models.expressions import RawSQL


def given(keys: list[int]) -> RawSQL | list[int]:
    """What `pk__in` is asked for: these keys as a subquery with one parameter.

    A condition with a parameter for each takes longer to write than to answer; and PostgreSQL, which cannot guess how few of many rows they are in the
    order of an index, may walk along that index past all the others.
    """
    if not keys:
        return []  # nothing is asked
    if connection.vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(keys)])
    return RawSQL("SELECT unnest(%s)", [keys])
