"""Where a model is served and with what key, resolved from the environment as the `openai` client does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from orchestrator.errors import ModelError

DEFAULT_HOST = "api.openai.com"
"""Where requests go when no base URL is set."""

PLACEHOLDER_KEY = "no-key"
"""Sent where a base URL is set and no key: local servers ask for none, but the client insists on one."""

MAX_MESSAGE_CHARS = 300
"""How much of a server's own message is repeated."""

MIN_SECRET_CHARS = 8
"""Characters of a value in a query that is taken for a key: `v1` and `preview` are none."""

_URL_TAIL = re.compile(r"(https?://[^\s?#]*)[?#]\S*")


def one_line(text: str) -> str:
    """The text of a stranger, fit for a message: one line, printable, bounded, URLs without their queries."""
    printable = "".join(char if char.isprintable() else " " for char in text[: 4 * MAX_MESSAGE_CHARS])
    line = " ".join(_URL_TAIL.sub(r"\1", printable).split())
    return line if len(line) <= MAX_MESSAGE_CHARS else f"{line[: MAX_MESSAGE_CHARS - 1]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A model, and what is needed to reach it."""

    model: str
    base_url: str | None
    """Without user, query and fragment; None means the `openai` client's own."""
    key: str = field(repr=False)
    user: tuple[str, str] | None = field(default=None, repr=False)
    """The name and the password of the base URL, which go out as HTTP basic in the place of the key."""
    query: str = field(default="", repr=False)
    """The query of the base URL, which each request has."""

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return one_line(urlsplit(self.base_url).netloc) if self.base_url is not None else DEFAULT_HOST

    @property
    def source(self) -> str:
        """What messages call it."""
        return f"the model {self.model!r} at {self.host}"

    @property
    def has_placeholder_key(self) -> bool:
        """True when nobody has set a key."""
        return self.key == PLACEHOLDER_KEY

    def quoted(self, message: str) -> str:
        """A message of the server, without the key that some of them repeat, and what the base URL has in its place."""
        for secret in self._secrets():
            message = message.replace(secret, "***")
        return one_line(message)

    def _secrets(self) -> Iterator[str]:
        if not self.has_placeholder_key:
            yield self.key
        if self.user is not None and self.user[1]:
            yield self.user[1]
        yield from (value for _, value in parse_qsl(self.query) if len(value) >= MIN_SECRET_CHARS)


def _unusable() -> ModelError:
    return ModelError("the base URL of the model is no http or https URL; set OPENAI_BASE_URL to one")


def _checked_base_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _unusable() from None
    if not is_usable:
        raise _unusable()
    return parts


def _user(parts: SplitResult) -> tuple[str, str] | None:
    if not parts.username and not parts.password:
        return None
    return unquote(parts.username or ""), unquote(parts.password or "")


def resolve_endpoint(model: str, base_url: str | None, key: str | None, environ: Mapping[str, str]) -> Endpoint:
    """The endpoint that the arguments and the environment name, the arguments first.

    Raises: `ModelError` where neither a key nor a base URL is set, or one of them cannot be used.
    """
    url = (base_url or environ.get("OPENAI_BASE_URL", "")).strip() or None
    key = (key or environ.get("OPENAI_API_KEY", "")).strip()
    if url is None and not key:
        raise ModelError(
            f"the model {model!r} needs OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own; "
            "the model 'offline' needs neither"
        )
    if not (key.isascii() and key.isprintable()):
        raise ModelError("OPENAI_API_KEY has characters that cannot be sent; set it again")
    if url is None:
        return Endpoint(model=model, base_url=None, key=key)
    parts = _checked_base_url(url)
    address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return Endpoint(model=model, base_url=address, key=key or PLACEHOLDER_KEY, user=_user(parts), query=parts.query)
