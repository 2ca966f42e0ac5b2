"""What happens to the signed paper: its seal and hand-over, its scan, and its submission online. The registrar's part, by way of the engine."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from cases.documents import DeclaredField, FilesField
from cases.forms import DAY, LONG, ActionForm, CompleteForm, ReasonForm, RemarkForm
from cases.kinds import Action, Blocker, Move, Turn, anybody
from cases.models import Case
from core.files import digest_of, keep, path_of

from .models import Application, InvitationLetter, Scan
from .scans import KINDS, Judged, look

KEEPER, OPENER = "invitations.register_scan", "invitations.open_scan"
REGISTRAR = _("档案与用印")
THIRD, FOURTH = _("公布的运行流程第 3 步：签发（纸质邀请函）"), _("公布的运行流程第 4 步：网上提交（邀请函扫描件）")
SECOND_PERSON = _("扫描件读不出二维码的，由第二人核对")
MOST_FILES = 20


def letter_of(turn: Turn) -> InvitationLetter:
    assert isinstance(turn.target, InvitationLetter)
    return turn.target


def locked(turn: Turn) -> InvitationLetter:
    """The letter of the turn, locked: another case may be replacing it."""
    return InvitationLetter.objects.select_for_update(no_key=True).get(pk=letter_of(turn).pk)


def letters_of(application: Application) -> QuerySet[InvitationLetter]:
    """The letters of an application with what came after each, in order."""
    replacements = Prefetch("replacements", Application.objects.select_related("case"))
    return application.letters.order_by("part").prefetch_related("scans", "cancellations", replacements)


def live_letters(turn: Turn) -> list[InvitationLetter]:
    """The letters of the case that still count: the others need no scan."""
    assert isinstance(turn.detail, Application)
    return [letter for letter in letters_of(turn.detail) if letter.is_live]


def told(letter: InvitationLetter, *facts: Any) -> str:
    """What the timeline says of an act on one letter."""
    return "；".join(str(fact) for fact in (letter.number, *facts) if fact)


# -- what stands against it --------------------------------------------------------------------------------------------------------------------------------


def undrawn(letter: InvitationLetter) -> list[Blocker]:
    if letter.rendered_at:
        return []
    text = gettext("%(number)s 的 PDF 还没有生成") % {"number": letter.number}
    return [Blocker("INV-31", text, THIRD, _("后台自动生成；久等没有的，请系统管理员查看后台任务"))]


def unsealed(letter: InvitationLetter) -> list[Blocker]:
    if letter.sealed_at:
        return []
    return [Blocker("INV-32", gettext("%(number)s 还没有登记用印") % {"number": letter.number}, THIRD, REGISTRAR)]


def unsubmitted(letter: InvitationLetter) -> Iterator[Blocker]:
    """What a letter lacks before it is submitted online."""
    number = {"number": letter.number}
    yield from unsealed(letter)
    if letter.handed_over_at is None:
        text = gettext("%(number)s 还没有登记交付") % number
        yield Blocker("INV-33", text, THIRD, _("档案与用印登记，或由第二人特批先行提交"), can_override=True)
    if letter.open_scan:
        yield Blocker("INV-35", gettext("%(number)s 的扫描件待第二人核对") % number, SECOND_PERSON, _("上传人以外的签发人或档案与用印"))
    elif not letter.scan_sha256:
        yield Blocker("INV-34", gettext("%(number)s 还没有上传签字盖章后的扫描件") % number, FOURTH, REGISTRAR)
    if letter.open_cancellation:
        yield Blocker("INV-36", gettext("%(number)s 的作废申请待批") % number, _("作废的函件不提交"), _("申请人以外的签发人"))


def seal_blockers(turn: Turn) -> list[Blocker]:
    return undrawn(letter_of(turn))


def needs_seal(turn: Turn) -> list[Blocker]:
    return unsealed(letter_of(turn))


def submit_blockers(turn: Turn) -> list[Blocker]:
    return [blocker for letter in live_letters(turn) for blocker in unsubmitted(letter)]


def added_it(turn: Turn) -> bool:
    """Whether this is whoever handed in the scan that waits, or for whom that was done."""
    scan = letter_of(turn).open_scan
    return scan is not None and bool(turn.people & {scan.added_by_id, scan.added_for_id})


def confirm_blockers(turn: Turn) -> list[Blocker]:
    if added_it(turn):
        return [Blocker("SOD-05", gettext("上传人不能核对自己上传的扫描件"), SECOND_PERSON, _("上传人以外的签发人或档案与用印"))]
    return []


# -- what is asked for -------------------------------------------------------------------------------------------------------------------------------------


class DeliverForm(ActionForm):
    """To whom the paper goes."""

    to = forms.CharField(label=_("领取人"), max_length=100, help_text=_("写明单位和姓名，例如：某某公司 王某。邮寄的写明快递单号。"))
    remark = forms.CharField(label=_("说明"), max_length=500, required=False, widget=LONG)


class ScanForm(ActionForm):
    """The scan, compared with the letter before this form is asked (`scans.look`)."""

    papers = FilesField(
        label=_("签字盖章后的扫描件"),
        most=MOST_FILES,
        endings=("pdf", "png", "jpg", "jpeg"),
        help_text=_("%(kinds)s页数须与函件相同；多张图片按页的顺序选取。系统读出二维码，与函件核对。") % {"kinds": KINDS},
    )
    declared = DeclaredField()

    def clean_papers(self) -> Judged:
        judged: Judged | None = getattr(self.cleaned_data["papers"][0][0], "judged", None)
        if judged is None:
            raise forms.ValidationError(_("请选择文件；如果刚才选过，请重新选择。"))
        return judged


class ConfirmForm(ActionForm):
    compared = forms.BooleanField(
        label=_("我打开了扫描件，编号、内容、签字和印章与这份函件相符"), error_messages={"required": _("请打开扫描件逐项核对后再确认。")}
    )
    note = forms.CharField(label=_("意见"), max_length=500, required=False, widget=LONG)


class RefuseScanForm(ActionForm):
    note = forms.CharField(label=_("意见"), max_length=500, widget=LONG, error_messages={"required": _("请写明哪里不相符，便于重新扫描。")})


class SubmitForm(CompleteForm):
    """What the other system answered for each letter that still counts."""

    submitted_on = forms.DateField(label=_("网上提交日期"), widget=DAY, help_text=_("格式如 2026-11-23。"))

    def fit(self, turn: Turn) -> None:
        super().fit(turn)
        self.letters = live_letters(turn)
        if not self.letters:
            del self.fields["submitted_on"]
            return
        self.fields["submitted_on"].initial = timezone.localdate()
        for letter in self.letters:
            label = _("%(number)s 对方系统受理编号") % {"number": letter.number}
            self.fields[f"receipt_{letter.pk}"] = forms.CharField(label=label, max_length=80)
        self.order_fields(["submitted_on", *(f"receipt_{letter.pk}" for letter in self.letters)])

    def clean_submitted_on(self) -> Any:
        day = self.cleaned_data["submitted_on"]
        issued = max(timezone.localdate(letter.issued_at) for letter in self.letters)
        if day > timezone.localdate():
            raise forms.ValidationError(_("提交日期还没有到，请填写实际提交的日期。"))
        if day < issued:
            raise forms.ValidationError(_("提交日期早于签发日期 %(day)s，请核对。") % {"day": issued})
        return day


# -- what is done ------------------------------------------------------------------------------------------------------------------------------------------


def seal(turn: Turn) -> str:
    letter = locked(turn)
    letter.sealed_at, letter.sealed_by = turn.at, turn.by
    letter.save(update_fields=["sealed_at", "sealed_by"])
    return told(letter, turn.data["remark"])


def deliver(turn: Turn) -> str:
    letter = locked(turn)
    letter.handed_over_at, letter.handed_over_by, letter.handed_over_to = turn.at, turn.by, turn.data["to"]
    letter.save(update_fields=["handed_over_at", "handed_over_by", "handed_over_to"])
    return told(letter, turn.data["to"], turn.data["remark"])


def upload(turn: Turn) -> str:
    """Keep the scan: as the letter's where its code is the letter's, else until a second person has compared it."""
    letter, judged = locked(turn), turn.data["papers"]
    fits = judged.reading == Scan.Reading.MATCHED
    scan = Scan(
        letter=letter,
        reading=judged.reading,
        pages=judged.pages,
        sha256=judged.sha256,
        sealed_sha256=digest_of(judged.sealed),
        added_at=turn.at,
        added_by=turn.by,
        added_for=turn.on_behalf_of,
        decision=Scan.Decision.TAKEN if fits else "",
    )
    name = keep(judged.sealed)
    if fits:
        _take(letter, scan, name)
    else:
        scan.file = name
    scan.save()
    return told(letter, scan.get_reading_display(), gettext("%(count)d 页") % {"count": scan.pages}, "" if fits else gettext("待第二人核对"))


def _take(letter: InvitationLetter, scan: Scan, name: str) -> None:
    """Make this the scan of the letter, in place of one that was there."""
    _drop(letter.scan)
    letter.scan, letter.scan_sha256, letter.scan_pages = name, scan.sealed_sha256, scan.pages
    letter.scanned_at, letter.scanned_by = scan.added_at, scan.added_by
    letter.save(update_fields=["scan", "scan_sha256", "scan_pages", "scanned_at", "scanned_by"])
    record("invitation.scan", letter, number=letter.number, reading=scan.reading, sha256=scan.sha256, pages=scan.pages)


def _drop(name: str) -> None:
    """Remove a file that no row names any more, once that is committed."""
    if name:
        transaction.on_commit(lambda: path_of(name).unlink(missing_ok=True))


def confirm(turn: Turn) -> str:
    letter, scan = locked(turn), _decided(turn, Scan.Decision.TAKEN, turn.data["note"])
    name, scan.file = scan.file, ""
    scan.save()
    _take(letter, scan, name)
    return told(letter, scan.note)


def refuse(turn: Turn) -> str:
    _leave(_decided(turn, Scan.Decision.REFUSED, turn.data["note"]))
    return told(letter_of(turn), turn.data["note"])


def _leave(scan: Scan) -> None:
    """Keep what was decided of a scan that is not taken, without its file."""
    _drop(scan.file)
    scan.file = ""
    scan.save()


def _decided(turn: Turn, decision: str, note: str) -> Scan:
    scan = letter_of(turn).open_scan
    assert scan is not None
    scan.decision, scan.note = decision, note
    scan.decided_at, scan.decided_by, scan.decided_for = turn.at, turn.by, turn.on_behalf_of
    return scan


def take_back(turn: Turn) -> str:
    """Whoever handed in a wrong scan need not wait for the second person to find it."""
    _leave(_decided(turn, Scan.Decision.TAKEN_BACK, turn.data["reason"]))
    return told(letter_of(turn), turn.data["reason"])


def submit(turn: Turn) -> str:
    """Note for every letter that still counts when it was submitted and under which number the other system has it."""
    lines = []
    for letter in live_letters(turn):
        receipt = turn.data[f"receipt_{letter.pk}"]
        letter.submitted_on, letter.submitted_by, letter.receipt_number = turn.data["submitted_on"], turn.by, receipt
        letter.save(update_fields=["submitted_on", "submitted_by", "receipt_number"])
        record("invitation.submit_online", letter, number=letter.number, on=letter.submitted_on, receipt=receipt)
        lines.append(gettext("%(number)s：%(day)s 提交，受理编号 %(receipt)s") % {"number": letter.number, "day": letter.submitted_on, "receipt": receipt})
    return "\n".join([*lines, *([turn.data["remark"]] if turn.data["remark"] else [])])


SEAL = Action("seal_letter", _("登记用印"), permission=KEEPER, who=anybody, blockers=seal_blockers, effect=seal, form=RemarkForm)
DELIVER = Action("deliver_letter", _("登记交付"), permission=KEEPER, who=anybody, blockers=needs_seal, effect=deliver, form=DeliverForm)
UPLOAD = Action(
    "upload_scan",
    _("上传扫描件"),
    permission=KEEPER,
    who=anybody,
    blockers=needs_seal,
    effect=upload,
    form=ScanForm,
    takes_files=True,
    look=look,
)
CONFIRM = Action("confirm_scan", _("扫描件相符"), permission=OPENER, who=anybody, blockers=confirm_blockers, effect=confirm, form=ConfirmForm)
REFUSE = Action("refuse_scan", _("扫描件不相符"), permission=OPENER, who=anybody, blockers=confirm_blockers, effect=refuse, form=RefuseScanForm)
TAKE_BACK = Action("take_scan_back", _("撤回扫描件"), permission=KEEPER, who=added_it, effect=take_back, form=ReasonForm)
SUBMIT_ONLINE = Action(
    "submit_online",
    _("登记网上提交"),
    Move.COMPLETE,
    permission=KEEPER,
    who=anybody,
    final=True,
    blockers=submit_blockers,
    effect=submit,
    form=SubmitForm,
)
ACTIONS = (SEAL, DELIVER, UPLOAD, CONFIRM, REFUSE, TAKE_BACK)


def actions_of(case: Case, letter: InvitationLetter) -> Iterator[Action]:
    """What may be done with the paper of a letter as it stands."""
    if letter.is_live and letter.sealed_at is None:
        yield SEAL
    if letter.is_live and letter.handed_over_at is None:
        yield DELIVER
    if letter.open_scan:
        yield from (CONFIRM, REFUSE, TAKE_BACK)
    elif letter.is_live and letter.submitted_on is None and not case.is_closed:
        yield UPLOAD
