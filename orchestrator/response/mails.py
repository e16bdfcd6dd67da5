"""Mail addresses that stand bare in a text, as any reader of Markdown might take them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_MAIL = 320
"""Characters of a mail address."""
BEHIND = 80
"""Characters before an `@` that are looked at."""

_WORD = re.compile(r"[^\s<>()\[\]\"]*\Z")
_DOMAIN = re.compile(r"[^\s<>()\[\]{}|\"'`*,;:!?/\\@&]*")
_MARKS = "*_'~|"
_RUNS_ON = ("\\", "|", "`")
"""Some readers take these for more of a domain."""
_SCHEMES = ("mailto:", "xmpp:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """An address around an `@`."""

    domain: str
    address: str
    """The whole of it; empty where readers may differ on where it begins."""


def domain_end(text: str, at: int) -> int:
    """Where what could be a domain ends that begins there."""
    found = _DOMAIN.match(text, at, at + MAX_MAIL)
    return at if found is None else found.end()


def mail_at(before: str, domain: str, behind: str) -> Mail | None:
    """The address whose `@` stands between `before` and `domain`; None where no reader takes it for one."""
    found = _WORD.search(before)
    word = found[0] if found is not None else ""
    domain = domain.rstrip("-._~")
    is_dotted = "." in domain or behind == "\\" or word.lower().startswith(_SCHEMES)
    if not word or not domain or not is_dotted:
        return None
    name = word.lstrip(_MARKS).removeprefix(_SCHEMES[0])
    is_whole = len(word) < BEHIND and behind not in _RUNS_ON
    return Mail(domain=domain, address=f"{name}@{domain}" if is_whole else "")
