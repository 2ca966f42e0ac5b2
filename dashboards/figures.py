"""The figures: what each is called, its written definition (口径), and the list of exactly the cases behind it.

Tiles, charts, tables and prints name a figure from here; its numbers come from dashboards.queries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .periods import Period

Filters = dict[str, str]


def _standing(state: str) -> Callable[[Period], Filters]:
    return lambda period: {"state": state}


def _open(period: Period) -> Filters:
    return {}


def _opened(period: Period) -> Filters:
    return {"state": "any", "opened_since": period.first.isoformat(), "opened_until": period.last.isoformat()}


def _closed(period: Period) -> Filters:
    return {"state": "closed", "closed_since": period.first.isoformat(), "closed_until": period.last.isoformat()}


def _completed(period: Period) -> Filters:
    return _closed(period) | {"outcome": "completed"}


@dataclass(frozen=True)
class Figure:
    """One figure. `filters` are those of the list of cases that give what it counts, in a period where it has one."""

    slug: str
    label: str | Promise
    definition: str | Promise
    filters: Callable[[Period], Filters]

    def address(self, period: Period, item: str = "") -> str:
        """The list of the cases behind it, of one item or of all."""
        query = {"view": "department", **({"item": item} if item else {}), **self.filters(period)}
        return f"{reverse('cases:case-list')}?{urlencode(query)}"


FIGURES = {
    figure.slug: figure
    for figure in (
        Figure(
            "waiting",
            _("待审签"),
            _("未办结，且有内容（步骤、要件免交或特别批准）等第二人审签的办件。按件计，一件有几项送审也只计一次。"),
            _standing("waiting"),
        ),
        Figure("open", _("在办"), _("已立项、尚未办结的办件，包括待补正的。等于正常、三天内到期、逾期、待补正四类之和。"), _open),
        Figure("in_time", _("正常"), _("在办、没有暂停计时，期限在三天以后或没有期限的办件。"), _standing("in_time")),
        Figure("soon", _("三天内到期"), _("在办、没有暂停计时，期限在今天到其后第三天之间（按自然日，含首尾两天）的办件。"), _standing("soon")),
        Figure("overdue", _("逾期"), _("在办、没有暂停计时，期限早于今天的办件。期限取手头步骤和任务中最早的一个。"), _standing("overdue")),
        Figure("held", _("待补正"), _("在办、正在暂停计时的办件，不论暂停的原因。"), _standing("held")),
        Figure("opened", _("立项"), _("本期内立项的办件，不论现在办到哪里。"), _opened),
        Figure("closed", _("结案"), _("本期内结束的办件，包括办结、未予办理和撤回。"), _closed),
        Figure(
            "days",
            _("办理天数中位数"),
            _(
                "本期内办理结果为“办结”的办件，从立项次日到办结当天的自然日数，减去暂停计时的天数（暂停次日到恢复当天）；当天立项当天办结为 0 天。"
                "各件的天数从小到大排列，取正中一个；件数为双数时取正中两个的平均数。"
            ),
            _completed,
        ),
    )
}
