"""Addresses as browsers read them (the URL Standard), with nothing that they could be relative to. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import idna

from orchestrator.response.cards.utf16 import encoded

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "file": None}
"""The schemes whose addresses have a host and are read leniently, with the ports that go without saying."""

_MAX_PORT = 65535
_MAX_IPV4 = 2**32
_CONTROLS = "".join(map(chr, range(0x21)))
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z][:|]")
_DRIVE_AHEAD = re.compile(r"[A-Za-z][:|](?=[/\\?#]|\Z)")
_ONE_DOT = frozenset({".", "%2e"})
_TWO_DOTS = frozenset({"..", ".%2e", "%2e.", "%2e%2e"})
_FORBIDDEN_HOST = frozenset("\0\t\n\r #/:<>?@[\\]^|")
_FORBIDDEN_DOMAIN = _FORBIDDEN_HOST | frozenset(map(chr, range(0x20))) | frozenset("%\x7f")
_NUMBER = re.compile(r"0[xX]([0-9a-fA-F]*)|(0[0-9]+)|([0-9]+)")
_CONTROL_SET = frozenset[str]()
_QUERY_SET = frozenset(' "#<>')
_SPECIAL_QUERY_SET = _QUERY_SET | {"'"}
_PATH_SET = _QUERY_SET | frozenset("?`{}")
_LAST_PRINTABLE = "~"
_MAX_DIGITS = 400
_MAX_LABEL = 253
"""Characters of a part of a host's name that is not plain; writing it in ASCII takes the square of that."""


class BadAddress(ValueError):
    """It is no absolute address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """What an address consists of, each part as it is written again."""

    scheme: str
    host: str = ""
    port: int | None = None
    """None also where it goes without saying."""
    path: str = ""
    query: str = ""


def _escaped(text: str, also: frozenset[str]) -> str:
    """With every control character, everything beyond ASCII and what else is named as `%` and digits."""
    if text.isascii() and text.isprintable() and also.isdisjoint(text):
        return text
    return "".join(
        char
        if " " <= char <= _LAST_PRINTABLE and char not in also
        else "".join(f"%{byte:02X}" for byte in encoded(char))
        for char in text
    )


def _number(part: str) -> int:
    """Raises: `BadAddress`."""
    match = _NUMBER.fullmatch(part)
    if match is None or len(part) > _MAX_DIGITS:
        raise BadAddress("a part of the host is no number")
    hexadecimal, octal, decimal = match.groups()
    try:
        return int(hexadecimal or "0", 16) if hexadecimal is not None else int(octal or decimal, 8 if octal else 10)
    except ValueError:
        raise BadAddress("a part of the host is no number") from None


def _ends_in_number(labels: list[str]) -> bool:
    last = labels[-2] if len(labels) > 1 and not labels[-1] else labels[-1]
    return (last.isascii() and last.isdigit()) or re.fullmatch(r"0[xX][0-9a-fA-F]*", last) is not None


def _ipv4(labels: list[str]) -> str:
    """Raises: `BadAddress`."""
    parts = labels[:-1] if len(labels) > 1 and not labels[-1] else labels
    numbers = [_number(part) for part in parts]
    *first, last = numbers
    if len(numbers) > 4 or any(number > 255 for number in first) or last >= 256 ** (5 - len(numbers)):
        raise BadAddress("the host is no address of four numbers")
    return str(ipaddress.IPv4Address(last + sum(number << (24 - 8 * place) for place, number in enumerate(first))))


def _ipv6(text: str) -> str:
    """Raises: `BadAddress`."""
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise BadAddress("the host is no address in square brackets") from None
    if address.scope_id:
        raise BadAddress("the host has a zone")
    groups = address.exploded.split(":")
    written = ":".join(f"{int(group, 16):x}" for group in groups)
    runs = list(re.finditer(r"(?<![0-9a-f])0(?::0)+(?![0-9a-f])", written))
    if not runs:
        return f"[{written}]"
    longest = max(runs, key=lambda run: len(run[0]))
    return f"[{written[: longest.start()].removesuffix(':')}::{written[longest.end() :].removeprefix(':')}]"


def _domain(text: str) -> str:
    """Raises: `BadAddress`."""
    domain = unquote_to_bytes(encoded(text)).decode("utf-8", "replace")
    if domain.isascii() and "xn--" not in domain.lower():
        return domain.lower()
    try:
        labels = idna.uts46_remap(domain, std3_rules=False, transitional=False).split(".")
        return ".".join(_label(label) for label in labels)
    except (idna.IDNAError, UnicodeError):
        raise BadAddress("the host is no name") from None


def _label(label: str) -> str:
    """Raises: `UnicodeError`."""
    if len(label) > _MAX_LABEL:
        raise UnicodeError
    if not label.startswith("xn--"):
        return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
    plain = label[4:].encode("ascii").decode("punycode")
    if plain.isascii() or idna.uts46_remap(plain, std3_rules=False, transitional=False) != plain:
        raise UnicodeError
    return label


def _host(text: str, *, special: bool) -> str:
    """Raises: `BadAddress`."""
    if text.startswith("["):
        if not text.endswith("]"):
            raise BadAddress("a square bracket of the host is not closed")
        return _ipv6(text[1:-1])
    if not special:
        if not _FORBIDDEN_HOST.isdisjoint(text):
            raise BadAddress("the host has a character that no host has")
        return _escaped(text, _CONTROL_SET)
    domain = _domain(text)
    if not domain or not _FORBIDDEN_DOMAIN.isdisjoint(domain):
        raise BadAddress("the host is empty, or has a character that no host has")
    labels = domain.split(".")
    return _ipv4(labels) if _ends_in_number(labels) else domain


def _authority(text: str, scheme: str) -> tuple[str, int | None]:
    """Host and port. Raises: `BadAddress`."""
    special = scheme in _PORTS
    login, at, place = text.rpartition("@")
    del login
    match = re.fullmatch(r"((?:\[[^\]]*+\]?|[^:\[])*+)(?::(.*))?", place, re.DOTALL)
    host, port = match.groups() if match else ("", "")
    if not host and (special or at or port is not None):
        raise BadAddress("there is no host")
    if port and not (port.isascii() and port.isdigit() and len(port) < _MAX_DIGITS and int(port) <= _MAX_PORT):
        raise BadAddress("the port is no number of a port")
    number = int(port) if port else None
    return _host(host, special=special) if host else "", None if number == _PORTS.get(scheme) else number


def _shortened(segments: list[str], scheme: str) -> None:
    is_drive = scheme == "file" and len(segments) == 1 and re.fullmatch("[A-Za-z]:", segments[0])
    if segments and not is_drive:
        segments.pop()


def _path(text: str, scheme: str) -> str:
    """An absolute path without its `.` and `..`."""
    special = scheme in _PORTS
    if not text and not special:
        return ""
    parts = re.split(r"[/\\]" if special else "/", text)[1 if text[:1] in ("/", "\\" if special else "/") else 0 :]
    segments: list[str] = []
    for place, part in enumerate(parts):
        is_last = place == len(parts) - 1
        if part.lower() in _TWO_DOTS:
            _shortened(segments, scheme)
            segments += [""] * is_last
        elif part.lower() in _ONE_DOT:
            segments += [""] * is_last
        elif scheme == "file" and not segments and _DRIVE.fullmatch(part):
            segments.append(f"{part[0]}:")
        else:
            segments.append(_escaped(part, _PATH_SET))
    return "/" + "/".join(segments)


def _file(rest: str) -> tuple[str, str]:
    """Host and path of a file's address. Raises: `BadAddress`."""
    if rest[:1] in ("/", "\\") and rest[1:2] in ("/", "\\"):
        if _DRIVE_AHEAD.match(rest, 2):
            return "", _path(rest[1:], "file")
        match = re.match(r"[^/\\]*+", rest[2:])
        name = match[0] if match else ""
        host = _host(name, special=True) if name else ""
        return "" if host == "localhost" else host, _path(rest[2 + len(name) :], "file")
    return "", _path(rest, "file")


def web_address(text: str) -> WebAddress:
    """Raises: `BadAddress`."""
    match = _SCHEME.fullmatch(re.sub("[\t\n\r]", "", text.strip(_CONTROLS)))
    if match is None:
        raise BadAddress("there is no scheme")
    scheme, rest = match[1].lower(), match[2].partition("#")[0]
    special = scheme in _PORTS
    rest, _, query = rest.partition("?")
    query = _escaped(query, _SPECIAL_QUERY_SET if special else _QUERY_SET)
    if scheme == "file":
        host, path = _file(rest)
        return WebAddress(scheme=scheme, host=host, path=path, query=query)
    if not special and not rest.startswith("//"):
        path = _path(rest, scheme) if rest.startswith("/") else _escaped(rest, _CONTROL_SET)
        return WebAddress(scheme=scheme, path=path, query=query)
    behind = rest.lstrip("/\\") if special else rest[2:]
    end = re.search(r"[/\\]" if special else "/", behind)
    authority = behind[: end.start()] if end else behind
    host, port = _authority(authority, scheme)
    return WebAddress(scheme=scheme, host=host, port=port, path=_path(behind[len(authority) :], scheme), query=query)
