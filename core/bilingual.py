"""Names that are kept in Chinese and in English."""

from django.utils.translation import get_language


def spoken(name: str, name_en: str) -> str:
    """The name in the language of the page: the English one on English pages, if there is one. Prints and digests ask for Chinese whatever the page speaks."""
    return name_en if name_en and get_language() == "en" else name
