"""Encrypt what was encrypted with an older key of FIELD_KEY with the first one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import acting, record
from core import encryption, sealed_files
from core.files import kept_with_the_act

BATCH = 200  # rows a transaction
Step = Callable[[Any, int], encryption.Batch]


class Command(BaseCommand):
    help = "更换字段密钥：把新密钥写在 FIELD_KEY 的最前面，重启门户，再运行本命令；全部完成后才能删去旧密钥。可以中断，再运行时接着做。"

    def handle(self, **options: object) -> None:
        steps: dict[str, Step] = {
            f"{field.model._meta.label_lower}.{field.name}": partial(encryption.encrypt_anew, field) for field in encryption.fields_at_rest()
        }
        steps |= {kind.label: partial(sealed_files.encrypt_anew, kind) for kind in sealed_files.registered}
        faults = [fault for label, step in steps.items() for fault in self.rotate(label, step)]
        if faults:
            raise CommandError(f"有 {len(faults)} 条读不出，没有改动；旧密钥不能删去。", returncode=1)
        self.stdout.write("完成：所有密文都用第一把密钥。旧密钥可以从 FIELD_KEY 删去；旧备份仍要用它，请另行保管。")

    def rotate(self, label: str, step: Step) -> list[str]:
        """Encrypt all texts of a field, or all files of a kind, anew; sentences on those that cannot be read."""
        count, faults = 0, []
        batch = self.do_batch(label, step, None)
        while batch.last is not None:
            count += batch.count
            faults += batch.faults
            batch = self.do_batch(label, step, batch.last)
        self.stdout.write("\n".join([f"{label}：重新加密 {count} 条。", *faults]))
        return faults

    def do_batch(self, label: str, step: Step, after: Any) -> encryption.Batch:
        with kept_with_the_act(), acting(None):
            batch = step(after, BATCH)
            if batch.count:
                record("field_key.rotate", label, count=batch.count, key=encryption.ring()[0].mark)
        return batch
