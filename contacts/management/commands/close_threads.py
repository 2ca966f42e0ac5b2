"""Close the interaction cases of the years that are over, as the schedule does every night."""

from typing import Any

from django.core.management.base import BaseCommand

from contacts.interaction_actions import close_threads


class Command(BaseCommand):
    help = "办结已结束年度的往来办件（1.1）；未完成的跟进和会见转入本年度。后台任务每天自动执行。"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"办结 {close_threads()} 件")
