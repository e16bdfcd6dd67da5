"""Which URLs are asked for tokens: https ones, and http only on this machine. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit, urlunsplit

from auth.errors import ProviderError
from auth.oauth.document import MAX_TEXT_CHARS


def shown_url(url: str) -> str:
    """A URL without its query and its user, for messages."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "what is no URL"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def is_loopback(host: str) -> bool:
    """True for this machine, by its name or its address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url: str, name: str) -> str:
    """The URL itself, where a secret may go there; `name` says in messages what it is.

    Whether this machine may be asked at all is the transport's to decide.

    Raises: `ProviderError` for one that is empty or too long, for http to another machine, and for one with a user or
    a fragment.
    """
    if not url:
        raise ProviderError(f"the authorization server has no {name}")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ProviderError(f"the {name} of the authorization server is no URL") from None
    is_written = url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_TEXT_CHARS
    if not host or not is_written or "@" in parts.netloc or "#" in url:
        raise ProviderError(f"the {name} of the authorization server is no URL that can be asked")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ProviderError(f"the {name} {shown_url(url)!r} is not encrypted; only https is asked for tokens")
    return url


def led_url(url: str, name: str, *, by: str) -> str:
    """The same for a URL that a document of `by` gives: only what is on this machine leads to this machine.

    Raises: `ProviderError`.
    """
    checked_url(url, name)
    if is_loopback(urlsplit(url).hostname or "") and not is_loopback(urlsplit(by).hostname or ""):
        raise ProviderError(f"the {name} that {shown_url(by)} gives leads to this machine")
    return url
