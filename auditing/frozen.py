"""What a verification found takes new rows and nothing else."""

from django.db.backends.base.base import BaseDatabaseWrapper

from core import triggers

from .models import VerificationRun


@triggers.register
def run_triggers(connection: BaseDatabaseWrapper) -> list[triggers.Trigger]:
    return triggers.append_only(VerificationRun._meta.db_table, vendor=connection.vendor, message="what a verification found is append-only")
