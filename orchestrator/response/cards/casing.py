"""Upper and lower case as languages have it: Turkic dotless i, Greek capitals, Lithuanian dots. Pure."""

from __future__ import annotations

import re
import unicodedata

_LOCALE = re.compile(
    r"(?:[a-z]{2,3}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*)(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)
_SINGLETON = re.compile(r"(?<=-)[a-z0-9](?=-)", re.IGNORECASE | re.ASCII)
_TURKIC = frozenset({"tr", "az"})
_DOT = "\u0307"
_DOTLESS = "\u0131"
_IOTA = "\u0399"
_SPLIT_BY_ACCENT = (_IOTA, "\u03a5")
_ABOVE = 230
"""The combining class of a mark above its letter."""

_ACCENTS = frozenset("\u0300\u0301\u0342\u0343\u0344")
_IOTA_BELOW = "\u0345"
_OTHER_MARKS = frozenset("\u0304\u0306\u0313\u0314")
_DIAERESIS = "\u0308"


def is_locale(tag: str) -> bool:
    """True for a well-formed language tag, whether or not anybody speaks it."""
    match = _LOCALE.fullmatch(tag)
    if match is None:
        return False
    variants = match["variants"].lower().split("-")[1:]
    singletons = _SINGLETON.findall(match["extensions"].lower())
    return len(set(variants)) == len(variants) and len(set(singletons)) == len(singletons)


def _language(locale: str) -> str:
    return locale.partition("-")[0].lower()


def _is_above(mark: str) -> bool:
    return unicodedata.combining(mark) == _ABOVE


def _lithuanian_lower(text: str) -> str:
    """The dot of i, į and j stays where an accent comes on top of it."""
    pieces: list[str] = []
    decomposed = "".join(unicodedata.normalize("NFD", char) if char in "ÌÍĨ" else char for char in text)
    for index, char in enumerate(decomposed):
        pieces.append(char.lower())
        if char in "IJĮ" and _is_above(decomposed[index + 1 : index + 2] or "x"):
            pieces.append(_DOT)
    return "".join(pieces)


def lower(text: str, locale: str) -> str:
    """In lower case, as the language of the locale writes it."""
    language = _language(locale)
    if text.isascii() and language not in _TURKIC:
        return text.lower()
    if language in _TURKIC:
        text = text.replace("I" + _DOT, "i").replace("İ", "i").replace("I", _DOTLESS)
    return _lithuanian_lower(text) if language == "lt" else text.lower()


def _greek_letter(base: str, marks: list[str], *, after_accent: bool) -> str:
    capital = base.upper()
    splits = _DIAERESIS in marks or (after_accent and capital in _SPLIT_BY_ACCENT)
    kept = [mark for mark in marks if mark not in _ACCENTS | _OTHER_MARKS and mark not in (_DIAERESIS, _IOTA_BELOW)]
    whole = unicodedata.normalize("NFC", capital + _DIAERESIS * splits) + "".join(kept)
    return whole + _IOTA * marks.count(_IOTA_BELOW)


def _greek_upper(text: str) -> str:
    """Accents go; a diaeresis says what an accent had said before; the word for "or" keeps its accent."""
    pieces: list[str] = []
    after_accent = False
    for index, char in enumerate(text):
        base, *marks = list(unicodedata.normalize("NFD", char))
        accented = not _ACCENTS.isdisjoint(marks)
        if not "\u0370" <= base <= "\u03ff":
            pieces.append(char.upper())
        elif base in "ηΗ" and accented and _stands_alone(text, index):
            pieces.append("Ή")
        else:
            pieces.append(_greek_letter(base, marks, after_accent=after_accent))
        after_accent = accented
    return "".join(pieces)


def _stands_alone(text: str, index: int) -> bool:
    return not (text[max(index - 1, 0) : index].isalpha() or text[index + 1 : index + 2].isalpha())


def upper(text: str, locale: str) -> str:
    """In upper case, as the language of the locale writes it."""
    language = _language(locale)
    if language in _TURKIC:
        text = text.replace("i", "İ")
    if language == "lt":
        text = re.sub(f"(?<=[ijį]){_DOT}", "", text)
    return _greek_upper(text) if language == "el" else text.upper()
