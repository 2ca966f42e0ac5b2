"""Naming a single sign of a text for a person: what it looks like, which script it is of, and its number."""

import re
import unicodedata

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Unified ideographs; the twelve single ones stand among the compatibility ideographs.
HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\ufa0e\ufa0f\ufa11\ufa13\ufa14\ufa1f\ufa21\ufa23\ufa24\ufa27-\ufa29\U00020000-\U00033479]")
# Signs that show nothing, or turn the text round them: by name, as they cannot be shown.
UNSEEN: dict[str, str | Promise] = {
    "\x00": gettext_lazy("空字符"),
    "\t": gettext_lazy("制表符"),
    "\n": gettext_lazy("换行"),
    "\r": gettext_lazy("换行"),
    "\u00ad": gettext_lazy("软连字符"),
    "\u200b": gettext_lazy("零宽空格"),
    "\u200c": gettext_lazy("零宽不连字"),
    "\u200d": gettext_lazy("零宽连字"),
    "\u2060": gettext_lazy("零宽连接符"),
    "\ufeff": gettext_lazy("字节顺序标记"),
}
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# The first word of a sign's name in Unicode tells its script.
SCRIPTS: dict[str, str | Promise] = {
    "CYRILLIC": gettext_lazy("西里尔字母"),
    "GREEK": gettext_lazy("希腊字母"),
    "ARMENIAN": gettext_lazy("亚美尼亚字母"),
    "CHEROKEE": gettext_lazy("切罗基字母"),
    "ARABIC": gettext_lazy("阿拉伯字母"),
    "HEBREW": gettext_lazy("希伯来字母"),
    "HIRAGANA": gettext_lazy("平假名"),
    "KATAKANA": gettext_lazy("片假名"),
    "HANGUL": gettext_lazy("谚文"),
    "THAI": gettext_lazy("泰文字母"),
    "CJK": gettext_lazy("汉字"),
    "KANGXI": gettext_lazy("部首"),
    "DIGIT": gettext_lazy("数字"),
    "LATIN": gettext_lazy("拉丁字母"),
    "MATHEMATICAL": gettext_lazy("数学字母"),
    "COMBINING": gettext_lazy("组合附加符号"),
}
# By category, where the script says nothing.
CATEGORIES: dict[str, str | Promise] = {
    "Co": gettext_lazy("私用区字符"),
    "Cs": gettext_lazy("不完整的字符"),
    "Cn": gettext_lazy("未定义的字符"),
    "Cc": gettext_lazy("控制字符"),
    "Cf": gettext_lazy("不可见的格式字符"),
}


def describe(sign: str) -> str:
    """A sign for a sentence: “а”（西里尔字母，U+0430）, 从右到左等方向控制符（U+202E）."""
    number = f"U+{ord(sign):04X}"
    category = unicodedata.category(sign)
    if sign in TURNING:
        return _("文字方向控制符（%(number)s）") % {"number": number}
    name = UNSEEN.get(sign) or CATEGORIES.get(category)
    if name:
        return _("%(name)s（%(number)s）") % {"name": name, "number": number}
    shown = f"◌{sign}" if category.startswith("M") else sign
    script = SCRIPTS.get(unicodedata.name(sign, "").partition(" ")[0])
    if script:
        return _("“%(sign)s”（%(script)s，%(number)s）") % {"sign": shown, "script": script, "number": number}
    return _("“%(sign)s”（%(number)s）") % {"sign": shown, "number": number}
