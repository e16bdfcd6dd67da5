"""Where a model is served and with what key, resolved from the environment as the `openai` client does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from orchestrator.errors import ModelError

DEFAULT_HOST = "api.openai.com"
"""Where requests go when no base URL is set."""

PLACEHOLDER_KEY = "no-key"
"""Sent where a base URL is set and no key: local servers ask for none, but the client insists on one."""

MAX_MESSAGE_CHARS = 300
"""How much of a server's own message is repeated."""

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
    """None means the `openai` client's own."""
    key: str = field(repr=False)

    @property
    def host(self) -> str:
        """Host and port, for messages: never the whole URL, which may carry a password."""
        if self.base_url is None:
            return DEFAULT_HOST
        return one_line(urlsplit(self.base_url).netloc.rpartition("@")[2])

    @property
    def source(self) -> str:
        """What messages call it."""
        return f"the model {self.model!r} at {self.host}"

    @property
    def has_placeholder_key(self) -> bool:
        """True when nobody has set a key."""
        return self.key == PLACEHOLDER_KEY

    def quoted(self, message: str) -> str:
        """A message of the server, without the key that some of them repeat."""
        return one_line(message if self.has_placeholder_key else message.replace(self.key, "***"))


def _checked_base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ModelError("the base URL of the model is no http or https URL; set OPENAI_BASE_URL to one")
    return url


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
    return Endpoint(model=model, base_url=_checked_base_url(url) if url else None, key=key or PLACEHOLDER_KEY)
