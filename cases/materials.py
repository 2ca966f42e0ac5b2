"""The actions on required materials: received, verified, given back, one more added, and that one dropped."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .forms import MaterialForm, NewMaterialForm, ReasonForm
from .kinds import Action, Blocker, Turn
from .models import CaseMaterial
from .progress import current_steps
from .steps import prefetch_again

FACTS = ["number", "dated_on", "issuer"]


def _material(turn: Turn) -> CaseMaterial:
    assert isinstance(turn.target, CaseMaterial)
    return turn.target


def _save(material: CaseMaterial) -> None:
    material.save(update_fields=["status", "received_at", "received_by", "verified_at", "verified_by", *FACTS])


def receive(turn: Turn) -> str:
    material = _material(turn)
    for name in FACTS:
        setattr(material, name, turn.data.get(name) or ("" if name != "dated_on" else None))
    if material.status == CaseMaterial.Status.MISSING:
        material.status, material.received_at, material.received_by = CaseMaterial.Status.RECEIVED, turn.at, turn.by
    _save(material)
    return material.name


def verify(turn: Turn) -> str:
    material = _material(turn)
    material.status, material.verified_at, material.verified_by = CaseMaterial.Status.VERIFIED, turn.at, turn.by
    _save(material)
    return material.name


def take_back(turn: Turn) -> str:
    material = _material(turn)
    material.status = CaseMaterial.Status.MISSING
    material.received_at = material.received_by = material.verified_at = material.verified_by = None
    _save(material)
    return gettext("%(name)s：%(reason)s") % {"name": material.name, "reason": turn.data["reason"]}


def add(turn: Turn) -> str:
    steps = current_steps(turn.case)
    needed_for = steps[0] if turn.data["now"] and steps else None
    wanted = {"needed_for": needed_for, "is_required": True}  # a name that was dropped is added again
    CaseMaterial.objects.update_or_create(case=turn.case, name=turn.data["name"], defaults=wanted)
    prefetch_again(turn.case, "materials")
    return str(turn.data["name"])


def drop(turn: Turn) -> str:
    """What was added by mistake is waited for no longer; the list keeps it."""
    material = _material(turn)
    material.is_required, material.needed_for = False, None
    material.save(update_fields=["is_required", "needed_for"])
    return gettext("%(name)s：%(reason)s") % {"name": material.name, "reason": turn.data["reason"]}


def add_blockers(turn: Turn) -> list[Blocker]:
    if turn.case.sheet.materials_open:
        return []
    return [Blocker("MAT-02", gettext("本事项的运行要件没有以“等”结尾，不能增列"), _("信息表“运行要件”"), _("修订信息表"))]


RECEIVE = Action("receive", _("收到"), effect=receive, form=MaterialForm)
AMEND = Action("amend", _("修改登记"), effect=receive, form=MaterialForm)
VERIFY = Action("verify", _("核对无误"), effect=verify)
TAKE_BACK = Action("take_back", _("撤销登记"), effect=take_back, form=ReasonForm)
ADD_MATERIAL = Action("add_material", _("增列要件"), effect=add, blockers=add_blockers, form=NewMaterialForm)
DROP = Action("drop_material", _("撤销增列"), effect=drop, form=ReasonForm)

# What may be done with a material, by where it stands.
BY_STATUS = {
    CaseMaterial.Status.MISSING: (RECEIVE,),
    CaseMaterial.Status.RECEIVED: (VERIFY, AMEND, TAKE_BACK),
    CaseMaterial.Status.VERIFIED: (AMEND, TAKE_BACK),
    CaseMaterial.Status.WAIVED: (TAKE_BACK,),
}
