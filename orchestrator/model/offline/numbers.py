"""Passes over a draft for numbers and identifiers: beside the parameter's name, after a comparison, or alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.model.offline.draft import Draft, Span
from orchestrator.model.offline.schema import Kind, Parameter
from orchestrator.model.offline.vocabulary import vocabulary
from orchestrator.model.offline.words import number_of, stems_of
from runtimes.values import Json

_DIGITS = re.compile(
    r"(?<![\w.-])-?(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,15})(?:\.[0-9]{1,9})?"
    r"(?!\w|-(?![A-Za-z]{3})|[.,][0-9])"  # `3-bedroom` begins with a number, `4-A` and `2026-03` do not
)
CODE = re.compile(r"(?<![\w-])(?=[\w-]*[0-9])[A-Za-z0-9][\w-]{0,63}(?![\w-])")
_BEFORE = re.compile(r"[\s-]*\Z")
_AFTER = re.compile(
    r"\s*(?:[:=#]|is|of|to|number|no\.?|nr\.?|at least|at most|about|around|\s)*\s*[$\u20ac\u00a3#]?\Z", re.I
)
_MONEY = r" ?[$\u20ac\u00a3]? ?\Z"
_AT_MOST = re.compile(
    rf"\b(?:under|below|less than|at most|up to|max(?:imum)?(?: of)?|cheaper than|no more than){_MONEY}", re.I
)
_AT_LEAST = re.compile(rf"\b(?:over|above|more than|at least|min(?:imum)?(?: of)?|no less than){_MONEY}", re.I)
_INCLUSIVE = re.compile(r"\b(?:at most|up to|at least|no more than|no less than) ?\Z", re.I)
_UPPER = vocabulary("max maximum upper most highest ceiling below under")
_LOWER = vocabulary("min minimum lower least lowest floor above over")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a sentence."""

    span: Span
    value: int | float
    is_digits: bool
    """False for a number in words."""


def _from_digits(text: str) -> int | float:
    plain = text.replace(",", "")
    if "." not in plain:
        return int(plain)
    value = float(plain)
    return int(value) if value.is_integer() else value


def _in_words(draft: Draft) -> Iterator[Number]:
    """`three`, and `twenty-five` as one number."""
    words = draft.words
    place = 0
    while place < len(words):
        value = None if words[place].text.isdigit() else number_of(words[place].lower)
        span = (words[place].start, words[place].end)
        place += 1
        if value is None:
            continue
        unit = number_of(words[place].lower) if place < len(words) and not words[place].text.isdigit() else None
        if value >= 20 and value % 10 == 0 and unit is not None and 0 < unit < 10:
            value, span = value + unit, (span[0], words[place].end)
            place += 1
        yield Number(span, value, is_digits=False)


def numbers_in(draft: Draft) -> tuple[Number, ...]:
    """The numbers of a sentence that no other value has used up, in order."""
    digits = [Number(m.span(), _from_digits(m[0]), is_digits=True) for m in _DIGITS.finditer(draft.text)]
    found = [number for number in (*digits, *_in_words(draft)) if draft.is_free(number.span)]
    return tuple(sorted(found, key=lambda number: number.span))


def as_wanted(parameter: Parameter, number: Number, text: str) -> Json:
    """The number in the type of the parameter: as written where that is a string."""
    if parameter.kind is Kind.STRING:
        return text[number.span[0] : number.span[1]] if number.is_digits else str(number.value)
    return number.value


def _put(draft: Draft, parameter: Parameter, number: Number) -> bool:
    return draft.put(parameter, as_wanted(parameter, number, draft.text), number.span)


def _takes_number(parameter: Parameter) -> bool:
    return parameter.is_numeric or parameter.is_amount or (parameter.kind is Kind.STRING and parameter.is_id)


def _is_bound(parameter: Parameter, bound: frozenset[str]) -> bool:
    return bool(bound.intersection(parameter.words)) or bool(parameter.described.intersection(stems_of(bound)))


def _counted(draft: Draft, number: Number) -> tuple[Parameter, ...]:
    """The parameters whose name follows a number: what it counts."""
    following = next((place for place, word in enumerate(draft.words) if word.start >= number.span[1]), None)
    return tuple(
        parameter
        for parameter in draft.open(_takes_number)
        if any(first == following for first, _ in draft.mentions(parameter))
    )


def _take_compared(draft: Draft) -> None:
    """`under 500` goes to a parameter that is an upper bound by its name or description, and to no other."""
    for number in numbers_in(draft):
        before = draft.text[: number.span[0]]
        bound = _UPPER if _AT_MOST.search(before) else _LOWER if _AT_LEAST.search(before) else None
        if bound is None:
            continue
        candidates = _counted(draft, number) or draft.open(_takes_number)
        fitting = [parameter for parameter in candidates if _is_bound(parameter, bound)]
        near = [parameter for parameter in fitting if any(True for _ in draft.mentions(parameter))]
        is_taken = bool(fitting) and _put(draft, (near or fitting)[0], number)
        if not is_taken and not _INCLUSIVE.search(before):
            draft.drop(number.span)


def _beside(draft: Draft, parameter: Parameter) -> Number | None:
    """The number beside a mention of the parameter, the one in front of it first."""
    numbers = numbers_in(draft)
    for first, last in draft.mentions(parameter):
        start, end = draft.words[first].start, draft.words[last].end
        for number in reversed(numbers):
            if number.span[1] <= start and _BEFORE.match(draft.text[number.span[1] : start]):
                return number
        for number in numbers:
            if number.span[0] >= end and _AFTER.match(draft.text[end : number.span[0]]):
                return number
    return None


def _first_mention(draft: Draft, parameter: Parameter) -> int:
    return min((first for first, _ in draft.mentions(parameter)), default=len(draft.words))


def _by_unit(draft: Draft, parameter: Parameter) -> Number | None:
    """The number whose next word stands in the parameter's description: `25 dollars`."""
    for number in numbers_in(draft):
        following = next((word for word in draft.words if word.start >= number.span[1]), None)
        if following is not None and following.stem in parameter.described:
            return number
    return None


def take_numbers(draft: Draft) -> None:
    """Numbers for numeric parameters, amounts and identifiers."""
    _take_compared(draft)
    wanting = sorted(draft.open(_takes_number), key=lambda parameter: _first_mention(draft, parameter))
    for finder in (_beside, _by_unit):
        for parameter in wanting:
            number = finder(draft, parameter) if parameter in draft.open(_takes_number) else None
            if number is not None:
                _put(draft, parameter, number)
    _take_alone(draft)


def _take_alone(draft: Draft) -> None:
    """One number left, in digits, and one parameter that must have one."""
    numbers = [number for number in numbers_in(draft) if number.is_digits]
    wanting = draft.open(lambda p: _takes_number(p) and p.is_required)
    if len(numbers) == 1 and len(wanting) == 1:
        _put(draft, wanting[0], numbers[0])


def take_codes(draft: Draft) -> None:
    """Identifiers with letters and digits, such as `INC0010`: after their name, or alone where one must be given."""
    for parameter in draft.open(lambda p: p.kind is Kind.STRING and p.is_id):
        codes = [match for match in CODE.finditer(draft.text) if draft.is_free(match.span()) and not match[0].isdigit()]
        ends = [draft.words[last].end for _, last in draft.mentions(parameter)]
        named = [code for code in codes if any(_AFTER.match(draft.text[end : code.start()]) for end in ends)]
        alone = codes if parameter.is_required and len(codes) == 1 else []
        for code in (named or alone)[:1]:
            draft.put(parameter, code[0], code.span())
