"""The trail in words: what facts are called, what their values mean, and which of them tell of business that an auditor does not see.

An auditor sees of cases only what happened, when and by whom. Facts of the acts on accounts, roles, rules and lists are shown whole; of all other acts only
figures, yes and no, and the texts named in META. What an app adds is withheld until it is named here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import ACTIONS, FaultKind
from accounts.models import RoleRequest
from accounts.roles import ROLES

Text = str | Promise

# Groups of acts: what stands before the first dot of their names.
GROUPS: dict[str, Text] = {
    "sign_in": gettext_lazy("登录"),
    "sign_out": gettext_lazy("退出登录"),
    "session": gettext_lazy("会话"),
    "password": gettext_lazy("密码"),
    "person": gettext_lazy("人员"),
    "role": gettext_lazy("角色"),
    "access": gettext_lazy("越权访问"),
    "audit": gettext_lazy("审计"),
    "case": gettext_lazy("办件"),
    "document": gettext_lazy("文件"),
    "rule": gettext_lazy("运行规则"),
    "task_template": gettext_lazy("任务模板"),
    "term": gettext_lazy("字典"),
    "assignment": gettext_lazy("人员分工"),
    "calendar": gettext_lazy("工作日历"),
    "substitution": gettext_lazy("委托代办"),
    "phrase": gettext_lazy("常用意见"),
    "list": gettext_lazy("清单和列表"),
    "filter": gettext_lazy("保存的筛选"),
    "sheet": gettext_lazy("信息表"),
    "export": gettext_lazy("导出信息表"),
    "job": gettext_lazy("后台任务"),
    "letter": gettext_lazy("函件"),
    "invitation": gettext_lazy("邀请函"),
    "letter_kind": gettext_lazy("函件种类"),
    "check_rule": gettext_lazy("核对规则"),
    "template": gettext_lazy("函件模板"),
    "unit": gettext_lazy("邀请单位"),
    "personal": gettext_lazy("个人信息"),
    "retention_rule": gettext_lazy("保存期规则"),
    "country": gettext_lazy("国家（地区）"),
    "organisation": gettext_lazy("机构"),
    "contact": gettext_lazy("联系人"),
    "interaction": gettext_lazy("往来"),
    "visit": gettext_lazy("预约、拜访或来访"),
    "memorandum": gettext_lazy("合作备忘录"),
    "liaison_rule": gettext_lazy("联络工作规则"),
    "feed": gettext_lazy("日历订阅"),
    "contacts": gettext_lazy("联系人和机构"),
    "plan": gettext_lazy("年度计划"),
    "figures": gettext_lazy("统计"),
    "field_key": gettext_lazy("字段密钥"),
}
CONTENT = {"case", "contact", "document", "interaction", "invitation", "letter", "memorandum", "phrase", "visit"}  # what the work is about, and people's data
WHOLE = frozenset(GROUPS) - CONTENT  # groups whose facts are shown whole
META = frozenset({"number", "case", "target", "on_behalf_of", "sha256", "print", "due_on", "item", "status", "decision", "format", "code"})
WITHHELD = gettext_lazy("（业务内容，不向审计员显示）")

REFUSING = frozenset({"refuse", "fail", "lock", "void"})  # how acts end that did not come about
DISCLOSING = frozenset({"download", "preview", "print", "export", "reveal"})  # how acts end that bring content before somebody's eyes, or out

FACTS: dict[str, Text] = {
    "address": gettext_lazy("地址"),
    "after": gettext_lazy("之后"),
    "basis": gettext_lazy("规则来源"),
    "cases": gettext_lazy("办件"),
    "documents": gettext_lazy("材料文件"),
    "letters": gettext_lazy("函件"),
    "months": gettext_lazy("保存期（月）"),
    "papers": gettext_lazy("材料"),
    "people": gettext_lazy("人数"),
    "scans": gettext_lazy("扫描件"),
    "what": gettext_lazy("内容"),
    "with_passport": gettext_lazy("包括完整护照号码"),
    "anchors": gettext_lazy("对照的库外留存"),
    "as_received": gettext_lazy("照收到的文本"),
    "authorised_until": gettext_lazy("授权有效期至"),
    "before": gettext_lazy("之前"),
    "case": gettext_lazy("办件"),
    "change": gettext_lazy("变更"),
    "changed": gettext_lazy("变更"),
    "code": gettext_lazy("代码"),
    "codes": gettext_lazy("事项"),
    "columns": gettext_lazy("列"),
    "count": gettext_lazy("数量"),
    "days_off": gettext_lazy("放假"),
    "days_on": gettext_lazy("调休上班"),
    "decision": gettext_lazy("决定"),
    "declared": gettext_lazy("确认非涉密"),
    "density": gettext_lazy("列表疏密"),
    "digest": gettext_lazy("校验值"),
    "direction": gettext_lazy("来去"),
    "due_on": gettext_lazy("期限"),
    "edition": gettext_lazy("版次"),
    "failure": gettext_lazy("原因"),
    "faults": gettext_lazy("问题"),
    "filter": gettext_lazy("筛选"),
    "format": gettext_lazy("格式"),
    "from_on": gettext_lazy("从"),
    "head": gettext_lazy("链尾校验值"),
    "item": gettext_lazy("职责事项"),
    "kind": gettext_lazy("类别"),
    "list": gettext_lazy("列表"),
    "material": gettext_lazy("运行要件"),
    "method": gettext_lazy("请求方式"),
    "month": gettext_lazy("月份"),
    "name": gettext_lazy("名称"),
    "names": gettext_lazy("名称"),
    "number": gettext_lazy("编号"),
    "officer": gettext_lazy("专办员"),
    "on_behalf_of": gettext_lazy("代办"),
    "page": gettext_lazy("页"),
    "pages": gettext_lazy("页数"),
    "parameters": gettext_lazy("参数"),
    "part": gettext_lazy("第几函"),
    "previous": gettext_lazy("原来"),
    "print": gettext_lazy("印件"),
    "query": gettext_lazy("筛选"),
    "reason": gettext_lazy("理由"),
    "request": gettext_lazy("申请号"),
    "role": gettext_lazy("角色"),
    "rows": gettext_lazy("行数"),
    "rule": gettext_lazy("规则"),
    "scope": gettext_lazy("范围"),
    "sha256": "SHA-256",
    "shared_with": gettext_lazy("共享给"),
    "sheet": gettext_lazy("信息表"),
    "shortcuts": gettext_lazy("单键快捷键"),
    "size": gettext_lazy("字节"),
    "source_sha256": gettext_lazy("来源文件 SHA-256"),
    "step": gettext_lazy("步骤"),
    "steps": gettext_lazy("步骤"),
    "substitute": gettext_lazy("代办人"),
    "supersedes": gettext_lazy("取代的版本"),
    "target": gettext_lazy("环节"),
    "tasks": gettext_lazy("任务"),
    "text": gettext_lazy("内容"),
    "text_size": gettext_lazy("字号"),
    "title": gettext_lazy("标题"),
    "until": gettext_lazy("止于"),
    "until_on": gettext_lazy("到"),
    "uscc": gettext_lazy("统一社会信用代码"),
    "username": gettext_lazy("登录名"),
    "version": gettext_lazy("版本"),
    "volume": gettext_lazy("册"),
    "with_cover": gettext_lazy("带封面和目录"),
    "year": gettext_lazy("年份"),
    "added": gettext_lazy("新增"),
    "asked_by": gettext_lazy("申请人"),
    "batch": gettext_lazy("导入批次"),
    "by": gettext_lazy("替代它的函件"),
    "changes": gettext_lazy("更正"),
    "choice": gettext_lazy("怎样处理"),
    "differences": gettext_lazy("不符之处"),
    "ended_on": gettext_lazy("失效日期"),
    "expired_on": gettext_lazy("原届满日期"),
    "expires_on": gettext_lazy("届满日期"),
    "facts": gettext_lazy("内容"),
    "follow_up": gettext_lazy("跟进"),
    "how": gettext_lazy("方式"),
    "into": gettext_lazy("并入"),
    "key": gettext_lazy("密钥"),
    "label": gettext_lazy("名称"),
    "left": gettext_lazy("没有放回的"),
    "made": gettext_lazy("新建"),
    "mapping": gettext_lazy("栏目对应"),
    "merge": gettext_lazy("合并"),
    "note": gettext_lazy("意见"),
    "on": gettext_lazy("日期"),
    "organisations": gettext_lazy("机构数"),
    "other": gettext_lazy("另一条记录"),
    "place": gettext_lazy("地点"),
    "reading": gettext_lazy("二维码"),
    "receipt": gettext_lazy("受理编号"),
    "removed": gettext_lazy("移除"),
    "row": gettext_lazy("行"),
    "sealed_sha256": gettext_lazy("密封文件 SHA-256"),
    "skipped": gettext_lazy("跳过"),
    "starts_at": gettext_lazy("开始时间"),
    "told": gettext_lazy("告知"),
    "updated": gettext_lazy("更新"),
}

PARTS: dict[str, Text] = {
    "material": gettext_lazy("运行要件"),
    "task": gettext_lazy("任务"),
    "link": gettext_lazy("关联"),
    "approval": gettext_lazy("审签"),
    "document": gettext_lazy("文件"),
    "step": gettext_lazy("步骤"),
}
VALUES: dict[str, dict[str, Text]] = {
    "role": {role.slug: role.name for role in ROLES.values()},
    "change": dict(RoleRequest.Change.choices),
    "decision": dict(RoleRequest.Decision.choices),
    "scope": {"account": gettext_lazy("账号"), "address": gettext_lazy("地址")},
    "print": {"form": gettext_lazy("办理单"), "file": gettext_lazy("案卷"), "notice": gettext_lazy("一次性告知书")},
}

MEANINGS: dict[str, Text] = {
    FaultKind.MISSING: gettext_lazy("有记录被删去，或换了次序。所缺的号之前和之后的记录可以照常相信。"),
    FaultKind.UNCHAINED: gettext_lazy("这一条没有接着上一条：两条之间被删过、插过，或上一条被换过。"),
    FaultKind.ALTERED: gettext_lazy("这一条写入之后被改过，或不是本系统写入的：没有密钥，改动之后算不出相符的校验值。"),
    FaultKind.ANCHOR: gettext_lazy("这一条与早先存在数据库之外的校验值不同：日志被整段重写过，或留存的文件被换过。"),
    FaultKind.CUT: gettext_lazy("早先核验时有过这一条，现在日志到不了这里：末尾的记录被截去了。"),
    FaultKind.HEAD: gettext_lazy("日志的最后一条与链尾的记载不同：末尾被截去、有人绕过本系统添了记录，或链尾被改过。"),
}


@dataclass(frozen=True)
class Fact:
    """One fact of an act in words."""

    label: Text
    value: Text


@dataclass(frozen=True)
class Change:
    """One value that an act changed."""

    label: Text
    before: Text
    after: Text


def group_of(action: str) -> str:
    return action.partition(".")[0]


def label_of(action: str) -> Text:
    """What an act is called; its dotted name where it has none."""
    return ACTIONS.get(action, action)


def ends_in(action: str, endings: frozenset[str]) -> bool:
    """Whether the last part of an act's name is one of these."""
    return action.rpartition(".")[2] in endings


def refusing() -> list[str]:
    """The names of the acts that were refused or failed."""
    return [name for name in ACTIONS if ends_in(name, REFUSING)]


def disclosing() -> list[str]:
    """The names of the acts that brought content before somebody's eyes, or out of the portal."""
    return [name for name in ACTIONS if ends_in(name, DISCLOSING)]


def searchable() -> list[str]:
    """The names of the acts whose facts are shown whole: only these can be searched for their text."""
    return [name for name in ACTIONS if group_of(name) in WHOLE]


def shown_facts(action: str, facts: str) -> dict[str, Any]:
    """The facts of an act as an auditor may see them: what tells of business is replaced."""
    read = json.loads(facts)
    if group_of(action) in WHOLE:
        return dict(read)
    return {key: value if _is_meta(action, key, value) else str(WITHHELD) for key, value in read.items()}


def _is_meta(action: str, key: str, value: Any) -> bool:
    if (action, key) in {("document.refuse", "reason"), ("invitation.reveal", "reason")}:
        return True  # the code of a check; what a look at a passport number was for
    return value is None or isinstance(value, bool | int | float) or value == "" or (isinstance(value, str) and key in META)


def facts_of(shown: dict[str, Any]) -> list[Fact]:
    """Facts in words, without what was empty and without what changed."""
    hidden = {"before", "after"} if {"before", "after"} <= set(shown) else set()
    return [Fact(fact_label(key), value_in_words(key, value)) for key, value in shown.items() if key not in hidden and value not in (None, "", [], {})]


def changes_of(shown: dict[str, Any]) -> list[Change]:
    """What an act changed, where its facts hold what was before and after."""
    if not {"before", "after"} <= set(shown):
        return []
    return list(_differences(shown["before"], shown["after"]))


def _differences(before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, dict | None) and isinstance(after, dict | None):
        old, new = before or {}, after or {}
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                yield Change(fact_label(key), value_in_words(key, old.get(key)), value_in_words(key, new.get(key)))
    elif before != after:
        yield Change(_("内容"), value_in_words("", before), value_in_words("", after))


def fact_label(key: str) -> Text:
    """What a fact is called: here, or as the field of that name; its name where it has no other."""
    return FACTS.get(key) or _fields().get(key, key)


@cache
def _fields() -> dict[str, Text]:
    """By the names of fields, what the first model that gives one of them a label calls it."""
    labelled = [field for model in apps.get_models() for field in model._meta.concrete_fields if field._verbose_name]  # type: ignore[attr-defined]
    return {field.name: field.verbose_name for field in reversed(labelled)}


def value_in_words(key: str, value: Any) -> Text:
    """A value of a fact as a person reads it."""
    if value is None or value == "":
        return _("（空）")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict):
        return _("；").join(f"{fact_label(inner)} {value_in_words(inner, some)}" for inner, some in value.items()) or _("（空）")
    if isinstance(value, list):
        if key == "changed":  # names of fields
            value = [fact_label(str(name)) for name in value]
        return _("、").join(str(value_in_words("", some)) for some in value) or _("（空）")
    if key == "target":
        return _target(str(value))
    first, _colon, rest = str(value).partition(":")
    known = VALUES.get(key, {}).get(first)
    return str(value) if known is None else f"{known} {rest}".strip()


def _target(value: str) -> Text:
    part, colon, number = value.partition(":")
    if not colon:
        return _("第 %(number)s 步") % {"number": part}
    return f"{PARTS.get(part, part)} {number}"
