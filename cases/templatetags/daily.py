"""What the shell of the staff pages shows of daily work: counts, whom one stands in for, keys. Public pages never load it."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.db.models import QuerySet
from django.template import Context
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from cases import annexes
from cases.queries import mine_of, seeing, waiting_for
from cases.standing import standings_of
from core.templatetags.portal import MOST

register = template.Library()


@dataclass(frozen=True)
class Shortcut:
    """A key, or several, and what it does: `address` is where it leads, if it leads to a page. A single one can be switched off."""

    keys: tuple[str, ...]
    label: str
    address: str = ""
    is_single: bool = True


@dataclass(frozen=True)
class Daily:
    """What one person sees of daily work on every page."""

    works_on_cases: bool
    cases: int
    waiting: int
    in_place_of: list[User]
    shortcuts: list[Shortcut]


@register.simple_tag(takes_context=True)
def daily_work(context: Context) -> Daily:
    """What is up to the person who is signed in; the same number of queries whatever there is."""
    user: User = context["request"].user
    works, others = bool(seeing(user)), [standing.person for standing in standings_of(user)[1:]]
    return Daily(
        works,
        _count(mine_of(user).cases()) if works else 0,
        _count(waiting_for(user)) + annexes.approvals.count(user) if works else 0,
        others,
        _shortcuts(works, user.has_perm("cases.handle_case")),
    )


def _count(rows: QuerySet[Any]) -> int:
    """How many there are; on every page, and so no further than the menu tells it."""
    return rows.order_by()[: MOST + 1].count()


def _shortcuts(works_on_cases: bool, opens_cases: bool) -> list[Shortcut]:
    """Every key of the staff pages: the dialog shows this list, and the script does what it says."""
    keys = [
        Shortcut(("?",), _("显示快捷键")),
        Shortcut(("/",), _("搜索")),
        Shortcut(("Ctrl", "K"), _("搜索"), is_single=False),
        Shortcut(("Esc",), _("关闭菜单和对话框"), is_single=False),
        Shortcut(("Ctrl", "Enter"), _("保存正在填写的表单"), is_single=False),
        Shortcut(("g", "t"), _("今日工作"), reverse("cases:today")),
    ]
    if works_on_cases:
        keys += [Shortcut(("g", "c"), _("事项办理"), reverse("cases:case-list")), Shortcut(("g", "a"), _("审签"), reverse("cases:approval-list"))]
        keys += [Shortcut(("x",), _("办件：完成所在的任务")), Shortcut(("1–9",), _("办件：打开第几个标签页"))]
    if opens_cases:
        keys.append(Shortcut(("c",), _("新建事项"), reverse("cases:case-new")))
    return [*keys, Shortcut(("j",), _("下一行")), Shortcut(("k",), _("上一行")), Shortcut(("Enter",), _("打开这一行"), is_single=False)]
