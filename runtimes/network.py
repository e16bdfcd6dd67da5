"""Which addresses may be contacted: a pure judgement, made before and after a name is resolved.

`ipaddress.is_global` is no such judgement: it lets through multicast, relay and translation prefixes behind which a
private address can hide. So what is public is listed here, and everything else is closed.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

MAX_URL_LENGTH = 16 * 1024
"""Characters in a URL that is contacted."""

MAX_REMEMBERED_HOSTS = 1024
"""How many hosts are remembered with the address they spell, or that they spell none."""

DEFAULT_PORTS = {"http": 80, "https": 443}
"""The schemes that are contacted, and their ports."""

Address = IPv4Address | IPv6Address

_CLOSED_IPV4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_GLOBAL_UNICAST_IPV6 = ip_network("2000::/3")
_CLOSED_IPV6 = tuple(ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_ENTRY = re.compile(
    r"(?P<bare>[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)|(?P<host>\[[0-9a-fA-F:.]+\]|[\w.-]+)(:(?P<port>\d{1,5}))?",
    re.ASCII,
)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)
_START = re.compile(r"[^:/?#]+://[^/?#]*")
_ISATAP_INTERFACES = frozenset({0x00005EFE, 0x02005EFE})
_TRANSLATED = tuple(ip_network(text) for text in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96"))
"""NAT64, IPv4-compatible and IPv4-translated addresses: the last 32 bits are an IPv4 address."""
_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
"""NAT64 as a network has it for itself (RFC 8215): its prefix may have several lengths."""
_NAT64_BYTES = ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15))
"""Where the IPv4 address lies behind prefixes of 48, 56, 64 and 96 bits (RFC 6052, 2.2)."""
_METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.253",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "169.254.0.23",
        "169.254.42.42",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd00:42::42",
        "fd00:c1::a9fe:a9fe",
        "fd20:ce::254",
        "fe80::a9fe:a9fe",
    )
)


class ContactRefused(ValueError):
    """A URL or address must not be contacted; the message says why, without the URL's query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Scheme, host and port of a URL."""

    scheme: str
    """`http` or `https`."""
    host: str
    """Lower case, without the brackets of an IPv6 address."""
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


@lru_cache(maxsize=MAX_REMEMBERED_HOSTS)
def literal_address(host: str) -> Address | None:
    """The address that a host spells, also in the short, decimal, octal and hexadecimal forms of IPv4; else None."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not host or host[0] not in "0123456789" or not set(host) <= set("0123456789abcdefABCDEFxX."):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def plain_host(host: str) -> str:
    """One spelling for hosts that are the same: lower case, no brackets, no dot at the end."""
    name = host.casefold().removeprefix("[").removesuffix("]").rstrip(".")
    address = literal_address(name)
    return name if address is None else str(address)


def authority_end(url: str) -> int:
    """Where the scheme and the authority of a URL end, and what follows them begins."""
    found = _START.match(url)
    return len(url) if found is None else found.end()


@lru_cache(maxsize=MAX_REMEMBERED_HOSTS)
def _origin_of_start(url: str) -> Origin:
    """The origin of what is the start of a URL. Raises: `ContactRefused`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ContactRefused(f"not a URL: {error}") from None
    scheme = parts.scheme
    if scheme not in DEFAULT_PORTS:
        raise ContactRefused(f"only http and https URLs are contacted, not {scheme or 'a relative reference'!r}")
    if "@" in parts.netloc:
        raise ContactRefused("the URL carries a user name or password; credentials do not belong into URLs")
    if not host or not host.isascii():
        raise ContactRefused("the URL has no host" if not host else f"write the host {host!r} in its ASCII form")
    if not _HOST.fullmatch(host) and literal_address(host) is None:
        raise ContactRefused(f"{host!r} is no host name")
    return Origin(scheme=scheme, host=plain_host(host), port=DEFAULT_PORTS[scheme] if port is None else port)


def origin_of(url: str) -> Origin:
    """The origin of an http or https URL.

    Raises: `ContactRefused` when it is not such a URL, or carries a user name.
    """
    if len(url) > MAX_URL_LENGTH:
        raise ContactRefused(f"the URL is longer than {MAX_URL_LENGTH} characters")
    if _FORBIDDEN.search(url):
        raise ContactRefused("the URL contains a space, a control character or a backslash")
    return _origin_of_start(url[: authority_end(url)])


def _embedded(address: Address) -> Iterator[Address]:
    """An address without its zone, and the IPv4 addresses that lie in it."""
    if isinstance(address, IPv4Address):
        yield address
        return
    plain = IPv6Address(int(address))
    yield plain
    for inner in (plain.ipv4_mapped, plain.sixtofour, *(plain.teredo or ())):
        if inner is not None:
            yield inner
    interface = (int(plain) >> 32) & 0xFFFFFFFF
    if interface in _ISATAP_INTERFACES or any(plain in network for network in _TRANSLATED):
        yield IPv4Address(int(plain) & 0xFFFFFFFF)
    if plain in _LOCAL_NAT64:
        yield from (IPv4Address(bytes(plain.packed[place] for place in places)) for places in _NAT64_BYTES)


def _is_metadata(address: Address) -> bool:
    return any(inner in _METADATA for inner in _embedded(address))


def is_public(address: Address) -> bool:
    """True for an address of public unicast that hides no other one inside."""
    if _is_metadata(address):
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_IPV4)
    interface = (int(address) >> 32) & 0xFFFFFFFF
    return (
        address in _GLOBAL_UNICAST_IPV6
        and not any(address in network for network in _CLOSED_IPV6)
        and interface not in _ISATAP_INTERFACES
        and address.scope_id is None
    )


def _allowed_entry(text: str) -> tuple[str, int | None]:
    if (found := _ENTRY.fullmatch(text)) is None:
        raise ValueError(f"{text!r} is not a host or host:port")
    return plain_host(found["bare"] or found["host"]), int(found["port"]) if found["port"] else None


class AddressRules:
    """What may be contacted: public addresses by https, and whatever the named hosts resolve to, by http too.

    An entry is the host as it stands in the URL, with a port or without: `127.0.0.1`, `localhost:8801`, `[::1]:80`.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """Raises: `ValueError` for an entry that is not a host."""
        self._allowed = frozenset(map(_allowed_entry, allowed))

    def names(self, origin: Origin) -> bool:
        """True when an entry names that host."""
        return (origin.host, None) in self._allowed or (origin.host, origin.port) in self._allowed

    def check_host(self, origin: Origin) -> None:
        """Judges what can be known before resolving. Raises: `ContactRefused`."""
        is_allowed = self.names(origin)
        address = literal_address(origin.host)
        if address is not None:
            check_addresses(origin.host, [address], is_allowed=is_allowed)
        if origin.scheme == "http" and not is_allowed:
            raise ContactRefused(f"{origin} is not https; `--allow-host {origin.host}` opens it all the same")


def check_addresses(host: str, addresses: Iterable[Address], *, is_allowed: bool) -> None:
    """Judges every address of a host: one bad answer among good ones closes it.

    Cloud metadata services stay closed also where the host is allowed. Raises: `ContactRefused`.
    """
    for address in addresses:
        if _is_metadata(address):
            raise ContactRefused(f"{host!r} is the address of a cloud metadata service, which is never contacted")
        if not is_allowed and not is_public(address):
            spelled = "" if host == str(address) else f" (it resolves to {address})"
            raise ContactRefused(f"{host!r} is not a public address{spelled}; `--allow-host {host}` opens it")
