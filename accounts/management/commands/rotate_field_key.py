"""Encrypt what was encrypted with an older key of FIELD_KEY with the first one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import acting, record
from core import encryption

BATCH = 200  # rows a transaction


class Command(BaseCommand):
    help = "更换字段密钥：把新密钥写在 FIELD_KEY 的最前面，重启门户，再运行本命令；全部完成后才能删去旧密钥。可以中断，再运行时接着做。"

    def handle(self, **options: object) -> None:
        faults = [fault for field in encryption.fields_at_rest() for fault in self.rotate(field)]
        if faults:
            raise CommandError(f"有 {len(faults)} 条读不出，没有改动；旧密钥不能删去。", returncode=1)
        self.stdout.write("完成：所有密文都用第一把密钥。旧密钥可以从 FIELD_KEY 删去；旧备份仍要用它，请另行保管。")

    def rotate(self, field: encryption.EncryptedTextField) -> list[str]:
        """Encrypt all texts of a field anew; sentences on those that cannot be read."""
        count, faults = 0, []
        batch = self.do_batch(field, None)
        while batch.last is not None:
            count += batch.count
            faults += batch.faults
            batch = self.do_batch(field, batch.last)
        self.stdout.write("\n".join([f"{field.model._meta.label_lower}.{field.name}：重新加密 {count} 条。", *faults]))
        return faults

    def do_batch(self, field: encryption.EncryptedTextField, after: Any) -> encryption.Batch:
        with acting(None):
            batch = encryption.encrypt_anew(field, after, BATCH)
            if batch.count:
                record("field_key.rotate", f"{field.model._meta.label_lower}.{field.name}", count=batch.count, key=encryption.ring()[0].mark)
        return batch
