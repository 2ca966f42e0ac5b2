"""The audit trail takes new rows and nothing else."""

from django.db.backends.base.base import BaseDatabaseWrapper

from core import triggers

from .models import AuditEvent


@triggers.register
def audit_triggers(connection: BaseDatabaseWrapper) -> list[triggers.Trigger]:
    return triggers.append_only(AuditEvent._meta.db_table, vendor=connection.vendor, message="the audit trail is append-only")
