"""Walk the audit trail, say where it is not what was written, and store the result for the auditor."""

from django.core.management.base import BaseCommand, CommandError

from auditing.models import VerificationRun
from auditing.verification import verify


class Command(BaseCommand):
    help = "核验审计日志：逐条检查校验值和顺序，并与库外留存的链尾对照；结果存入“核验结果”。有误时逐条列出并以 1 退出。"

    def handle(self, **options: object) -> None:
        run = verify(origin=VerificationRun.Origin.COMMAND)
        for fault in run.faults:
            self.stdout.write(fault["text"])
        if run.fault_count:
            raise CommandError(f"审计日志有 {run.fault_count} 处问题。", returncode=1)
        self.stdout.write(f"审计日志 {run.until_number} 条，核验无误。")
