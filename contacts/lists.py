"""The lists of the book: organisations, people; with the filters that stand in their addresses."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lists.kinds import Column, ListKind, register

from . import (
    book_queries,
    memorandum_lists,  # noqa: F401 - memoranda
)
from .book_filters import OrganisationFilterForm, PersonFilterForm
from .interaction_lists import INTERACTIONS, QUIET
from .models import ContactPoint, Organisation, Person
from .models.parts import sees_the_book

EXPORT, CHANGE = "lists.export_list", "contacts.change_contact"

# -- the book


def organisations(user: User, query: QueryDict) -> QuerySet[Organisation]:
    """The organisations that the filter in this query leaves, in its order."""
    form = OrganisationFilterForm(query, user=user)
    return form.rows().order_by(*form.key.ordering)


def people(user: User, query: QueryDict) -> QuerySet[Person]:
    """The people that the filter in this query leaves, in its order."""
    form = PersonFilterForm(query, user=user)
    return form.rows().order_by(*form.key.ordering)


def _joined(*kinds: str) -> Callable[[Any], str]:
    """The ways to reach somebody of these kinds that are in use, the preferred first."""
    return lambda row: "；".join(point.value for point in row.reached if point.kind in kinds)


PHONES = (ContactPoint.Kind.PHONE, ContactPoint.Kind.MOBILE)

ORGANISATIONS = register(
    ListKind(
        name="organisations",
        label=_("机构"),
        view="contacts:organisation-list",
        rows=organisations,
        bring=lambda rows: rows.select_related("country", "kind"),
        columns=[
            Column("name", _("机构"), lambda row: row.name, sort="name", is_fixed=True),
            Column("country", _("国家（地区）"), lambda row: str(row.country)),
            Column("kind", _("机构类型"), lambda row: str(row.kind)),
            Column("people", _("在任人数"), lambda row: row.staff, bring=book_queries.with_staff),
            Column("relation", _("关系等级"), lambda row: str(row.relation or ""), bring=lambda rows: rows.select_related("relation")),
            Column("owner", _("联系人（本部门）"), lambda row: row.owner.name if row.owner else "", bring=lambda rows: rows.select_related("owner")),
            Column("name_en", _("英文名称"), lambda row: row.name_en, False),
            Column("name_native", _("本国文字名称"), lambda row: row.name_native, False),
            Column("short_name", _("简称"), lambda row: row.short_name, False),
            Column("former_names", _("曾用名"), lambda row: "；".join(row.former_names.splitlines()), False),
            Column("parent", _("上级机构"), lambda row: row.parent.name if row.parent else "", False, bring=lambda rows: rows.select_related("parent")),
            Column("district", _("领区"), lambda row: row.district, False),
            Column("china_status", _("在华身份"), lambda row: str(row.get_china_status_display()), False),
            Column("deputy", _("替补联系人"), lambda row: row.deputy.name if row.deputy else "", False, bring=lambda rows: rows.select_related("deputy")),
            Column("tags", _("标签"), lambda row: "、".join(tag.name for tag in row.tags.all()), False, bring=lambda rows: rows.prefetch_related("tags")),
            Column("address", _("地址"), lambda row: "；".join(place.text for place in row.located), False, bring=book_queries.with_addresses),
            Column("phones", _("电话"), _joined(*PHONES), False, bring=book_queries.with_points, is_personal=True),
            Column("emails", _("邮箱"), _joined(ContactPoint.Kind.EMAIL), False, bring=book_queries.with_points, is_personal=True),
            Column("website", _("网址"), lambda row: row.website, False),
            Column("made", _("登记时间"), lambda row: row.made_at, False, sort="-made"),
        ],
        may=sees_the_book,
        may_export=lambda user: sees_the_book(user, EXPORT),
        shows_personal=lambda user: sees_the_book(user, CHANGE),
        parameters=frozenset({*OrganisationFilterForm.base_fields, "sort"}),
    )
)

PEOPLE = register(
    ListKind(
        name="contacts",
        label=_("联系人"),
        view="contacts:person-list",
        rows=people,
        bring=lambda rows: rows,
        columns=[
            Column("name", _("姓名"), str, sort="name", is_fixed=True),
            Column("latin", _("护照拼写"), lambda row: row.latin_name),
            Column("honorific", _("称谓"), lambda row: row.honorific),
            Column("positions", _("机构和职务"), lambda row: "；".join(map(str, row.held)), bring=book_queries.with_positions),
            Column("phones", _("电话"), _joined(*PHONES), bring=book_queries.with_points, is_personal=True),
            Column("emails", _("邮箱"), _joined(ContactPoint.Kind.EMAIL), bring=book_queries.with_points, is_personal=True),
            Column("native", _("本国文字姓名"), lambda row: row.name_native, False),
            Column(
                "nationality",
                _("国籍"),
                lambda row: str(row.nationality or ""),
                False,
                bring=lambda rows: rows.select_related("nationality"),
            ),
            Column("sex", _("性别"), lambda row: str(row.get_sex_display()), False),
            Column("languages", _("语言"), lambda row: row.languages, False),
            Column("taboos", _("禁忌和习惯"), lambda row: row.taboos, False, is_personal=True),
            Column("made", _("登记时间"), lambda row: row.made_at, False, sort="-made"),
        ],
        may=sees_the_book,
        may_export=lambda user: sees_the_book(user, EXPORT),
        shows_personal=lambda user: sees_the_book(user, CHANGE),
        parameters=frozenset({*PersonFilterForm.base_fields, "sort"}),
    )
)

__all__ = ["INTERACTIONS", "ORGANISATIONS", "PEOPLE", "QUIET"]  # registered here and in the modules of their nouns
