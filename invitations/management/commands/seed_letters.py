from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from invitations.seeds import seed


class Command(BaseCommand):
    help = "Store the kinds of letters, templates and rules to begin with, where there are none yet"

    def handle(self, *args: Any, **options: Any) -> None:
        for line in seed((settings.BASE_DIR / "fixtures/letters.toml").read_bytes()):
            self.stdout.write(line)
