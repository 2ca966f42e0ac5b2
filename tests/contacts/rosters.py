"""Tables of contacts for the tests of imports: rows that look real and are plainly made up, always the same."""

import csv
import io

import openpyxl
from django.urls import reverse

from contacts.models import ImportBatch
from core.files import Received
from jobs import running
from jobs.models import Job
from tests import factories as make

HEADINGS = ["序号", "中文姓名", "姓", "名", "性别", "国籍", "单位名称", "国家", "职务", "手机", "电子邮箱", "备注"]
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "安柏澄迪恩帆果航嘉珂朗淼楠鸥沛琪然松彤维熙雅泽晨"
FAMILIES = ["Berg", "Dahl", "Eriksen", "Falk", "Grönvall", "Holm", "Iversen", "Jansen", "Krüger", "Lund", "Moen", "Nygård", "Olsen", "Petrov", "Quist", "Rask"]
FIRSTS = ["Anna", "Björn", "Carla", "David", "Elin", "Frida", "Georg", "Hanna", "Ivar", "Johan", "Karin", "Lars", "Maja", "Nils", "Oskar", "Petra"]
LANDS = ["挪威", "瑞典", "德国", "法国", "意大利", "Japan", "KOR", "泰国"]
POSTS = ["会长", "秘书长", "参赞", "领事", "项目主任", "代表"]


def rows(count):
    """Rows of people, every third one with a Chinese name, in bodies of about a dozen; each with a mail address of its own."""
    for number in range(count):
        body = number // 12
        is_chinese = number % 3 == 0
        name = SURNAMES[number % len(SURNAMES)] + GIVEN[number // 32 % len(GIVEN)] + GIVEN[(number // 768 + number % 7) % len(GIVEN)] if is_chinese else ""
        family = "" if is_chinese else FAMILIES[number % 16] + "abcdefghijklmnopqrst"[number // 16 % 20]
        first = "" if is_chinese else FIRSTS[number // 320 % 16]
        yield [
            str(number + 1),
            name,
            family,
            first,
            "男女"[number % 2],
            LANDS[body % 8],
            f"虚构{GIVEN[body % 24]}{GIVEN[body // 24 % 24]}商会",
            LANDS[body % 8],
            POSTS[number % 6],
            f"138{number:08d}",
            f"person{number}@made-up.example",
            "",
        ]


def workbook(table, headings=HEADINGS):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("名单")
    for row in [headings, *table]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text(table, headings=HEADINGS, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([headings, *table])
    return out.getvalue().encode()


def uploaded(client, body, name="名单.xlsx"):
    """The answer to a file handed in on the page."""
    return client.post(reverse("contacts:import-create"), {"table": file_of(name, body), "declared": "on"})


def file_of(name, body):
    out = io.BytesIO(body)
    out.name = name
    return out


def taken(client, body, name="名单.xlsx"):
    """The batch of a file handed in on the page."""
    answer = uploaded(client, body, name)
    assert answer.status_code == 302, answer.content.decode()
    return ImportBatch.objects.latest("pk")


def work(batch):
    """Let the worker do what was asked for; the batch as it is then."""
    job = Job.objects.get(pk=ImportBatch.objects.get(pk=batch.pk).job_id)
    running.run(job.pk, job.attempts + 1)
    return ImportBatch.objects.get(pk=batch.pk)


def checked(client, batch, **choices):
    """The batch with its columns as they were guessed, checked by the worker."""
    kind = make.Term.objects.get_or_create(kind="organisation_type", name="海外商协会")[0]
    typed = {f"column_{place}": name for place, name in batch.mapping.items()} | {"kind": kind.pk} | choices
    answer = client.post(reverse("contacts:import-map", args=[batch.pk]), typed)
    assert answer.status_code == 302, answer.content.decode()
    return work(batch)


def imported(client, batch):
    answer = client.post(reverse("contacts:import-start", args=[batch.pk]))
    assert answer.status_code == 302, answer.content.decode()
    return work(batch)


def undone(client, batch):
    client.post(reverse("contacts:import-undo", args=[batch.pk]))
    return work(batch)


def received(name, body):
    file = Received(name)
    file.add(body)
    return file.finish()
