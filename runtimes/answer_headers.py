"""The header of an answer in HTTP/1.1, judged before a parser is given it: pure, and a refusal or a status.

Refused is what parsers disagree on: who reads it otherwise than a server or proxy on the way finds other answers in
the same bytes.
"""

from __future__ import annotations

import re

from runtimes.carriers import Broken

ILLEGAL_LINE = "illegal header line"
"""Of a header with a line that is no field."""

_ILLEGAL_STATUS = "illegal status line"
_ILLEGAL_LENGTH = "bad Content-Length"
_OTHER_CODING = "Only Transfer-Encoding: chunked is supported"
_SEVERAL_LENGTHS = "its header says more than once how long the body is"
_SWITCH = "it changes to another protocol, which nobody asked for"

_SWITCHING_PROTOCOLS = 101

_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\n]*)?\r?\n")
_FIELDS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[^\n]*+\n(?:[ \t][^\n]*+\n)*+)*+\r?\n")
"""Names that are tokens, right before the colon; a value may go on in lines that begin with a space."""
_LENGTHS = re.compile(rb"\n(content-length|transfer-encoding):([^\n]*)", re.IGNORECASE)
_DIGITS = re.compile(rb"[0-9]{1,19}")


def header_end(data: bytearray, seen: int) -> int:
    """Where the header ends that the data begins with, of which `seen` bytes were looked at before; 0 where it does
    not."""
    found = _END.search(data, max(0, seen - 2))
    return 0 if found is None else found.end()


def judged_status(header: bytes) -> int:
    """The status of an answer with this header, which is whole. Raises: `Broken`, when it is no header to rely on."""
    line = _STATUS_LINE.match(header)
    if line is None:
        raise Broken(_ILLEGAL_STATUS, is_lost=True)
    if not _FIELDS.fullmatch(header, line.end()):
        raise Broken(ILLEGAL_LINE, is_lost=True)
    status = int(line[1])
    if status == _SWITCHING_PROTOCOLS:
        raise Broken(_SWITCH, is_lost=True)
    if status >= 200:
        _judge_lengths(_LENGTHS.findall(header))
    return status


def _judge_lengths(lengths: list[tuple[bytes, bytes]]) -> None:
    """Raises: `Broken`."""
    for name, value in lengths:
        is_coding, said = name.lower() == b"transfer-encoding", value.strip(b" \t\r")
        if is_coding and said.lower() != b"chunked":
            raise Broken(_OTHER_CODING, is_lost=True)
        if not is_coding and not all(map(_DIGITS.fullmatch, re.split(rb"[ \t]*,[ \t]*", said))):
            raise Broken(_ILLEGAL_LENGTH, is_lost=True)
    if len(lengths) > 1 or any(b"," in value for _, value in lengths):
        raise Broken(_SEVERAL_LENGTHS, is_lost=False)
