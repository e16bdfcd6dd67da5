"""Finds what could lead somewhere in a text: URLs, hosts, IP addresses and mail addresses, disguised ones too. Pure."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

MAX_ADDRESS_CHARS = 65_536
"""Characters of one text that are looked through; a longer one that could have an address counts as having one."""

MAX_DECODINGS = 3
"""How often percent-encoding and character references are taken off."""

MAX_IP_CHARS = 45
"""The longest an IP address is written."""

_SUSPECT = re.compile(r"[./\\:@%&\t\r\n]|[^\x00-\x7f]|0x|localhost", re.IGNORECASE)
"""Without one of these, a text has no address."""

_DOTS = str.maketrans("\u3002\u2024", "..")
_BLANKS = str.maketrans("", "", "\t\r\n")
_URL = re.compile(
    r"//|\\\\|(?<!\w)(?:https?|ftps?|wss?|file|data|mailto|tel|sms|ldaps?|s3|gs|ssh|git|javascript):\S|[^\s@]@[^\s@]"
    r"|(?<!\w)localhost(?!\w)|(?<![\w.-])[a-z][a-z0-9-]*:\d{2,5}/",
    re.IGNORECASE,
)
_HOSTS = (re.compile(r"[\w.-]+"), re.compile(r"[A-Za-z0-9.-]+"))
_HEX_NUMBER = re.compile(r"(?<!\w)0x[0-9a-f]{7,8}(?!\w)", re.IGNORECASE)
_IP_LIKE = re.compile(r"[\w:.]+")
_FILE_ENDING = re.compile(
    r"(?:avi|bmp|cfg|cpp|cs|css|csv|docx?|eml|epub|exe|gif|go|gz|html?|ics|ini|java|jpe?g|jsx?|json|log|mp[34]|od[pst]|pdf"
    r"|png|pptx?|rtf|sql|svg|tar|toml|tsx?|txt|wav|webp|xlsx?|xml|ya?ml)\Z"
)
"""Endings of files, none of which is a top-level domain."""

_NUMBER = re.compile(r"(?:0x[0-9a-f]+|[0-9]+)\Z", re.IGNORECASE)


def _is_host(run: str) -> bool:
    """True for a dotted name that ends like a domain, and for four numbers."""
    labels = run.strip(".-_").split(".")
    if len(labels) < 2 or not labels[-1] or not labels[-2]:
        return False
    last = labels[-1].lower()
    if len(labels) == 4 and all(map(_NUMBER.match, labels)):
        return True
    is_domain = last.startswith("xn--") or (len(last) > 1 and last.isalpha())
    return is_domain and not _FILE_ENDING.match(last)


def _is_ip(run: str) -> bool:
    run = run.rstrip(".")
    if not 2 <= len(run) <= MAX_IP_CHARS or run.count(":") < 2:
        return False
    try:
        ipaddress.ip_address(run)
    except ValueError:
        return False
    return True


def plainly(text: str) -> str:
    """The text with one form of each letter and of each dot, and nothing invisible."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).translate(_DOTS)
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")


def _decoded(text: str) -> str:
    from html import unescape

    return unescape(unquote(text))


def _readings(text: str) -> Iterator[str]:
    """The text as a program may come to read it: encodings are taken off one by one, and blanks inside of one word."""
    for _ in range(MAX_DECODINGS + 1):
        text = plainly(text)
        yield text
        if " " not in text.strip() and (joined := text.translate(_BLANKS)) != text:
            yield joined
        if "%" not in text and "&" not in text:
            return
        decoded = _decoded(text)
        if decoded == text:
            return
        text = decoded


def _has_plain_address(text: str) -> bool:
    if _URL.search(text) or _HEX_NUMBER.search(text):
        return True
    if "." in text and any(_is_host(run) for pattern in _HOSTS for run in pattern.findall(text) if "." in run):
        return True
    return ":" in text and any(_is_ip(run) for run in _IP_LIKE.findall(text))


def has_address(text: str) -> bool:
    """True when a URL, a host, an IP address or a mail address stands anywhere in the text."""
    if _SUSPECT.search(text) is None:
        return False
    return any(len(reading) > MAX_ADDRESS_CHARS or _has_plain_address(reading) for reading in _readings(text))
