"""The pages of a case as its tests use them: look, do, and read what they say."""

import re

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from cases import process
from cases.case_page import CasePage
from cases.models import Case
from duties.models import Sheet
from tests import factories as make


def page_of(case, person):
    return CasePage(process.load({"pk": case.pk}), User.objects.get(pk=person.pk))


def text_of(response):
    """What the page says, without tags, its spaces made single."""
    body = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def look(case, person, query=""):
    return make.client_of(person).get(case.get_absolute_url() + query)


def do(case, person, action, key="", **typed):
    """Send the form of an action as the page of the case as it is now would."""
    typed.setdefault("version", Case.objects.get(pk=case.pk).version)
    return make.client_of(person).post(address(case, action, key), typed)


def address(case, action, key=""):
    if not key:
        return reverse("cases:case-do", args=[case.number, action])
    if ":" in key:
        part, pk = key.split(":")
        return reverse("cases:part-do", args=[case.number, part, pk, action])
    return reverse("cases:step-do", args=[case.number, key, action])


def internal_procedure(code="3.2", steps=("接到主办单位通知", "组织企业报名", "总结")):
    """An internal procedure in force, written and published by three people."""
    sheet = make.sheet(code, steps, publish=False)
    author_fields = {"is_public": False, "name": None}
    Sheet.objects.filter(pk=sheet.pk).update(**author_fields)
    Sheet.objects.filter(pk=sheet.pk).update(status="in_review")
    Sheet.objects.filter(pk=sheet.pk).update(status="approved", reviewed_by=make.person("publisher"), reviewed_at=timezone.now())
    Sheet.objects.filter(pk=sheet.pk).update(status="published", published_by=make.person("publisher"), published_at=timezone.now())
    return Sheet.objects.get(pk=sheet.pk)


def absent(client):
    """What this person gets for a case that never was."""
    return client.get("/cases/9.9-2026-9999/").content
