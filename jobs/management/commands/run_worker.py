from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from jobs.worker import JobWorker


class Command(BaseCommand):
    help = "运行后台进程：执行排队的任务，接手意外中断的任务，按时执行定时任务。可以在多台主机上各运行一个或几个。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", action="store_true", help="执行完现有任务就结束")

    def handle(self, *args: object, batch: bool, **options: object) -> None:
        worker = JobWorker(batch=batch)
        worker.configure_signals()
        worker.run()
