"""Looks through the bytes of a large JSON text for what its limits forbid, before every value is looked at. Pure.

Each question is answered "no" only where that is certain; after "perhaps" the values themselves are looked at. A pass
over bytes costs a fiftieth of a walk over values, and nearly every document is done with after it.
"""

from __future__ import annotations

_MARKS = b"[]{},$\\"
_NOT_MARKS = bytes(byte for byte in range(256) if byte not in _MARKS)
_DIGITS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else ord(" ") for byte in range(256))
_WHITESPACE = b" \t\r\n"
_BACKSLASH = ord("\\")
_COLON = ord(":")


def marks_of(data: bytes) -> bytes:
    """The brackets, braces, commas, dollar signs and backslashes of a text, those in strings too, in their order."""
    return data.translate(None, _NOT_MARKS)


def may_be_deeper(marks: bytes, limit: int) -> bool:
    """False when containers certainly lie in each other no deeper than the limit."""
    left = marks.translate(None, b",$\\")
    for _ in range(limit // 2):  # a round takes away one level of each kind, so two at most
        if not left:
            return False
        shorter = left.replace(b"{}", b"").replace(b"[]", b"")
        if len(shorter) == len(left):
            return True
        left = shorter
    return bool(left)


def may_have_digits(data: bytes, length: int) -> bool:
    """False when there are certainly not so many digits in a row."""
    step = max(1, length // 2)  # so that a row has two digits in the sample, and only digits between them
    sample = data[::step].translate(_DIGITS)
    hit = sample.find(b"00")
    while hit >= 0:
        if data[hit * step : (hit + 1) * step].isdigit():
            return True
        hit = sample.find(b"00", hit + 1)
    return False


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


def may_have_long_text(data: bytes, key_bytes: int, string_bytes: int) -> bool:
    """False when certainly no key and no string has more bytes than its limit."""
    step = max(1, key_bytes // 2)
    place = 0
    while place < len(data):
        end = data.find(b'"', place)
        if end < 0 or data[end - 1] == _BACKSLASH:
            end = _end_of_string(data, place)
        if end - place > key_bytes - step:
            length = end - _start_of_string(data, place) - 1
            if length > string_bytes or (length > key_bytes and _is_key(data, end)):
                return True
        place = max(place + step, end)
    return False
