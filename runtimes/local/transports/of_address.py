"""Reads the address of a local plugin that runs already, and finds the transport for it. The reading is pure.

Only this machine is reached: an address comes from the host's own table, yet a typing mistake in it must not send what
a person said to a stranger. `localhost` is held to that once more when it is resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtimes.http import HttpClient
from runtimes.local.transports.base import TransportOpener
from runtimes.local_endpoint import Framing
from runtimes.network import ContactRefused, Origin, literal_address, origin_of, plain_host

if TYPE_CHECKING:
    import ssl

MAX_ADDRESS_CHARS = 2048
"""How long an address may be."""

FORMS = "unix:PATH, tcp:HOST:PORT, or an http, https, ws or wss URL"
"""What an address looks like, in words."""

_URL_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""The schemes of URLs, each with the one whose port and rules it shares."""
_TCP = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\[\]:/@]+):(?P<port>[0-9]{1,5})", re.ASCII)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,15}):")
_FULL_STOP = re.compile(r"//localhost\.", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class AddressRefused(ValueError):
    """It is no address that we understand, or none of this machine; the message says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixAddress:
    """A socket in the file system."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpAddress:
    """A port of this machine."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlAddress:
    """A web server on this machine; `ws` and `wss` URLs have the origin of the request that opens them."""

    url: str
    origin: Origin
    is_web_socket: bool


Address = UnixAddress | TcpAddress | UrlAddress


def _checked_host(host: str) -> str:
    """Raises: `AddressRefused` for a host that is not this machine."""
    name = plain_host(host)
    literal = literal_address(name)
    if name == "localhost" or (literal is not None and literal.is_loopback):
        return name
    raise AddressRefused(
        f"{name[:100]!r} is not this machine, and local plugins are reached on no other: write 127.0.0.1, [::1] or"
        " localhost; what runs elsewhere is called through OpenAPI or MCP"
    )


def _checked_port(port: int) -> int:
    if 0 < port < 65536:
        return port
    raise AddressRefused(f"there is no port {port}: they run from 1 to 65535")


def _read_unix(path: str) -> UnixAddress:
    if not path.startswith("/"):
        raise AddressRefused("write the whole path of the socket, as in unix:/run/user/1000/plugin.sock")
    if path.endswith("/"):
        raise AddressRefused("the path of a socket ends with its name, as in unix:/run/user/1000/plugin.sock")
    return UnixAddress(path=path)


def _read_tcp(rest: str) -> TcpAddress:
    found = _TCP.fullmatch(rest)
    if found is None:
        raise AddressRefused("write a host and a port, as in tcp:127.0.0.1:4000")
    return TcpAddress(host=_checked_host(found["host"]), port=_checked_port(int(found["port"])))


def _read_url(scheme: str, rest: str) -> UrlAddress:
    try:
        origin = origin_of(f"{_URL_SCHEMES[scheme]}:{rest}")
    except ContactRefused as refusal:
        raise AddressRefused(str(refusal)) from None
    if "#" in rest:
        raise AddressRefused("a fragment (#…) is never sent: leave it out")
    _checked_host(origin.host)
    if origin.host == "localhost" and _FULL_STOP.match(rest):
        raise AddressRefused("leave out the full stop after localhost: it would be looked up as another name")
    _checked_port(origin.port)
    return UrlAddress(url=f"{scheme}:{rest}", origin=origin, is_web_socket=scheme.startswith("ws"))


def read_address(text: str) -> Address:
    """What an address means.

    Raises: `AddressRefused` when it is not understood, carries credentials, or does not lie on this machine.
    """
    if len(text) > MAX_ADDRESS_CHARS or _CONTROL.search(text):
        raise AddressRefused(f"the address is longer than {MAX_ADDRESS_CHARS} characters or has control characters")
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    rest = text[len(scheme) + 1 :]
    if scheme == "unix":
        return _read_unix(rest)
    if scheme == "tcp":
        return _read_tcp(rest)
    if scheme in _URL_SCHEMES:
        return _read_url(scheme, rest)
    what = f"{scheme}: is no such address" if scheme else "the address is not understood"
    raise AddressRefused(f"{what}: write {FORMS}")


def http_hosts(addresses: Iterable[str]) -> tuple[str, ...]:
    """The hosts, each with its port, that an HTTP client has to reach for those of the addresses that are URLs of HTTP.

    Addresses that are refused have none.
    """
    hosts: list[str] = []
    for text in addresses:
        try:
            address = read_address(text)
        except AddressRefused:
            continue
        if isinstance(address, UrlAddress) and not address.is_web_socket:
            host = f"[{address.origin.host}]" if ":" in address.origin.host else address.origin.host
            hosts.append(f"{host}:{address.origin.port}")
    return tuple(dict.fromkeys(hosts))


def opener_for(address: str, framing: Framing, http: HttpClient, tls: ssl.SSLContext | None = None) -> TransportOpener:
    """What reaches the plugin at an address; `framing` is for sockets, since HTTP and WebSocket frame messages
    themselves, `http` for HTTP, and `tls` for `wss`, where it is not the system that knows whom to trust.

    Raises: `AddressRefused`, as `read_address`.
    """
    read = read_address(address)
    match read:
        case UnixAddress(path=path):
            from runtimes.local.transports.sockets import open_unix

            return lambda: open_unix(path, framing)
        case TcpAddress(host=host, port=port):
            from runtimes.local.transports.sockets import open_tcp

            return lambda: open_tcp(host, port, framing)
        case UrlAddress(url=url, origin=origin, is_web_socket=False):
            from runtimes.local.transports.http_post import open_http_post

            return lambda: open_http_post(url, origin.host, origin.port, http)
        case UrlAddress(url=url, origin=origin):
            from runtimes.local.transports.websocket import open_websocket

            return lambda: open_websocket(url, origin, tls)
