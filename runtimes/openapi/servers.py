"""The server an operation is called on."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from runtimes.http import is_url, shown_url
from runtimes.network import ContactRefused, origin_of
from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, text_at
from runtimes.openapi.server_variables import filled, is_fillable
from runtimes.placeholders import unresolved_placeholder
from runtimes.values import Json, JsonObject

MAX_SERVERS = 32
"""How many servers of one list are looked at."""

MAX_SERVERS_LISTED = 5
"""How many servers a message lists."""

MAX_SERVERS_KNOWN = 64
"""How many URLs are remembered that were judged already: the operations of a description share theirs."""


class ServerNotFilled(OperationUnusable):
    """A server's URL has a placeholder that nobody filled: the server that was meant is not known."""


class NoSuchServer(OperationUnusable):
    """The operation has no server of that name; the message lists those it has."""


def _followed(description: Description, servers: list[Json]) -> list[JsonObject]:
    return [description.follow(server) for server in servers[:MAX_SERVERS]]


def _of_document(description: Description) -> list[JsonObject]:
    return _followed(description, list_at(description.root, "servers") or [{"url": "/"}])


def _own(description: Description, entry: Entry) -> list[JsonObject]:
    """The servers of the operation, else of its path; empty where it has those of the document."""
    return _followed(description, list_at(entry.operation, "servers") or list_at(entry.path_item, "servers"))


def _base(description: Description, manifest_location: str) -> str:
    """Where relative URLs start; empty where that is nowhere."""
    return next((base for base in (description.location, manifest_location) if is_url(base)), "")


def _absolute(url: str, description: Description, manifest_location: str) -> str:
    if base := _base(description, manifest_location):
        return urljoin(base, url)
    reason = f"its server URL {url[:120]!r} is relative, and the description comes from no URL"
    raise OperationUnusable(f"{reason}: say where it is with --server https://HOST")


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


def _usable(url: str, description: Description, manifest_location: str) -> str:
    """Raises: `OperationUnusable`."""
    _refuse_placeholder(url)
    try:
        return _checked(url if urlsplit(url).scheme else _absolute(url, description, manifest_location))
    except ContactRefused as refusal:
        raise OperationUnusable(f"its server URL cannot be used: {refusal}") from None
    except ValueError:
        raise OperationUnusable(f"its server URL {url[:120]!r} is no URL") from None


def _url(server: JsonObject, description: Description, manifest_location: str) -> str:
    """Raises: `OperationUnusable`."""
    _refuse_placeholder(text_at(server, "url"))
    return _usable(filled(server), description, manifest_location)


def _place(url: str) -> tuple[str, str, str]:
    """One spelling for URLs that are the same but for the case of their host, a port that is the usual one or a slash
    at the end; empty for what is no URL."""
    try:
        parts = urlsplit(url)
        return str(origin_of(url)), parts.path.rstrip("/"), f"{parts.query}#{parts.fragment}"
    except ValueError:
        return "", "", ""


def _is_called(server: JsonObject, url: str, wanted: str) -> bool:
    names = (text_at(server, "name"), text_at(server, "description"), text_at(server, "url"))
    is_name = wanted.rstrip("/") in {name.strip().rstrip("/") for name in names if name.strip()}
    return is_name or (bool(url) and _place(url) == _place(wanted))


def _is_relative(server: JsonObject) -> bool:
    try:
        parts = urlsplit(filled(server))
    except (OperationUnusable, ValueError):
        return False
    return not parts.scheme and not parts.netloc


def _placed(servers: list[JsonObject], wanted: str) -> str:
    """Where a person says that relative servers are: an origin, at which the first is meant, or a URL of their own."""
    parts = urlsplit(wanted)
    is_origin = parts.path in {"", "/"} and not parts.query and not parts.fragment
    return urljoin(f"{wanted.rstrip('/')}/", filled(servers[0])) if is_origin else wanted


def _numbered(description: Description, wanted: str) -> JsonObject | None:
    """The server of the document that has the wanted number, from 1; None where it is no number of one."""
    number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 4 else 0
    servers = _of_document(description) if number else []
    return servers[number - 1] if 0 < number <= len(servers) else None


def _no_such(wanted: str, servers: list[JsonObject], *, is_own: bool) -> NoSuchServer:
    """Servers of an operation's own have no numbers: these are the document's."""
    urls = [f"{shown_url(text_at(server, 'url'))[:120]!r}" for server in servers]
    shown = urls if is_own else [f"{number} {url}" for number, url in enumerate(urls, 1)]
    listed = ", ".join(shown[:MAX_SERVERS_LISTED]) + (", …" if len(servers) > MAX_SERVERS_LISTED else "")
    return NoSuchServer(f"there is no server {shown_url(wanted)[:120]!r}; there is: {listed}")


def _wanted(description: Description, own: list[JsonObject], wanted: str, manifest_location: str) -> str:
    """The URL of the server that a person chose: by its number, by what it is called, or by a URL that it may have.

    An operation with servers of its `own` is called on the chosen one of the document where it has that one too.
    Raises: `NoSuchServer`, `OperationUnusable` where it cannot be used.
    """
    numbered = _numbered(description, wanted)
    chosen = _url(numbered, description, manifest_location) if numbered is not None else wanted
    if numbered is not None and not own:
        return chosen
    servers = own or _of_document(description)
    for server in servers:
        try:
            url = _url(server, description, manifest_location)
        except OperationUnusable:
            url = ""
        if _is_called(server, url, chosen):
            return url or _url(server, description, manifest_location)
    if any(is_fillable(server, chosen) for server in servers):
        return _usable(chosen, description, manifest_location)
    is_nowhere = not _base(description, manifest_location) and all(_is_relative(server) for server in servers)
    if is_url(wanted) and is_nowhere:
        return _usable(_placed(servers, wanted), description, manifest_location)
    raise _no_such(chosen, servers, is_own=bool(own))


def server_url(description: Description, entry: Entry, manifest_location: str, wanted: str = "") -> str:
    """The URL of a server of the operation, its path or the document, without a slash at the end.

    It is the `wanted` one (a number from 1 in the list of the document, a URL as it is written or filled, a name or a
    description), else the first that can be used. Variables take their defaults, or what they list and the wanted URL
    says; a relative URL starts at the description, else at the manifest, else where a wanted URL says.
    Raises: `OperationUnusable`.
    """
    own = _own(description, entry)
    if wanted:
        return _wanted(description, own, wanted, manifest_location)
    first: OperationUnusable | None = None
    for server in own or _of_document(description):
        try:
            return _url(server, description, manifest_location)
        except ServerNotFilled:
            raise  # the server that the author means first is not known: another one may be somebody else's
        except OperationUnusable as reason:
            first = first or reason
    raise first or OperationUnusable("it has no server")
