"""What people take along of the lists of the book: ways to reach somebody, and personal notes, in full only who may change contacts."""

import io

import openpyxl
import pytest
from django.urls import reverse

from jobs import running
from jobs.models import Job
from tests import factories as make

pytestmark = pytest.mark.django_db
POINTS = {"mobile": "13800000001", "email": "=ou@north.example"}
COLUMNS = ["name", "phones", "emails", "taboos"]


def exported(by, kind="contacts"):
    """The rows of a workbook that this person takes along, header first."""
    client = make.client_of(by)
    if kind == "contacts":
        client.post(reverse("lists:columns-edit", args=[kind]), {"columns": COLUMNS, "act": "save"})
    client.post(reverse("lists:export-create", args=[kind]), {"query": "", "format": "xlsx"})
    job = Job.objects.latest("pk")
    job.parameters["columns"] = COLUMNS if kind == "contacts" else COLUMNS[:3]
    job.save()
    running.run(job.pk, job.attempts + 1)
    body = b"".join(client.get(reverse("jobs:job-file", args=[job.pk])).streaming_content)
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows()]


@pytest.fixture
def contact():
    make.duty_list()
    return make.contact("区明", taboos="不吃猪肉，不喝酒", points=POINTS)


def test_who_changes_contacts_takes_all_along(contact):
    rows = exported(make.worker("preparer", "1.1"))

    assert rows == [["姓名", "电话", "邮箱", "禁忌和习惯"], ["区明", "13800000001", "=ou@north.example", "不吃猪肉，不喝酒"]]


@pytest.mark.parametrize("role", ["reviewer", "registrar"])
def test_others_take_it_along_masked(contact, role):
    rows = exported(make.worker(role, "1.1"))

    assert rows[1] == ["区明", "1****1", "=****e", "不****酒"]


def test_bodies_are_masked_too(contact):
    make.organisation(points={"phone": "123456", "email": "office@north.example"})

    assert exported(make.worker("reviewer", "1.1"), "organisations")[1] == ["北湾商会", "****", "o****e"]
    assert exported(make.worker("preparer", "1.1"), "organisations")[1] == ["北湾商会", "123456", "office@north.example"]
