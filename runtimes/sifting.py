"""Looks through the bytes of a large JSON text for what its limits forbid, before every value is looked at. Pure.

Each question is answered "no" only where that is certain; after "perhaps" the values themselves are looked at. A pass
over bytes costs a fiftieth of a walk over values, and nearly every document is done with after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat

_MARKS = b"[]{},"
_NOT_MARKS = bytes(byte for byte in range(256) if byte not in _MARKS)
_DIGITS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else ord(" ") for byte in range(256))
_DIGIT_BYTES = b"0123456789"
_ROW = re.compile(rb"[0-9]+")
_WHITESPACE = b" \t\r\n"
_BEFORE_DIGITS = _WHITESPACE + b"[,:-+.eE"
"""What stands before digits in a number, or before a number; nothing does, too."""

_AFTER_DIGITS = _WHITESPACE + b",]}.eE"
"""What follows on digits in a number, or on a number; nothing does, too."""

_BACKSLASH = ord("\\")
_COLON = ord(":")


def marks_of(data: bytes) -> bytes:
    """The brackets, braces and commas of a text, those in strings too, in their order."""
    return data.translate(None, _NOT_MARKS)


def may_be_deeper(marks: bytes, limit: int) -> bool:
    """False when containers certainly lie in each other no deeper than the limit."""
    left = marks.translate(None, b",")
    for _ in range(limit // 2):  # a round takes away one level of each kind, so two at most
        if not left:
            return False
        shorter = left.replace(b"{}", b"").replace(b"[]", b"")
        if len(shorter) == len(left):
            return True
        left = shorter
    return bool(left)


def _rows_of_digits(data: bytes, least: int) -> Iterator[tuple[int, int]]:
    """Where every row of at least so many digits starts and ends; some that are shorter, too."""
    step = max(1, least // 2)  # so that a row has two digits in the sample, and only digits between them
    sample = data[::step].translate(_DIGITS)
    hit, known = sample.find(b"00"), 0
    while hit >= 0:
        start, between = hit * step, data[hit * step : (hit + 1) * step]
        if start >= known and between.isdigit():
            while start > known and data[start - 1] in _DIGIT_BYTES:
                start -= 1
            row = _ROW.match(data, start)
            known = row.end() if row else start
            yield start, known
        hit = sample.find(b"00", max(hit + 1, known // step))


def longest_number(data: bytes, least: int) -> int:
    """The digits of the longest row of them that may be part of a number; 0 where none certainly has `least`.

    In a string a row mostly stands beside a quote or a letter, which no number does.
    """
    rows = (
        end - start
        for start, end in _rows_of_digits(data, least)
        if end - start >= least and data[start - 1 : start] in _BEFORE_DIGITS and data[end : end + 1] in _AFTER_DIGITS
    )
    return max(rows, default=0)


def _end_of_string(data: bytes, place: int) -> int:
    """Where the string ends that the place is in; the end of the text where no quote follows."""
    end = data.find(b'"', place)
    while end > 0 and data[end - 1] == _BACKSLASH:
        before = end
        while before > 0 and data[before - 1] == _BACKSLASH:
            before -= 1
        if (end - before) % 2 == 0:
            break
        end = data.find(b'"', end + 1)
    return len(data) if end < 0 else end


def _start_of_string(data: bytes, place: int) -> int:
    """Where the string starts that the place is in, or earlier."""
    start = data.rfind(b'"', 0, place)
    while start > 0 and data[start - 1] == _BACKSLASH:
        start = data.rfind(b'"', 0, start)
    return start


def _is_key(data: bytes, end: int) -> bool:
    after = end + 1
    while after < len(data) and data[after] in _WHITESPACE:
        after += 1
    return after < len(data) and data[after] == _COLON


def _unsure_places(data: bytes, step: int, window: int) -> list[int]:
    """Those, a step apart, after which no quote stands within the window, or one that may be escaped."""
    places = range(0, len(data), step)
    ends = map(data.find, repeat(b'"'), places, range(window, len(data) + window, step))
    return [place for place, end in zip(places, ends, strict=False) if end < 0 or data[end - 1] == _BACKSLASH]


def may_have_long_text(data: bytes, key_bytes: int, string_bytes: int) -> bool:
    """False when certainly no key and no string has more bytes than its limit."""
    step = max(
        1, key_bytes * 4 // 5
    )  # a text longer than a key has a place in its first step: what follows is long too
    known = 0
    for place in _unsure_places(data, step, max(1, key_bytes - step)):
        if place < known:
            continue
        known = _end_of_string(data, place)
        length = known - _start_of_string(data, place) - 1
        if length > string_bytes or (length > key_bytes and _is_key(data, known)):
            return True
    return False
