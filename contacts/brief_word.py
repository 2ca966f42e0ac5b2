"""The background brief as a Word document, filled into contacts/word_templates/brief.docx, which the office may change in Word.

Only the worker loads this module, and with it docxtpl (duties/word.py says why).
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from accounts.audit import acting, record
from accounts.models import User
from core.files import folder
from duties.word import as_text, fill
from jobs.kinds import Produced
from jobs.models import Job

from . import brief, panels

TEMPLATE = Path(__file__).parent / "word_templates" / "brief.docx"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def make(job: Job, progress: Callable[..., object]) -> Produced:
    """Write the brief that this job asks for, with what the person who asked may see now."""
    assert job.asked_by_id is not None, "the schedule asks for no briefs"
    by = User.objects.get(pk=job.asked_by_id)
    organisation = brief.printable(by).get(pk=job.parameters["organisation"])
    path = folder("incoming") / secrets.token_hex(16)
    path.write_bytes(brief_docx(organisation, by))
    with acting(by):
        record("organisation.brief", organisation, name=organisation.name, format="docx")
    return Produced(path, f"背景资料-{organisation.name}-{timezone.localdate()}.docx", DOCX)


def brief_docx(organisation: Any, by: User) -> bytes:
    """The brief of an organisation (of `brief.printable`)."""
    at = timezone.now()
    with translation.override(settings.LANGUAGE_CODE):
        told = brief.shortened(panels.sections(organisation, by), *brief.IN_WORD)
        context = {
            "title": as_text(organisation.name),
            "facts": [as_text(fact) for fact in brief.facts_of(organisation)],
            "sections": [
                {"heading": as_text(heading), "lines": [{"lead": as_text(line.lead), "text": as_text(line.text)} for line in lines]} for heading, lines in told
            ],
            "foot": as_text(brief.foot_of(by, at)),
        }
    return fill(TEMPLATE, context, title=f"背景资料 {organisation.name}", recorded_at=at.isoformat())
