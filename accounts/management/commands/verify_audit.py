"""Walk the audit trail and say where it is not what was written."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import audit
from accounts.models import AuditEvent


class Command(BaseCommand):
    help = "核验审计日志：逐条检查校验值和顺序，并与库外留存的链尾对照。有误时逐条列出并以 1 退出。"

    def handle(self, **options: object) -> None:
        faults = list(audit.find_faults(settings.AUDIT_ANCHORS))
        for fault in faults:
            self.stdout.write(fault)
        if faults:
            raise CommandError(f"审计日志有 {len(faults)} 处问题。", returncode=1)
        audit.keep_anchor(settings.AUDIT_ANCHORS)
        self.stdout.write(f"审计日志 {AuditEvent.objects.count()} 条，核验无误。")
