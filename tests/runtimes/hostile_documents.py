"""Documents that mean harm, by name; `python -m tests.runtimes.hostile_documents NAME…` reads them in little memory."""

from __future__ import annotations

import itertools
import json
import resource
import string
import sys
from collections.abc import Callable
from pathlib import Path

from runtimes.documents import DocumentError, parse_document
from runtimes.limits import (
    MAX_ALIASED_CHARS,
    MAX_ALIASES,
    MAX_DEPTH,
    MAX_JSON_BYTES,
    MAX_KEY_CHARS,
    MAX_NUMBER_DIGITS,
    MAX_STRING_CHARS,
    MAX_TAG_DIRECTIVES,
    MAX_VALUES,
    MAX_YAML_BYTES,
)

ADDRESS_SPACE = 1024**3
"""Bytes that the reading process may have, its libraries included."""

MAX_PEAK = 512 * 1024
"""KiB that the reading process may have used at its worst; a plain reader would need many times as much."""

MEBI = 1024**2

Make = Callable[[], bytes]


def _names(count: int) -> list[bytes]:
    letters = itertools.product(string.ascii_letters.encode(), repeat=4)
    return [bytes(letter) for letter in itertools.islice(letters, count)]


def _laughs() -> bytes:
    lines = ["a: &a [" + "x," * 9 + "]"]
    lines += [f"{name}: &{name} [{','.join([f'*{one}'] * 9)}]" for one, name in itertools.pairwise("abcdefghi")]
    return "\n".join(lines).encode()


def _nested_aliases() -> bytes:
    lines = ["a0: &a0 [x]"] + [f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, MAX_DEPTH + 10)]
    return "\n".join(lines).encode()


def _merges() -> bytes:
    members = b",".join(b"k%d: 1" % number for number in range(1000))
    return b"- &a {" + members + b"}\n" + b"- <<: *a\n" * 2000


def _directives() -> bytes:
    return b"".join(b"%%TAG !%x! b\n" % number for number in range(400_000)) + b"---\na: 1"


def _long_tags() -> bytes:
    keys = b"".join(b"!e!a k%x: 1," % number for number in range(200_000))
    return b"%TAG !e! tag:" + b"a" * (4 * MEBI) + b"\n---\n{" + keys + b"}"


VALUES = f"there are more than {MAX_VALUES} values"
DEEP = f"nested more than {MAX_DEPTH} deep"
STRING = f"a string is longer than {MAX_STRING_CHARS} characters"
KEY = f"a key is longer than {MAX_KEY_CHARS} characters"
DIGITS = f"a number has more than {MAX_NUMBER_DIGITS} digits"

JSON: dict[str, tuple[Make, str]] = {
    "too many bytes": (lambda: b'{"a":' + b" " * MAX_JSON_BYTES, f"longer than {MAX_JSON_BYTES} bytes"),
    "deep objects": (lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000, DEEP),
    "deep arrays": (lambda: b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", DEEP),
    "a bit too deep": (lambda: b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", DEEP),
    "numbers": (lambda: b'{"a":[' + b"0," * (15 * MEBI) + b"0]}", VALUES),
    "empty objects": (lambda: b'{"a":[' + b"{}," * (10 * MEBI) + b"0]}", VALUES),
    "keys": (lambda: b"{" + b",".join(b'"%s":{}' % name for name in _names(2 * MEBI)) + b"}", VALUES),
    "broken array": (lambda: b'{"a":[' + b"{}," * (10 * MEBI), VALUES),
    "only quotes": (lambda: b"{" + b'"' * (30 * MEBI), "expected"),
    "only commas": (lambda: b"{" + b"," * (30 * MEBI), "expected"),
    "unclosed": (lambda: b'{"a":"' + b'\\"' * (15 * MEBI), "unexpected end"),
    "long string": (lambda: b'{"a":"' + b"x," * MEBI + b'"}', STRING),
    "long key": (lambda: b'{"\\u0061' + b"x" * MAX_KEY_CHARS + b'": 1}', KEY),
    "huge integer": (lambda: b'{"a":' + b"9" * 100_000 + b"}", DIGITS),
    "huge fraction": (lambda: b'{"a":-0.' + b"9" * 100_000 + b"}", DIGITS),
    "huge exponent": (lambda: b'{"a":1e' + b"9" * 100_000 + b"}", DIGITS),
}
"""Documents in JSON, and what of the reason is told."""

YAML: dict[str, tuple[Make, str]] = {
    "too many bytes": (lambda: b"#" * (MAX_YAML_BYTES + 1), f"longer than {MAX_YAML_BYTES} bytes"),
    "billion laughs": (_laughs, VALUES),
    "merged members": (_merges, VALUES),
    "deep arrays": (lambda: b"[" * 100_000 + b"]" * 100_000, DEEP),
    "deep objects": (lambda: b"[{a: " * 100_000, DEEP),
    "deep blocks": (lambda: b"- " * 100_000, DEEP),
    "deep aliases": (_nested_aliases, DEEP),
    "scalars": (lambda: b"[" + b"a," * (4 * MEBI - 8) + b"]", VALUES),
    "keys": (lambda: b"[{" + b",".join(_names(1_600_000)) + b"}]", VALUES),
    "aliases": (lambda: b"[&a x," + b"*a," * MEBI + b"]", f"more than {MAX_ALIASES} aliases"),
    "aliased text": (
        lambda: b"[&a " + b"x" * 1_000_000 + b"," + b"*a," * 9000 + b"]",
        f"aliases repeat more than {MAX_ALIASED_CHARS} characters",
    ),
    "huge anchor": (lambda: b"[&" + b"a" * (4 * MEBI) + b" 1, *b]", "no anchor"),
    "directives": (_directives, f"more than {MAX_TAG_DIRECTIVES} %TAG directives"),
    "long tags": (_long_tags, "tag"),
    "many documents": (lambda: b"---\na: 1\n" * 800_000, "more than one document"),
    "long string": (lambda: b"a: |\n" + b" x\n" * MEBI, STRING),
    "long line": (lambda: b"x" * (8 * MEBI), STRING),
    "long key": (lambda: b"? " + b"x" * (MAX_KEY_CHARS + 1) + b"\n: 1", KEY),
    "huge integer": (lambda: b"a: " + b"9" * 100_000, DIGITS),
    "huge fraction": (lambda: b"a: 0." + b"9" * 100_000, DIGITS),
    "huge exponent": (lambda: b"a: 1e" + b"9" * 100_000, DIGITS),
}
"""Documents in YAML, and what of the reason is told."""

TABLES = {"json": JSON, "yaml": YAML}


def _reason(data: bytes) -> str:
    try:
        parse_document(data, "x")
    except DocumentError as error:
        return error.reason
    return "it is read"


def _tell(name: str, answer: str | int) -> None:
    sys.stdout.write(json.dumps([name, answer]) + "\n")


def peak() -> int:
    """KiB that this program has used at its worst.

    Where the system tells it of the program itself: what it tells of the process counts the parent too, as large as
    that was when it started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (own,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(own)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _main(table: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    for name, (make, _) in TABLES[table].items():
        _tell(name, _reason(make()))
    _tell("peak", peak())


if __name__ == "__main__":
    _main(sys.argv[1])
