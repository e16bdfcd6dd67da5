"""Prebuilt functions of the card language that change the case of text, as a language has it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from orchestrator.response.cards.arguments import at, named, text
from orchestrator.response.cards.casing import is_locale, lower, upper
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.utf16 import WHITE_SPACE, mended, units
from orchestrator.response.cards.values import Value

_WORD = re.compile(f"[0-9A-Za-z_][^{WHITE_SPACE}]*+")


def _sentence(given: str, locale: str) -> str:
    lowered = units(lower(given, locale))
    return mended(lowered[:1].upper() + lower(lowered[1:], locale))


def _title(given: str, locale: str) -> str:
    """Every word, which here starts with a letter of English, wherever that stands."""
    return _WORD.sub(lambda word: word[0][:1].upper() + lower(word[0][1:], locale), lower(given, locale))


def _cased(name: str, change: Callable[[str, str], str]) -> Function:
    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        given, language = map(text, (arguments[0], at(arguments, 1)))
        locale = language if isinstance(at(arguments, 1), str) else setting.locale
        setting.budget.make(2 * len(given))
        if not given.isascii():
            setting.budget.spend(len(given))
        if not is_locale(locale):
            raise NoValue(f"{named(locale)} is no language tag, such as 'en-US'")
        return change(given, locale)

    return Function(name=name, gives=Kind.STRING, takes=(Kind.STRING,), may_take=(Kind.STRING,), call=call)


FUNCTIONS: tuple[Function, ...] = (
    _cased("toLower", lower),
    _cased("toUpper", upper),
    _cased("sentenceCase", _sentence),
    _cased("titleCase", _title),
)
