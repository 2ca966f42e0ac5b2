"""What a password must not be made of."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Words that anybody would try first here: the office, its place, its names in Chinese, pinyin and English. Lower case.
BANNED_WORDS = (
    "ccpit",
    "tjccpit",
    "maocu",
    "jinmaocu",
    "tianjin",
    "liaison",
    "wailian",
    "guojilianluo",
    "lianluobu",
    "password",
    "mima",
    "admin",
    "qwerty",
    "贸促",
    "津贸促",
    "天津",
    "外联",
    "联络部",
    "国际联络",
    "邀请函",
    "密码",
)
YEAR = re.compile(r"(19|20)\d\d")


class BannedWordsValidator:
    """Refuse a password that contains a word of BANNED_WORDS, or a year and no letter at all (ASVS 6.1.2, 6.2.11)."""

    def validate(self, password: str, user: object = None) -> None:
        plain = unicodedata.normalize("NFKC", password).casefold()
        found = next((word for word in BANNED_WORDS if word in plain), None)
        if found:
            raise ValidationError(_("密码中含有容易猜到的词“%(word)s”，请去掉它。"), code="password_banned_word", params={"word": found})
        if YEAR.search(plain) and not any(sign.isalpha() for sign in plain):
            raise ValidationError(_("密码不能只由年份、数字和符号组成，请加入别的词。"), code="password_only_year")

    def get_help_text(self) -> str:
        return _("不能含有单位、地名、部门名称等容易猜到的词。")
