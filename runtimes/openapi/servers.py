"""The server an operation is called on."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from runtimes.http import is_url, shown_url
from runtimes.network import ContactRefused, origin_of
from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, object_at, text_at
from runtimes.placeholders import unresolved_placeholder
from runtimes.values import Json, JsonObject

MAX_SERVERS = 32
"""How many servers of one list are looked at."""

MAX_SERVERS_LISTED = 5
"""How many servers a message lists."""

MAX_SERVERS_KNOWN = 64
"""How many URLs are remembered that were judged already: the operations of a description share theirs."""

_VARIABLE = re.compile(r"\{([^{}]*)\}")


class ServerNotFilled(OperationUnusable):
    """A server's URL has a placeholder that nobody filled: the server that was meant is not known."""


class NoSuchServer(OperationUnusable):
    """The operation has no server of that name; the message lists those it has."""


def _declared(description: Description, entry: Entry) -> list[Json]:
    """The servers of the operation, else of its path, else of the document."""
    for level in (entry.operation, entry.path_item, description.root):
        if servers := list_at(level, "servers"):
            return servers[:MAX_SERVERS]
    return [{"url": "/"}]


def _filled(server: JsonObject) -> str:
    """The URL with the defaults of its variables. Raises: `OperationUnusable`."""
    variables = object_at(server, "variables")

    def default(match: re.Match[str]) -> str:
        variable, name = object_at(variables, match[1]), match[1][:60]
        value, allowed = variable.get("default"), list_at(variable, "enum")
        if not isinstance(value, str):
            raise OperationUnusable(f"the server variable {name!r} has no default")
        if allowed and value not in allowed:
            raise OperationUnusable(f"the server variable {name!r} has a default that is not among its values")
        return value

    return _VARIABLE.sub(default, text_at(server, "url").strip())


def _absolute(url: str, description: Description, manifest_location: str) -> str:
    for base in (description.location, manifest_location):
        if is_url(base):
            return urljoin(base, url)
    raise OperationUnusable(f"its server URL {url[:120]!r} is relative, and the description comes from no URL")


@lru_cache(maxsize=MAX_SERVERS_KNOWN)
def _checked(url: str) -> str:
    """The URL without a slash at the end. Raises: `OperationUnusable`, `ContactRefused`, `ValueError`."""
    origin_of(url)
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise OperationUnusable("its server URL has a query or a fragment")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


@lru_cache(maxsize=MAX_SERVERS_KNOWN)
def destination_of(server: str) -> str:
    """The origin of a server's URL, for people."""
    return str(origin_of(server))


def _refuse_placeholder(url: str) -> None:
    if placeholder := unresolved_placeholder(url):
        raise ServerNotFilled(f"the server URL has the unresolved placeholder {placeholder[:80]}")


def _url(server: JsonObject, description: Description, manifest_location: str) -> str:
    """Raises: `OperationUnusable`."""
    _refuse_placeholder(text_at(server, "url"))
    url = _filled(server)
    _refuse_placeholder(url)
    try:
        return _checked(url if urlsplit(url).scheme else _absolute(url, description, manifest_location))
    except ContactRefused as refusal:
        raise OperationUnusable(f"its server URL cannot be used: {refusal}") from None
    except ValueError:
        raise OperationUnusable(f"its server URL {url[:120]!r} is no URL") from None


def _is_called(server: JsonObject, url: str, wanted: str) -> bool:
    names = (text_at(server, "name"), text_at(server, "description"), text_at(server, "url"), url)
    return wanted.rstrip("/") in {name.strip().rstrip("/") for name in names if name.strip()}


def _wanted(servers: list[JsonObject], wanted: str, description: Description, manifest_location: str) -> str:
    """The URL of the server that a person chose, by its number or by what it is called.

    Raises: `NoSuchServer`, `OperationUnusable` where it cannot be used.
    """
    if wanted.isascii() and wanted.isdecimal() and len(wanted) < 4 and 0 < int(wanted) <= len(servers):
        return _url(servers[int(wanted) - 1], description, manifest_location)
    for server in servers:
        try:
            url = _url(server, description, manifest_location)
        except OperationUnusable:
            url = ""
        if _is_called(server, url, wanted):
            return url or _url(server, description, manifest_location)
    shown = (f"{number} {shown_url(text_at(server, 'url'))[:120]!r}" for number, server in enumerate(servers, 1))
    listed = ", ".join(list(shown)[:MAX_SERVERS_LISTED]) + (", …" if len(servers) > MAX_SERVERS_LISTED else "")
    raise NoSuchServer(f"there is no server {shown_url(wanted)[:120]!r}; there is: {listed}")


def server_url(description: Description, entry: Entry, manifest_location: str, wanted: str = "") -> str:
    """The URL of a server of the operation, its path or the document, without a slash at the end.

    It is the `wanted` one (a number from 1, a URL as it is written or filled, a name or a description), else the first
    that can be used. Variables take their defaults; a relative URL starts at the description, else at the manifest.
    Raises: `OperationUnusable`.
    """
    servers = [description.follow(server) for server in _declared(description, entry)]
    if wanted:
        return _wanted(servers, wanted, description, manifest_location)
    first: OperationUnusable | None = None
    for server in servers:
        try:
            return _url(server, description, manifest_location)
        except ServerNotFilled:
            raise  # the server that the author means first is not known: another one may be somebody else's
        except OperationUnusable as reason:
            first = first or reason
    raise first or OperationUnusable("it has no server")
