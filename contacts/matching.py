"""Names in the forms in which they are compared, across scripts: equal forms mean that two records may be one and the same.

A form is a text with a class before it: "h:" a name in Chinese characters, "p:" how one is spelt in pinyin, "l:" a name in Latin letters, "n:" one in
another script. Forms of the same class are compared, and "p:" with "l:": that is how 王晓明, WANG Xiaoming and Xiaoming Wang meet. Two Chinese names that
only sound alike (王敏, 王民) do not. The index holds numbers made of the forms (`number_of`); what meets there is compared again, form by form.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b

from core import chinese


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


HAN = re.compile(f"^{chinese.HAN_RUN.pattern}$")
SIGNS = re.compile(r"[\W_]+")
# How Latin letters with signs are also written without them; `normalise` only takes the signs away.
WRITTEN_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe", "ß": "ss", "ñ": "n", "ł": "l", "đ": "d", "þ": "th"}
PLAIN = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "þ": "th", "ı": "i"})
U_UMLAUT = re.compile(r"(?<=[ln])(?:v|yu)")  # 吕 is spelt lv, lyu and lu
TWO_CHARACTERS = _words_of(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 "
    "司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 "
    "左丘 西门 第五 南荣 东里 东宫 仲长 即墨 达奚 褚师"
)
CHINESE_FORMS = re.compile("股份有限公司|有限责任公司|有限公司|股份公司|集团公司|株式会社|公司|集团")
LATIN_FORMS = _words_of(
    "ltd limited co company inc incorporated corp corporation gmbh ag kg ohg ug sa sas sarl srl spa bv nv plc llc llp lp oy oyj ab asa aps kk pty pte sdn bhd "
    "holding holdings group"
)
LATIN_FILLING = _words_of("the of and for de la le les des du der die das und et y e a an in")


def number_of(kind: str, form: str) -> int:
    """The number under which a form of a name of this kind of record stands in the index (64 bits, signed).

    A reading and the same spelling in Latin letters differ in the last bit only: they stand side by side.
    """
    said = f"l{form[1:]}" if form[0] == "p" else form
    number = int.from_bytes(blake2b(f"{kind} {said}".encode(), digest_size=8).digest(), "big", signed=True)
    return number | 1 if form[0] == "p" else number & ~1


def forms_of_person(name: str, surname: str, given_names: str, name_native: str) -> set[str]:
    """The forms of a person's names: the Chinese one, the passport spelling in two parts, the name in the script of the country."""
    found = _forms_of_whole(name) | _forms_of_whole(name_native)
    for family, given in zip(_spellings(surname), _spellings(given_names), strict=False):
        parts = sorted(part for part in ("".join(family), "".join(given)) if part)
        found |= {f"l:{'|'.join(parts)}"} if len(parts) == 2 else _forms_of_latin([*family, *given])
    return found


def _forms_of_whole(name: str) -> set[str]:
    """The forms of a name of which nobody said which part is the surname."""
    plain = SIGNS.sub("", chinese.normalise(name))
    if not plain:
        return set()
    if HAN.match(plain):
        return {f"h:{plain}", *_readings(plain)}
    if not plain.translate(PLAIN).isascii():
        words = sorted(SIGNS.sub(" ", chinese.normalise(name)).split())
        return {f"n:{'|'.join(words)}"}
    return {form for words in _spellings(name) for form in _forms_of_latin(words)}


def _forms_of_latin(words: Sequence[str]) -> set[str]:
    """The surname may be the first word or the last one."""
    if len(words) < 2:
        return {f"l:{word}" for word in words}
    pairs = [(words[0], "".join(words[1:])), ("".join(words[:-1]), words[-1])]
    return {f"l:{'|'.join(sorted(pair))}" for pair in pairs}


def _spellings(name: str) -> list[list[str]]:
    """A name in Latin letters as words, as it is and with letters such as ü written out; twice the same where there are none."""
    lower = name.casefold()
    written_out = "".join(WRITTEN_OUT.get(sign, sign) for sign in lower)
    return [_words(text) for text in (lower, written_out)]


def _words(text: str) -> list[str]:
    plain = chinese.normalise(text).translate(PLAIN).replace("'", "").replace("’", "")
    return [U_UMLAUT.sub("u", word) for word in SIGNS.sub(" ", plain).split()]


@lru_cache(maxsize=100_000)
def _syllables(sign: str) -> str:
    return U_UMLAUT.sub("u", "".join(chinese.sounds(sign)))


def _readings(name: str) -> set[str]:
    """How a Chinese name is spelt in two parts, with the surname read as one and as the characters are read elsewhere."""
    length = 2 if len(name) > 2 and name[:2] in TWO_CHARACTERS else 1
    given = "".join(map(_syllables, name[length:]))
    surnames = {"".join(map(_syllables, name[:length])), chinese.SURNAMES.get(name[:length], "").replace(" ", "")} - {""}
    return {f"p:{'|'.join(sorted(part for part in (surname, given) if part))}" for surname in surnames}


def forms_of_body(names: Iterable[str]) -> set[str]:
    """The forms of the names of an organisation: without its legal form, words of Latin names in any order, Chinese names as written and as spelt."""
    found: set[str] = set()
    for name in names:
        plain = chinese.normalise(name)
        if any(HAN.match(sign) for sign in plain):
            joined = SIGNS.sub("", plain)
            key = SIGNS.sub("", CHINESE_FORMS.sub("", plain)) or joined
            found |= {f"h:{key}", f"p:{''.join(map(_syllables, key))}"} if len(key) > 1 else set()
        elif plain:
            found |= _forms_of_latin_body(name)
    return found


def _forms_of_latin_body(name: str) -> set[str]:
    found = set()
    for words in _spellings(name.replace(".", "")):
        told = [word for word in words if word not in LATIN_FORMS | LATIN_FILLING] or words
        if len("".join(told)) > 1:
            found |= {f"l:{'|'.join(sorted(told))}", f"l:{''.join(told)}"}
    return found


def meet(one: Iterable[str], other: Iterable[str]) -> str:
    """Whether two sets of forms have a name in common: "name" for the same characters, "spelling" for the same reading, "" for neither.

    Where both have a Chinese name and these differ, sounding alike says nothing (王敏, 王民, both Wang Min); a Latin name that is no pinyin of theirs does.
    """
    mine, theirs = set(one), set(other)
    if any(form[0] in "hn" for form in mine & theirs):
        return "name"
    alike = _texts(mine, "lp") & _texts(theirs, "lp")
    if _texts(mine, "h") and _texts(theirs, "h"):
        alike -= _texts(mine | theirs, "p")
    return "spelling" if alike else ""


def _texts(forms: set[str], classes: str) -> set[str]:
    return {form[2:] for form in forms if form[0] in classes}


def looked_up(kind: str, forms: Iterable[str]) -> set[int]:
    """The numbers under which records that may meet these forms stand: a spelling also among the readings, and the other way about."""
    return {found for form in forms for number in [number_of(kind, form)] for found in ([number, number ^ 1] if form[0] in "lp" else [number])}
