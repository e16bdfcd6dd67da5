"""The addresses that an answer may lead to: those that were given, and those of plugins whose data it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

MAX_ADDRESS = 2048
"""Characters of an address; a longer one is never followed."""

PLAIN = r"[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]"
"""The characters that a URL is written with; any other ends it, or makes readers differ on where it ends."""

TRAILING = ".,;:!?'\")]}>*_~|\\\u3001\u3002\uff0c\uff0e\uff01\uff1f\uff09\u300d\u300f\u3011\u201d\u2019\u00bb"
"""What stands behind a URL in a sentence and is no part of it."""

_BEGINNING = r"(?:https?://|ftp://|www\.)"
_WRITTEN = re.compile(rf"{_BEGINNING}[^\s<>\"\\]{{1,{MAX_ADDRESS}}}", re.IGNORECASE)
_PLAIN_PART = re.compile(rf"{PLAIN}+")
_AMBIGUOUS = re.compile(r"&#?\w+;|(?<=.)(?:https?://|ftp://|(?<!//)www\.)", re.IGNORECASE)
"""An entity, or a URL within a URL: some readers begin anew there."""
_MAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,253}[A-Za-z0-9]")
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+)(?::(\d{1,5}))?(?=[/?#]|\Z)", re.IGNORECASE)
_NAMED_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?(?=[/?#\s\"']|\Z)", re.IGNORECASE)
_PORTS = {"http": "80", "https": "443"}
_SCHEME = re.compile(r"https?://(?=www\.)", re.IGNORECASE)


def plain_part(text: str) -> str:
    """The beginning of a text that every reader takes for one URL."""
    found = _PLAIN_PART.match(text)
    if found is None:
        return ""
    second = _AMBIGUOUS.search(found[0])
    return found[0][: second.start() if second else None].rstrip(TRAILING)


def origin_of(url: str) -> str | None:
    """Scheme, host and port; None for what is no web address, or is written so that readers may differ."""
    found = _ORIGIN.match(url)
    if found is None:
        return None
    scheme = found[1].lower()
    return f"{scheme}://{found[2].lower()}:{found[3] or _PORTS[scheme]}"


def origins_in(text: str) -> Iterator[str]:
    """The origins of the URLs that a text names outright, as `origin_of` writes them."""
    for found in _NAMED_ORIGIN.finditer(text):
        if (origin := origin_of(found[0])) is not None:
            yield origin


def _key(url: str) -> str:
    """What two spellings of an address share that differ in nothing which could carry a word."""
    return _SCHEME.sub("", url, count=1).removesuffix("/")


def in_prose(run: str) -> str:
    """The run without what stands behind an address in a sentence; a bracket that the address opened is its own."""
    url = run.rstrip(TRAILING)
    is_closed = url.count("(") <= url.count(")")
    return url if is_closed or not run.startswith(")", len(url)) else f"{url})"


def addresses_in(text: str) -> Iterator[str]:
    """The web and mail addresses that a text names, each as it may be meant to end."""
    if "://" in text or "www." in text.lower():
        for found in _WRITTEN.finditer(text):
            yield from {found[0], in_prose(found[0]), plain_part(found[0])}
    if "@" in text:
        yield from (found[0] for found in _MAIL.finditer(text))


def _nothing() -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """What the one who wrote an answer had been given; the texts are looked through once there is a URL to judge."""

    texts: Callable[[], Iterable[str]] = field(default=_nothing, repr=False)
    """What was read: results, citations, the person's words, instructions."""
    origins: frozenset[str] = frozenset()
    """Those of the plugins whose results were read, as `origin_of` writes them."""
    composable: frozenset[str] = frozenset()
    """Those to which an answer may lead by addresses of its own making: nobody else's data was read."""

    @cached_property
    def _given(self) -> frozenset[str]:
        return frozenset(_key(url) for text in self.texts() for url in addresses_in(text) if url)

    def is_given(self, url: str) -> bool:
        """True for an address that was read as it stands; a `/` at its end, or none, is no difference."""
        return len(url) <= MAX_ADDRESS and _key(url) in self._given

    def may_link(self, url: str) -> bool:
        """True where following it tells its server nothing that it should not know."""
        is_theirs = plain_part(url) == url.rstrip(TRAILING) and origin_of(url) in self.composable
        return (len(url) <= MAX_ADDRESS and is_theirs) or self.is_given(url)

    def may_write_to(self, mail: str) -> bool:
        """True for a mail address that was read as it stands."""
        return mail in self._given

    def may_load(self, url: str) -> bool:
        """True for a picture: it is loaded without a click."""
        return origin_of(url) in self.origins and self.is_given(url)
