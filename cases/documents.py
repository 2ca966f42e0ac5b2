"""The actions on documents: added to a case or to one of its materials, replaced by a newer version, withdrawn. None is ever deleted.

Files are looked through (`look_through`) before the engine is asked, because that takes its time; the forms refuse one that was not.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.db import OperationalError
from django.db.models import Sum
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User
from core import files, inspection, search

from .forms import ActionForm, ReasonForm
from .kinds import Action, Turn
from .models import Case, CaseMaterial, Document
from .search import DOCUMENTS
from .steps import prefetch_again

MOST = 20  # files at once
ENDINGS = ("pdf", "ofd", "docx", "xlsx", "pptx", "png", "jpg", "jpeg", "eml", "txt", "csv")

files.register(lambda names: set(Document.objects.filter(file__in=list(names), purged_at=None).values_list("file", flat=True)))


class NoRoomError(Refused):
    """There is no room for what was handed in; nothing of it was kept."""

    def __init__(self) -> None:
        super().__init__(_("服务器的存储空间已满，这次没有保存任何内容。请联系系统管理员清理后再试；已保存的办件和文件不受影响。"))


def look_through(
    given: MultiValueDict[str, Any],
    *,
    case: Case,
    by: User,
    request: HttpRequest | None = None,
    further: Callable[[Sequence[Any]], None] | None = None,
) -> MultiValueDict[str, Any]:
    """Look through files of a request (core.files.Received) before they go to an action; refusals are audited. Raises NoRoomError.

    `further` looks at them again where all of them may be taken, and may note a `refusal` too.
    """
    received = [file for _field, each in given.lists() for file in each][: MOST + 1]
    for file in received:
        inspection.examine(file)
    if further and received and all(file.finding for file in received):
        further(received)
    if any(file.is_lost for file in received):
        raise NoRoomError
    if refused := [file for file in received if file.refusal]:
        with acting(by, request):
            for file in refused:
                record("document.refuse", case, number=case.number, reason=file.refusal.code, sha256=file.sha256, size=file.size)
    return given


@contextmanager
def telling_of_room() -> Iterator[None]:
    """Say in words what a full disk or a full database says in its own way: raises NoRoomError."""
    try:
        yield
    except (OSError, OperationalError) as error:
        if not files.is_full(error):
            raise
        raise NoRoomError from error


# -- what is asked for -------------------------------------------------------------------------------------------------------------------------------------


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Files that were looked through; `most` of them."""

    widget = FilesInput

    def __init__(self, *, most: int = MOST, endings: Sequence[str] = ENDINGS, **options: Any) -> None:
        super().__init__(**options)
        self.most = most
        self.widget.attrs |= {"accept": ",".join(f".{ending}" for ending in endings)}
        if most > 1:
            self.widget.attrs["multiple"] = True

    def clean(self, value: Any, initial: Any = None) -> Any:
        given = [file for file in (value if isinstance(value, list | tuple) else [value]) if file]
        if not given and not self.required:
            return []
        if not given:
            raise forms.ValidationError(_("请选择文件；如果刚才选过，请重新选择。"))
        if len(given) > self.most:
            raise forms.ValidationError(_("一次最多上传 %(most)d 个文件，请分几次上传。") % {"most": self.most})
        wrong = [f"{file.name}：{file.refusal}" for file in given if file.finding is None or file.refusal]
        if wrong:
            raise forms.ValidationError([*wrong, *([_("其余文件也没有保存，请去掉有问题的文件后重新上传。")] if len(given) > len(wrong) else [])])
        return [(file, file.finding) for file in given]


class DeclaredField(forms.BooleanField):
    """Whoever hands files in declares that they are not classified."""

    def __init__(self, **options: Any) -> None:
        told: dict[str, Any] = {
            "label": _("我确认这些文件不涉密（非涉密）"),
            "help_text": _("本系统不得存放带有秘密、机密、绝密标志或内容涉密的文件。"),
            "error_messages": {"required": _("请确认文件不涉密；涉密文件不得上传。")},
        }
        super().__init__(**told | options)


class AttachForm(ActionForm):
    papers = FilesField(label=_("文件"), help_text=inspection.ALLOWED)
    declared = DeclaredField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "papers" in cleaned:
            self._check_quotas(sum(file.size for file, _finding in cleaned["papers"]))
        return cleaned

    def _check_quotas(self, size: int) -> None:
        of_case = sum(document.size for document in self.turn.case.documents.all())
        if of_case + size > settings.CASE_QUOTA:
            words = {"most": filesizeformat(settings.CASE_QUOTA), "left": filesizeformat(max(0, settings.CASE_QUOTA - of_case))}
            self.add_error("papers", _("每个办件的文件总量不超过 %(most)s，本办件还剩 %(left)s。") % words)
        of_person = Document.objects.filter(added_by=self.turn.by).aggregate(total=Sum("size"))["total"] or 0
        if of_person + size > settings.PERSON_QUOTA:
            words = {"most": filesizeformat(settings.PERSON_QUOTA), "left": filesizeformat(max(0, settings.PERSON_QUOTA - of_person))}
            self.add_error("papers", _("每人上传的文件总量不超过 %(most)s，还剩 %(left)s。请联系系统管理员。") % words)


class NewVersionForm(AttachForm):
    papers = FilesField(label=_("新版文件"), most=1, help_text=_("新版取代原来的版本；原来的版本仍可查看和下载。"))


# -- what is done ------------------------------------------------------------------------------------------------------------------------------------------


def _keep(turn: Turn, *, material_id: int | None, replaces: Document | None = None) -> list[Document]:
    made = [
        Document.objects.create(
            case=turn.case,
            material_id=material_id,
            replaces=replaces,
            version=replaces.version + 1 if replaces else 1,
            name=finding.name,
            kind=finding.kind,
            pages=finding.pages,
            size=finding.path.stat().st_size,
            sha256=files.digest_of(finding.path),
            file=files.keep(finding.path),
            added_at=turn.at,
            added_by=turn.by,
        )
        for _file, finding in turn.data["papers"]
    ]
    search.put(DOCUMENTS, made)
    for document in made:
        facts = {"number": turn.case.number, "sha256": document.sha256, "size": document.size, "material": material_id, "version": document.version}
        record("document.add", document, **facts, declared=turn.data["declared"])
    prefetch_again(turn.case, "documents")
    return made


def add(turn: Turn, material: CaseMaterial | None) -> list[Document]:
    """Add the files of a turn to its case, or to a material of it, which is received with them where it was missing."""
    made = _keep(turn, material_id=material.pk if material else None)
    if material and material.status == CaseMaterial.Status.MISSING:
        material.status, material.received_at, material.received_by = CaseMaterial.Status.RECEIVED, turn.at, turn.by
        material.save(update_fields=["status", "received_at", "received_by"])
    return made


def attach(turn: Turn) -> str:
    """Add files to the case, or to the material that the turn is about."""
    material = turn.target if isinstance(turn.target, CaseMaterial) else None
    names = "、".join(document.name for document in add(turn, material))
    if material is None:
        return names
    return gettext("%(material)s：%(names)s") % {"material": material.name, "names": names}


def _document(turn: Turn) -> Document:
    assert isinstance(turn.target, Document)
    return turn.target


def add_version(turn: Turn) -> str:
    old = _document(turn)
    new = _keep(turn, material_id=old.material_id, replaces=old)[0]
    return gettext("%(old)s → %(new)s（第 %(version)d 版）") % {"old": old.name, "new": new.name, "version": new.version}


def withdraw(turn: Turn) -> str:
    document = _document(turn)
    document.withdrawn_at, document.withdrawn_by, document.withdraw_reason = turn.at, turn.by, turn.data["reason"]
    document.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
    return gettext("%(name)s：%(reason)s") % {"name": document.name, "reason": turn.data["reason"]}


def purge(documents: Iterable[Document], *, at: datetime) -> int:
    """Let the files of these documents go for good, with what was drawn of them; that they were there stays. Call it inside `acting()`. Returns how many."""
    purged = [document for document in documents if document.purged_at is None]
    for document in purged:
        document.purged_at = at
        document.save(update_fields=["purged_at"])
        record("document.purge", document, number=document.case.number, sha256=document.sha256)
        drawn = (settings.VAR_DIR / "previews").glob(f"{document.sha256}-*")
        files.let_go([document.path, *drawn])
    return len(purged)


ATTACH = Action("attach", _("上传文件"), effect=attach, form=AttachForm, takes_files=True)
NEW_VERSION = Action("new_version", _("上传新版"), effect=add_version, form=NewVersionForm, takes_files=True)
WITHDRAW_DOCUMENT = Action("withdraw_document", _("撤回文件"), effect=withdraw, form=ReasonForm)


def actions_of(case: Case, document: Document) -> Iterable[Action]:
    """What may be done with a document: the newest version is replaced, any is withdrawn, once."""
    if document.is_withdrawn or document.purged_at:
        return ()
    is_replaced = any(other.replaces_id == document.pk for other in case.documents.all())
    return (WITHDRAW_DOCUMENT,) if is_replaced else (NEW_VERSION, WITHDRAW_DOCUMENT)
