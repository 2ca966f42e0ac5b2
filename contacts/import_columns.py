"""The columns of a table of contacts: what may stand as their headings, and how a cell of each is read."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text_fields import plain

from .countries import find
from .models import ContactPoint, Country, Person
from .text_values import folded_value

NOTE = re.compile(r"\([^)]*\)|（[^）]*）|【[^】]*】|\*")
SPLIT = re.compile(r"[;；、/\n]+")
NUMBER = re.compile(r"[0-9+()（）\-\s转#x.,ext]{5,40}", re.IGNORECASE)
SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
SUSPECT = re.compile("[\u2e80-\u2eff\u3200-\u33ff\ufe0f\U0001f000-\U0001faff]")
SEXES = {"M": "男 男性 先生 m male man mr", "F": "女 女性 女士 f female woman ms mrs"}
SEX_OF = {word: sex for sex, words in SEXES.items() for word in words.split()}
check_mail, check_url = EmailValidator(), URLValidator(schemes=["http", "https"])


class CellError(Exception):
    """A cell that cannot be read; its text says why."""


@dataclass(frozen=True)
class Read:
    """What a row says: values by the name of the column, and a sentence for each cell that cannot be read."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def _words(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest:
            raise CellError(_("有 %(count)d 个字，最多 %(most)d 个。") % {"count": len(text), "most": longest})
        if not text.isprintable() or SUSPECT.search(text):
            try:
                plain(text, is_long=longest > 500)
            except ValidationError as error:
                raise CellError(" ".join(error.messages)) from error
        return text

    return read


def _sex(text: str) -> str:
    sex = SEX_OF.get(unicodedata.normalize("NFKC", text).casefold().strip(" ."))
    if sex is None:
        raise CellError(_("“%(text)s”不是性别。请填 男、女，或 M、F。") % {"text": text[:30]})
    return sex


@lru_cache(maxsize=2000)
def _country_code(text: str) -> str:
    found = find(text)
    return found.alpha3 if found else ""


def _country(text: str) -> int:
    key = _keys_of_countries().get(_country_code(text))
    if key is None:
        raise CellError(_("没有“%(text)s”这个国家（地区）。请填中文或英文名称，或者三字母代码。") % {"text": text[:50]})
    return key


_countries: dict[str, int] = {}


def _keys_of_countries() -> dict[str, int]:
    return _countries


def know_countries() -> None:
    """Read the list of countries: before cells are read."""
    _countries.clear()
    _countries.update(Country.objects.filter(archived_at=None).values_list("code", "pk"))


def _mails(text: str) -> list[str]:
    found = [part.strip() for part in re.split(r"[;；、,，\s]+", unicodedata.normalize("NFKC", text)) if part.strip()]
    for part in found:
        try:
            check_mail(part)
        except ValidationError as error:
            raise CellError(_("“%(text)s”不是邮箱地址。") % {"text": part[:80]}) from error
    return found


def _numbers(text: str) -> list[str]:
    found = [part.strip() for part in SPLIT.split(text) if part.strip()]
    for part in found:
        if SCIENTIFIC.fullmatch(part):
            raise CellError(_("Excel 把号码变成了“%(text)s”，后几位已经丢失。请把这一列设为“文本”格式，重新填写。") % {"text": part})
        if not NUMBER.fullmatch(unicodedata.normalize("NFKC", part)) or len(folded_value(ContactPoint.Kind.PHONE, part)) < 5:
            raise CellError(_("“%(text)s”不是电话号码。几个号码之间用分号隔开，分机写“转”。") % {"text": part[:50]})
    return found


def _handles(text: str) -> list[str]:
    return [_words(200)(part.strip()) for part in SPLIT.split(text) if part.strip()]


def _website(text: str) -> str:
    url = text if "://" in text else f"http://{text}"
    try:
        check_url(url)
    except ValidationError as error:
        raise CellError(_("“%(text)s”不是网址。") % {"text": text[:80]}) from error
    return _words(300)(url)


@dataclass(frozen=True)
class Column:
    """One column: its name, what it is called, what else may stand as its heading, how a cell is read; what it is of (person, post, body, points)."""

    name: str
    label: str | Promise
    headings: str
    read: Callable[[str], Any]
    part: str = "person"
    example: str = ""


COLUMNS = [
    Column("name", gettext_lazy("中文姓名"), "姓名|中文名|名字|联系人|chinese name|name in chinese|name|full name", _words(100), example="区明"),
    Column("surname", gettext_lazy("护照拼写：姓"), "姓|外文姓|英文姓|护照上的姓|surname|last name|family name", _words(100), example="BERG"),
    Column("given_names", gettext_lazy("护照拼写：名"), "名|外文名|英文名|护照上的名|given name|given names|first name|forename", _words(150), example="Anna"),
    Column("name_native", gettext_lazy("本国文字姓名"), "本国文字|母语姓名|原文姓名|native name|name in native script", _words(200)),
    Column("honorific", gettext_lazy("称谓"), "尊称|敬称|honorific|salutation|prefix", _words(50), example="女士"),
    Column("sex", gettext_lazy("性别"), "sex|gender", _sex, example="女"),
    Column("nationality", gettext_lazy("国籍"), "nationality|citizenship", _country, example="挪威"),
    Column("languages", gettext_lazy("语言"), "语种|language|languages", _words(200), example="挪威语、英语"),
    Column("taboos", gettext_lazy("禁忌和习惯"), "禁忌|习惯|饮食禁忌|taboos|dietary|habits", _words(2000)),
    Column("note", gettext_lazy("备注"), "说明|note|notes|remark|remarks|comment", _words(5000)),
    Column(
        "organisation", gettext_lazy("机构"), "机构名称|单位名称|单位|工作单位|公司|organisation|organization|company|employer", _words(200), "body", "北湾商会"
    ),
    Column(
        "organisation_en",
        gettext_lazy("机构英文名称"),
        "单位英文名称|organisation in english|company in english",
        _words(300),
        "body",
        "North Bay Chamber",
    ),
    Column("organisation_country", gettext_lazy("机构所在国家（地区）"), "国家|国家地区|所在国家|国别|country", _country, "body", "挪威"),
    Column("website", gettext_lazy("机构网址"), "网址|网站|website|url|homepage", _website, "body"),
    Column("address", gettext_lazy("机构地址"), "地址|通讯地址|办公地址|address|office address", _words(300), "body"),
    Column("department", gettext_lazy("部门"), "处室|科室|department|unit|division", _words(150), "post"),
    Column("title", gettext_lazy("职务"), "职位|头衔|title|job title|position|post", _words(150), "post", "秘书长"),
    Column("title_en", gettext_lazy("英文职务"), "职务英文|title in english|position in english", _words(200), "post", "Secretary General"),
    Column("mobile", gettext_lazy("手机"), "手机号|手机号码|移动电话|mobile|cell|cell phone|mobile phone", _numbers, "points", "13800000001"),
    Column("phone", gettext_lazy("电话"), "办公电话|座机|联系电话|固定电话|phone|telephone|tel|office phone", _numbers, "points", "022-22000000 转 802"),
    Column("email", gettext_lazy("邮箱"), "电子邮箱|电子邮件|邮件|邮箱地址|email|e mail|mail|email address", _mails, "points", "anna@north.example"),
    Column("fax", gettext_lazy("传真"), "传真号码|fax", _numbers, "points"),
    Column("messenger", gettext_lazy("即时通信"), "微信|微信号|wechat|whatsapp|im|messenger", _handles, "points"),
]
BY_NAME = {column.name: column for column in COLUMNS}
NAMES = ("name", "surname", "given_names", "name_native")
POINTS = {column.name for column in COLUMNS if column.part == "points"}


def _key(heading: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", NOTE.sub("", heading)).casefold())


HEADINGS = {_key(heading): column.name for column in COLUMNS for heading in (str(column.label), *column.headings.split("|"))}


def guess(headings: Sequence[str], remembered: Mapping[str, str] | None = None) -> dict[str, str]:
    """What each column is, by its place: as it was last time under this heading, else as its heading says; each only once."""
    found: dict[str, str] = {}
    known = HEADINGS | {_key(heading): name for heading, name in (remembered or {}).items() if not name or name in BY_NAME}
    for place, heading in enumerate(headings):
        name = known.get(_key(heading), "")
        if name and name not in found.values():
            found[str(place)] = name
    return found


def cells_of(cells: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """The texts of a row by the names of its columns; empty ones are left out."""
    return {name: cells[int(place)] for place, name in mapping.items() if int(place) < len(cells) and cells[int(place)]}


def read_row(cells: Mapping[str, str]) -> Read:
    """What the texts of a row say, and what is wrong with them."""
    found = Read()
    for name, text in cells.items():
        try:
            found.values[name] = BY_NAME[name].read(text)
        except CellError as error:
            found.problems[name] = str(error)
    given = {*found.values, *found.problems}
    is_person = bool(given & set(NAMES))
    if not is_person and not given & {"organisation", "organisation_en"}:
        found.problems["name"] = _("没有填写姓名，也没有填写机构。")
    if is_person and given & {"organisation", "organisation_en"} and "title" not in given:
        found.problems["title"] = _("有机构的联系人要填写职务。")
    if not is_person:
        for name in given & {"department", "title", "title_en"}:
            found.problems[name] = _("只有机构、没有姓名的行不填职务和部门。")
    return found


def person_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a person among the values of a row."""
    return {("nationality_id" if name == "nationality" else name): value for name, value in values.items() if BY_NAME[name].part == "person"}


def points_of(values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(kind, value, folded value) of each point that a row names, each once."""
    told = [(name, value, folded_value(name, value)) for name in POINTS & set(values) for value in values[name]]
    return sorted({(kind, folded): (kind, value, folded) for kind, value, folded in reversed(told)}.values())


def is_person(values: Iterable[str]) -> bool:
    return bool(set(values) & set(NAMES))


PERSON_FIELDS = [field.name for field in Person._meta.concrete_fields if field.name in BY_NAME]
