"""Numbers as people of a locale write them. Pure.

The locales, and what they look like, are those of the reference; any other is written as in the United States.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from orchestrator.response.cards.arithmetic import Number, rounded
from orchestrator.response.cards.values import number_text

MAX_PRECISION: Final = 20
"""Digits behind the point that are ever written."""

_MINUS = "\N{MINUS SIGN}"
_LARGEST_WRITTEN_OUT = 1e21
"""From here on a number is written with an exponent."""

_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    point: str = "."
    separator: str = ","
    groups: tuple[int, ...] = (3,)
    """How many digits stand together, from the right; after the last it begins again."""
    digits: str = _DIGITS


_AMERICAN = _Style()
_STYLES = (
    (_Style(point=",", separator="."), "ar-DZ ar-LY ar-MA ar-TN ca-ES de-DE es-BO es-ES it-IT mk-MK nl-NL pl-PL pt-BR"),
    (_Style(point=",", separator="\N{NO-BREAK SPACE}"), "cs-CZ fi-FI fr-CA fr-FR hu-HU ru-RU sv-SE uk-UA"),
    (_Style(point=",", separator="'"), "de-CH"),
    (_Style(groups=(3, *(2,) * 9)), "en-IN"),
    (
        _Style(
            point="\N{ARABIC DECIMAL SEPARATOR}",
            separator="\N{ARABIC THOUSANDS SEPARATOR}",
            digits="".join(chr(0x660 + digit) for digit in range(10)),
        ),
        "ar-001 ar-AE ar-BH ar-DJ ar-EG ar-ER ar-IL ar-IQ ar-JO ar-KM ar-KW ar-LB ar-MR ar-OM ar-PS ar-QA ar-SA ar-SD"
        " ar-SO ar-SS ar-SY ar-TD ar-YE",
    ),
)
_STYLE_OF: Final = {name: style for style, names in _STYLES for name in names.split()}


def _written_out(magnitude: float, precision: int) -> str:
    """The digits of a number that is not negative; a tie goes away from zero."""
    if not math.isfinite(magnitude) or magnitude >= _LARGEST_WRITTEN_OUT:
        return number_text(magnitude)
    exact = Decimal(magnitude).quantize(Decimal(1).scaleb(-precision), ROUND_HALF_UP, Context(prec=60))
    return f"{exact:f}"


def _grouped(digits: str, style: _Style) -> str:
    parts: list[str] = []
    end = len(digits)
    while end > 0:
        size = style.groups[len(parts) % len(style.groups)]
        parts.append(digits[max(0, end - size) : end])
        end -= size
    return style.separator.join(reversed(parts))


def format_number(value: Number, precision: Number, locale: str) -> str:
    """A number with so many digits behind the point, and with the separators of a locale such as `de-DE`.

    Halves are rounded up. More than `MAX_PRECISION` digits are not written.
    """
    style = _STYLE_OF.get(locale, _AMERICAN)
    number = rounded(value, precision)
    if math.isnan(number):
        return "NaN"
    text = _written_out(abs(number), int(min(precision, MAX_PRECISION)))
    whole = text[: next((at for at, character in enumerate(text) if character not in _DIGITS), len(text))]
    rest = text[len(whole) :]
    fraction = style.point + rest[1:] if rest.startswith(".") else rest
    is_negative = number < 0 and any(character in "123456789I" for character in text)
    plain = (_MINUS if is_negative else "") + _grouped(whole, style) + fraction
    return plain.translate(str.maketrans(_DIGITS, style.digits)) if style.digits != _DIGITS else plain
