"""Where an MCP server is, as a manifest says it: at a URL, or behind a name in the host's table of local endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from auth import Attached, SignIn
from runtimes.base import RuntimeServices, RuntimeSpec
from runtimes.errors import RuntimeUnavailable
from runtimes.http import is_url, shown_url
from runtimes.local_endpoint import LocalEndpoint, named_endpoint
from runtimes.network import ContactRefused, origin_of
from runtimes.placeholders import unresolved_placeholder, why_unresolved

if TYPE_CHECKING:
    from runtimes.mcp.connecting import Server

REMOTE = "remotemcpserver"
"""The type of runtimes at a URL, case folded."""
REMOTE_IDLE_SECONDS = 600.0
"""How long a session with a remote server is kept that nobody uses."""


class RemotePlace:
    """A server at a URL: a session belongs to whoever's credential goes out."""

    is_shared = True
    idle_seconds: float | None = REMOTE_IDLE_SECONDS
    may_die_of_asking = False

    def __init__(self, url: str) -> None:
        self._whole_url = url
        self.url = shown_url(url)
        self.name = f"the MCP server {self.url}"
        self.destination = str(origin_of(url))

    def server(self, spec: RuntimeSpec, services: RuntimeServices, *, is_listened_to: bool) -> Server:
        """How it is reached; `is_listened_to`: changes of its tools are of interest."""
        from runtimes.mcp.connecting import RemoteServer

        return RemoteServer(self._whole_url, spec, services, is_listened_to=is_listened_to)

    def attached(self, spec: RuntimeSpec) -> tuple[Attached, ...]:
        """What goes out beside the message."""
        from runtimes.mcp.authorization import previewed

        return () if spec.auth.is_anonymous else previewed(spec)

    async def sign_in(self, spec: RuntimeSpec, services: RuntimeServices, person: str) -> SignIn | None:
        """What the person has to do first. Raises: `InvocationError`."""
        if spec.auth.is_anonymous:
            return None
        from runtimes.mcp.authorization import sign_in

        return await sign_in(self._whole_url, services, spec, person)


class LocalPlace:
    """A program of the host's table; it is sent no credentials."""

    may_die_of_asking = True

    def __init__(self, name: str, endpoint: LocalEndpoint) -> None:
        self._id = name
        self._endpoint = endpoint
        self.url = f"local:{name}"
        self.name = f"the local MCP server {name!r}"
        self.destination = f"local MCP server {name!r}"
        self.is_shared = not endpoint.is_per_person
        self.idle_seconds = endpoint.idle_seconds

    def server(self, spec: RuntimeSpec, services: RuntimeServices, *, is_listened_to: bool) -> Server:
        """How it is reached; a program says unasked what has changed."""
        del spec, is_listened_to
        from runtimes.mcp.connecting import LocalServer

        return LocalServer(self._id, self._endpoint, services)

    def attached(self, spec: RuntimeSpec) -> tuple[Attached, ...]:
        """As `RemotePlace.attached`: nothing."""
        del spec
        return ()

    async def sign_in(self, spec: RuntimeSpec, services: RuntimeServices, person: str) -> SignIn | None:
        """As `RemotePlace.sign_in`: nothing."""
        del spec, services, person
        return None


def _remote(spec: RuntimeSpec) -> RemotePlace:
    url = spec.spec.get("url")
    if not isinstance(url, str) or not url:
        raise RuntimeUnavailable(f"a {spec.type} runtime needs 'url', the address of an MCP server")
    if placeholder := unresolved_placeholder(url):
        raise RuntimeUnavailable(f"the URL of its MCP server: {why_unresolved(placeholder)}")
    try:
        if not is_url(url) or not url.isprintable() or urlsplit(url).username is not None:
            raise RuntimeUnavailable(f"the address of its MCP server, {shown_url(url)!r}, is no http or https URL")
        return RemotePlace(url)
    except (ValueError, ContactRefused) as error:
        raise RuntimeUnavailable(f"the URL of its MCP server cannot be used: {error}") from error


def _local(spec: RuntimeSpec, services: RuntimeServices) -> LocalPlace:
    name, endpoint = named_endpoint(spec.type, spec.spec, services.local_endpoints)
    if not endpoint.command:
        raise RuntimeUnavailable(f"local plugin {name!r} has an address; a {spec.type} runtime needs a command")
    return LocalPlace(name, endpoint)


def place_of(spec: RuntimeSpec, services: RuntimeServices) -> RemotePlace | LocalPlace:
    """Where the server of a runtime object is. Raises: `RuntimeUnavailable`."""
    return _remote(spec) if spec.type.casefold() == REMOTE else _local(spec, services)
