from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from cases.rule_actions import assign
from duties.models import DutyItem


class Command(BaseCommand):
    help = "让这些人分工承办全部职责事项，供首次安装时使用；已经有过分工的人不作改动。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("usernames", nargs="+", metavar="登录名")

    def handle(self, *args: object, usernames: list[str], **options: object) -> None:
        people = {person.username: person for person in User.objects.filter(username__in=usernames)}
        if unknown := sorted(set(usernames) - set(people)):
            raise CommandError(f"没有这些账号：{'、'.join(unknown)}")
        new = [person for person in people.values() if not person.assignments.exists()]
        count = assign({(person.pk, item.pk): True for person in new for item in DutyItem.objects.all()}, by=None)
        self.stdout.write(f"已安排 {count} 项分工")
