"""Arrays inside arrays, as Swagger 2.0 writes them: each level has its separator, which nothing escapes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runtimes.openapi.members import list_at
from runtimes.openapi.styles import Encode, InvalidArgument, Style, scalar_text
from runtimes.openapi.swagger import SEPARATORS, WITHIN
from runtimes.values import Json, JsonObject

_COMMA = ","


def inner_separators(raw: JsonObject) -> tuple[str, ...]:
    """What separates the items of the arrays inside a translated parameter, the outermost of them first."""
    return tuple(SEPARATORS[name] for name in list_at(raw, WITHIN) if isinstance(name, str) and name in SEPARATORS)


def _text(value: Json, separators: Sequence[str]) -> str:
    if not separators or not isinstance(value, list):
        return scalar_text(value)
    separator, *rest = separators
    texts = [_text(item, rest) for item in value if item is not None]
    if any(separator in text for text in texts):
        raise InvalidArgument(f"an item cannot have {separator!r} in it: it stands between the items")
    return separator.join(texts)


def flattened(value: Json, separators: Sequence[str], style: Style, *, explode: bool) -> Json:
    """The value with each array inside it as text.

    Raises: `InvalidArgument` where it could not be taken apart again.
    """
    if not separators or not isinstance(value, list):
        return value
    texts: list[Json] = [_text(item, separators) if isinstance(item, list) else item for item in value]
    is_comma_between = style in {"simple", "form"} and not explode
    if is_comma_between and _COMMA in separators and any(_COMMA in text for text in texts if isinstance(text, str)):
        raise InvalidArgument("commas stand between its items and inside them too, so that nobody could tell which")
    return texts


def keeping_separators(encode: Encode, separators: Sequence[str]) -> Encode:
    """The same encoding but for the commas between the items of arrays inside: like those outside they stay."""
    if _COMMA not in separators:
        return encode
    return lambda text: _COMMA.join(map(encode, text.split(_COMMA)))
