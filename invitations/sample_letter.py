"""A made-up application, in which a template is looked at before it is used."""

from datetime import date, timedelta
from typing import Any

from .issuing import ISSUER, ISSUER_EN
from .models import LetterKind, LetterTemplate
from .wording import day_in_chinese, day_in_english, fill

UNIT = ["天津示例展览服务有限公司", "Tianjin Sample Exhibition Services Co., Ltd.", "天津市示例区示例路 1 号", "1 Sample Road, Sample District, Tianjin"]
POST = ["中华人民共和国驻示例国大使馆", "Embassy of the People’s Republic of China in Sampleland"]
PURPOSE = ["参加装备展布展并进行商务洽谈", "Exhibition set-up and business meetings"]
PLACES = ["天津市、北京市", "Tianjin and Beijing"]
PEOPLE = (
    ("BERG LARS", "", "M", date(1978, 4, 2), "P****4417", ["总经理", "General Manager"]),
    ("HOLM MIA", "", "F", date(1985, 11, 30), "P****0925", ["市场总监", "Marketing Director"]),
    ("WANG YAN", "王䶮", "M", date(1990, 7, 15), "P****3310", ["工程师", "Engineer"]),
)


def sample_values(entry_on: date) -> dict[str, str]:
    """What stands in the place of each placeholder."""
    exit_on = entry_on + timedelta(days=6)
    return {
        "number": "",
        "post": POST[0],
        "post_en": POST[1],
        "unit": UNIT[0],
        "unit_en": UNIT[1],
        "count": str(len(PEOPLE)),
        "purpose": PURPOSE[0],
        "purpose_en": PURPOSE[1],
        "entry": day_in_chinese(entry_on),
        "entry_en": day_in_english(entry_on),
        "exit": day_in_chinese(exit_on),
        "exit_en": day_in_english(exit_on),
        "places": PLACES[0],
        "places_en": PLACES[1],
    }


def sample_content(template: LetterTemplate, on: date) -> dict[str, Any]:
    """The letter that a template makes of the made-up application, as invitations.issuing.content_of would give it for a specimen."""
    kind, entry_on = template.kind, on + timedelta(days=30)
    values = sample_values(entry_on)
    return {
        "number": "",
        "kind": kind.name,
        "title": template.title,
        "title_en": template.title_en,
        "body": fill(template.body, values),
        "body_en": fill(template.body_en, values),
        "template": template.version,
        "people": [_person(place, *person) for place, person in enumerate(PEOPLE, 1)],
        "rows": max(len(PEOPLE), kind.most) if kind.overflow == LetterKind.Overflow.SEVERAL else len(PEOPLE),
        "most": kind.most,
        "unit": UNIT,
        "purpose": PURPOSE,
        "relation": ["业务合作单位", "Business partners"],
        "entry_on": entry_on,
        "exit_on": entry_on + timedelta(days=6),
        "entries": ["一次", "Single entry"],
        "places": PLACES,
        "payer": ["被邀请人所在单位", "The invitees’ employer"],
        "contact": ["示例", "022-00000000", "天津市示例区示例路 1 号"],
        "issuer": [ISSUER, ISSUER_EN],
        "issued_on": on,
        "valid_until": on + timedelta(days=kind.valid_days),
    }


def _person(place: int, name: str, chinese_name: str, sex: str, birth_on: date, passport: str, job: list[str]) -> dict[str, Any]:
    facts = {"place": place, "name": name, "chinese_name": chinese_name, "sex": sex, "birth_on": birth_on, "passport": passport, "job": job}
    return facts | {"nationality": ["示例国", "Sampleland"], "employer": ["示例公司", "Sample Company"]}
