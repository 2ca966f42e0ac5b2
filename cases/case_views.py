"""The pages of one case: opening it, looking at it, and taking its actions, all kinds alike."""

import json
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import Refused
from accounts.adapter import is_password_of
from accounts.audit import acting
from core.paging import SIZES, Key, paged
from duties.models import DutyItem, ListEdition, ListEntry

from . import annexes, documents, drafts, process
from .access import case_or_404, case_worker, right_required
from .case_forms import NewCaseForm, TimelineFilter, names_of
from .case_page import CasePage
from .case_rows import DECIDED_ELSEWHERE
from .kinds import kind_of
from .models import Approval, Case, CaseLink, CaseTask
from .opening import NoProcedureError, open_case
from .process import BlockedError, ConflictError, InvalidError
from .standing import standings_of
from .steps import LINK
from .tasks import TICK

RESTORE = "draft"  # ?draft=1 fills the form with what was typed before


handler = right_required("cases.handle_case")


# -- looking at a case -------------------------------------------------------------------------------------------------------------------------------------


@case_worker
@require_safe
def case_detail(request, number):
    page = CasePage(case_or_404(request.user, number), request.user)
    if request.GET.get("tab") == "log":
        return _log(request, page)
    return render(request, "cases/case_detail.html", {"page": page, "case": page.case, "tab": "course"})


def _log(request, page):
    """The timeline, newest first, by kind and person; the next page begins below the last entry shown."""
    case, actions = page.case, _actions_of(page.case)
    kinds = case.timeline.order_by("kind").values_list("kind", flat=True).distinct()
    labels = {kind: actions[kind].label if kind in actions else _("立项") for kind in kinds}
    form = TimelineFilter(request.GET, kinds=labels, people=names_of(case.timeline.order_by().values("by")))
    asked = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    entries = paged(case.timeline.filter(**asked).select_related("by", "on_behalf_of"), Key("pk", descending=True), request.GET, size=SIZES[1])
    return render(request, "cases/case_log.html", {"page": page, "case": case, "tab": "log", "filter": form, "entries": entries, "is_filtered": bool(asked)})


def _actions_of(case):
    """Every action that a case of this kind knows, by name."""
    of_stages = [action for stage in kind_of(case).stages for action in stage.actions]
    return {action.name: action for action in [*process.STANDARD, *of_stages, *kind_of(case).actions, *annexes.actions()]}


# -- taking an action --------------------------------------------------------------------------------------------------------------------------------------


@case_worker
@require_http_methods(["GET", "HEAD", "POST"])
def case_do(request, number, action, step=None, part="", pk=None):
    """One action on a case, on a step of it (`step`), or on another part (`part`, `pk`): asked for by GET, taken by POST."""
    case = case_or_404(request.user, number)
    key = f"{part}:{pk}" if part else str(step or "")
    if action in {decision.name for decision in DECIDED_ELSEWHERE}:
        raise Http404
    if request.method == "POST":
        return _take(request, case, action, key)
    offer = _find(case, request.user, action, key)
    if offer is None:
        raise Http404
    return _ask(request, case, offer, _blank(request, offer))


def _find(case, person, action, key):
    return process.find(case, person, action, key, kind_of(case).details_of([case]).get(case.pk))


def _take(request, case, action, key):
    version = _version(request)
    if version == case.version and _find(case, request.user, action, key) is None:
        raise Http404
    if not _could_be_theirs(case, request.user, action):
        raise Http404
    if _actions_of(case)[action].asks_password and not is_password_of(request, request.POST.get("password", "")):
        return _wrong_password(request, case, action, key)
    try:
        with documents.telling_of_room():
            files = _looked_through(request, case, _actions_of(case)[action], key)
            done = process.perform(case, action, by=request.user, version=version, target=key, data=request.POST, files=files, request=request)
    except InvalidError as error:
        return _ask(request, case, _find(case, request.user, action, key), error.form)
    except (BlockedError, ConflictError) as error:
        return _tell(request, number=case.number, action=action, key=key, error=error)
    except documents.NoRoomError as error:
        return _tell(request, number=case.number, action=action, key=key, error=error, status=507)
    drafts.forget(request.user, request.path)
    label = _actions_of(case)[action].label
    told = _("办件已结束：%(label)s。") % {"label": label} if done.is_closed and not case.is_closed else _("已办理：%(label)s。") % {"label": label}
    if _actions_of(case)[action].is_told:
        told += done.timeline.filter(kind=action)[0].text
    messages.success(request, told)
    if not Case.objects.visible_to(request.user).filter(pk=case.pk).exists():
        return redirect("cases:today")
    return redirect(f"{case.get_absolute_url()}#{_place(done, request.user, action, key)}")


def _wrong_password(request, case, action, key):
    """What was typed, to be sent again: asked before the engine, so that a wrong guess counts towards the lock and holds no case meanwhile."""
    offer = _find(case, request.user, action, key)
    if offer is None:
        raise Http404
    form = offer.action.form(request.POST, turn=offer.turn)
    if "password" not in form.errors:
        form.add_error("password", _("密码不正确，没有办理。请重新输入登录密码。"))
    return _ask(request, case, offer, form)


def _looked_through(request, case, action, key):
    """The files of the request, looked through; None for an action that takes none."""
    if not action.takes_files:
        return None
    further = partial(action.look, case=case, key=key) if action.look else None
    return documents.look_through(request.FILES, case=case, by=request.user, request=request, further=further)


def _place(case, person, action, key):
    """Where on the page of the case the person goes on: after a tick at the box of the next task of the step, so that it has the focus."""
    if action == TICK.name:
        tasks = {process.key_of(task): task for task in case.tasks.all()}
        later = (task for task in tasks.values() if task.pk > tasks[key].pk and task.step_id == tasks[key].step_id and task.status == CaseTask.Status.OPEN)
        mine = next((task for task in later if person.pk in {task.assignee_id, case.handler_id}), None)
        return f"tick-{mine.pk}" if mine else key.replace(":", "-")
    return key.replace(":", "-") if ":" in key else f"step-{key}" if key else "documents" if _actions_of(case)[action].takes_files else "main"


def _version(request):
    """The version of the case that the page showed; 0, which none has, where it does not say."""
    told = request.POST.get("version", "")
    return int(told) if told.isdecimal() and len(told) < 10 else 0


def _could_be_theirs(case, person, name):
    """Whether the action exists and this person has its right on the case, if not now then at another time."""
    action = _actions_of(case).get(name)
    if action is None:
        return False
    return callable(action.permission) or any(action.permission in standing.permissions and standing.sees(case) for standing in standings_of(person))


def _tell(request, *, number, action, key, error, status=409):
    """409 (or what it is): what stands against the action, or what changed meanwhile; with what was typed, to be sent again if the button is still there."""
    case = case_or_404(request.user, number)
    offer = _find(case, request.user, action, key)
    form = offer.action.form(request.POST, turn=offer.turn) if offer and offer.action.form else None
    changes = error.changes if isinstance(error, ConflictError) else []
    context = {
        "error": error,
        "changes": changes,
        "differences": _differences(offer, form) if form and changes else [],
        "blockers": error.blockers if isinstance(error, BlockedError) else offer.blockers if offer else [],
        "label": _actions_of(case)[action].label,
        "typed": [] if offer else _typed(request),
    }
    return _ask(request, case, offer, form, status=status, **context)


def _differences(offer, form):
    """(label, what the case says now, what was typed) of each field where the two differ."""
    now = offer.action.form(turn=offer.turn)
    pairs = [(field, now[field.name]) for field in form if field.name in now.fields]
    return [
        (typed.label, _shown(current, current.initial), _shown(typed, typed.value()))
        for typed, current in pairs
        if current.initial not in (None, "", []) and _shown(current, current.initial) != _shown(typed, typed.value())
    ]


def _shown(field, value):
    """A value of a form's field as people read it."""
    choices = {str(key): label for key, label in getattr(field.field, "choices", ())}
    values = value if isinstance(value, list | tuple) else [value]
    yes_no = {"True": _("是"), "False": _("否"), "None": "", "on": _("是")}
    return "、".join(str(choices.get(str(one), yes_no.get(str(one), one))) for one in values)


def _typed(request):
    """What was typed, line by line, where there is no form any more to put it back into."""
    return [value for name in request.POST if name not in drafts.NEVER for value in request.POST.getlist(name) if value.strip()]


def _blank(request, offer):
    """The form of the action, filled with what the link to it says, or with the draft if the person asks for it."""
    if offer.action.form is None:
        return None
    linked = {name: request.GET[name] for name in offer.action.form.from_link if name in request.GET}
    form = offer.action.form(turn=offer.turn, initial=linked)
    draft = drafts.find(request.user, request.path) if RESTORE in request.GET else None
    return offer.action.form(turn=offer.turn, initial=drafts.initial_of(form, draft)) if draft else form


def _ask(request, case, offer, form, *, status=200, **more):
    draft = drafts.find(request.user, request.path) if form is not None and request.method != "POST" else None
    context = {
        "case": case,
        "offer": offer,
        "form": form,
        "draft": draft,
        "restored": draft is not None and RESTORE in request.GET,
        "label": offer.action.label if offer else "",
        "blockers": offer.blockers if offer else [],
        "step": offer.target if offer and offer.key.isdecimal() else None,
        "about": _about(offer.target) if offer and ":" in offer.key else None,
    }
    return render(request, "cases/case_action.html", context | more, status=status)


def _about(part):
    """(what kind of part it is, which one) of the part that an action is about."""
    if isinstance(part, Approval):
        return part._meta.verbose_name, part.get_kind_display()
    if isinstance(part, CaseLink):
        return part._meta.verbose_name, f"{part.relation.name} {part.other.number}"
    return part._meta.verbose_name, str(part)


# -- opening a case ----------------------------------------------------------------------------------------------------------------------------------------


def _standing_for(person, item):
    """In whose right this person opens cases of the item: their own first, else that of somebody they stand in for."""
    return next((one for one in standings_of(person) if "cases.handle_case" in one.permissions and item in one.items), None)


@handler
@require_safe
def case_new(request):
    """The items of the list, each the start of a case for whom it is assigned to."""
    entries = ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED).select_related("item", "sheet")
    procedures = set(DutyItem.objects.filter(sheets__status="published").values_list("pk", flat=True))
    rows = [(entry, _standing_for(request.user, entry.item_id) is not None, entry.item_id in procedures) for entry in entries]
    return render(request, "cases/case_new.html", {"rows": rows, "origin": _origin_of(request)})


def _origin_of(request):
    """The case from which another is started (`?from=`), if the person sees it."""
    number = request.GET.get("from", "")
    return Case.objects.visible_to(request.user).filter(number=number).first() if number else None


@handler
@require_http_methods(["GET", "HEAD", "POST"])
def case_create(request, code):
    item = get_object_or_404(DutyItem, pk=code)
    standing, sheet = _standing_for(request.user, code), item.sheet_in_force()
    if standing is None:
        raise Http404
    kind, origin = kind_of(Case(item=item)), _origin_of(request)
    form = NewCaseForm(request.POST or None, kind=kind, origin=origin, initial={"title": origin.title} if origin else None)
    draft = None if form.is_bound or origin else drafts.find(request.user, request.path)
    if draft and RESTORE in request.GET:
        form = NewCaseForm(kind=kind, initial=drafts.initial_of(form, draft))
    context = {"item": item, "form": form, "sheet": sheet, "draft": draft, "restored": RESTORE in request.GET, "name": _name_of(item, sheet)}
    context["origin"] = origin
    if sheet and form.is_valid():
        context["alike"] = [] if "sure" in request.POST else _alike(request.user, item, form.cleaned_data["title"])
        if not context["alike"]:
            return _open(request, item, standing, form, origin)
    return render(request, "cases/case_create.html", context)


def _name_of(item, sheet):
    """What the item is called: on its sheet, else in the contents of the list."""
    if sheet and sheet.name:
        return sheet.name
    entry = ListEntry.objects.filter(edition__status=ListEdition.Status.PUBLISHED, item=item).first()
    return entry.name if entry else ""


def _alike(person, item, title):
    """Open cases of the item with this title: perhaps it is opened already."""
    return list(Case.objects.visible_to(person).open().filter(item=item, title__iexact=title).select_related("handler")[:5])


def _open(request, item, standing, form, origin):
    typed = form.cleaned_data
    facts = {"title": typed["title"], "sensitivity": typed["sensitivity"], "facts": form.facts, "handler": standing.person}
    try:
        with acting(request.user, request):
            case = open_case(item, by=request.user, request=request, **facts)
            if origin:
                _take_over(request, case, origin, typed["relation"])
    except NoProcedureError as error:
        messages.error(request, str(error))
        return redirect("cases:case-new")
    drafts.forget(request.user, request.path)
    messages.success(request, _("已立项，编号 %(number)s。") % {"number": case.number})
    return redirect(case)


def _take_over(request, case, origin, relation):
    """Link a new case to the one that it was started from; a kind that takes something over of it does that with the link."""
    name = kind_of(case).takes_over or LINK.name
    step = process.load({"pk": case.pk}).own_steps[0] if kind_of(case).takes_over else None
    data = {"number": origin.number, "relation": str(relation.pk)}
    process.perform(case, name, by=request.user, version=case.version, target=process.key_of(step), data=data, request=request)


# -- drafts ------------------------------------------------------------------------------------------------------------------------------------------------


@require_POST
def draft_save(request):
    """Keep or discard what was typed into a form; the script of the page sends `fields` as JSON, a button without it the form itself."""
    address = request.POST.get("address", "")
    if "discard" in request.POST:
        drafts.forget(request.user, address)
        return _back_to(address)
    by_script = "fields" in request.POST
    try:
        fields = _pairs(request.POST["fields"]) if by_script else [(name, value) for name in request.POST for value in request.POST.getlist(name)]
        draft = drafts.save(request.user, address, fields)
    except (Refused, ValueError) as refusal:
        if by_script:
            return HttpResponseBadRequest(str(refusal))
        messages.error(request, str(refusal))
        return _back_to(address)
    at = timezone.localtime(draft.saved_at).strftime("%H:%M")
    if by_script:
        return JsonResponse({"at": at})
    messages.success(request, _("草稿已保存 %(at)s，再次打开这个表单时可以恢复。") % {"at": at})
    return _back_to(f"{address}?{RESTORE}=1")


def _pairs(text):
    pairs = json.loads(text)
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ValueError(_("草稿的格式不对。"))
    return pairs


def _back_to(address):
    return redirect(address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else reverse("cases:today"))
