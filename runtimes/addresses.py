"""The addresses of a host that a connection may go to: found, and each of them judged."""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

import anyio

from runtimes.network import check_addresses

MAX_ADDRESSES = 16
"""How many addresses of a host are tried."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Finds the addresses of a host and port, the best first. Raises: `OSError`."""


class NoAddress(Exception):
    """A name has none; the message says so."""


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """What the system knows, the best first. Raises: `OSError`."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def judged_addresses(resolve: Resolve, host: str, port: int, *, is_allowed: bool) -> Sequence[str]:
    """Those to try, one after the other; all that the host has are judged, also those beyond `MAX_ADDRESSES`.

    Raises: `NoAddress`, `ContactRefused`.
    """
    try:
        addresses = await resolve(host, port)
    except (OSError, UnicodeError):
        raise NoAddress(f"the name {host!r} cannot be resolved") from None
    check_addresses(host, map(ip_address, addresses), is_allowed=is_allowed)
    if not addresses:
        raise NoAddress("it has no address")
    return addresses[:MAX_ADDRESSES]


def reason_of(error: BaseException) -> str:
    """Why an address took no connection, in the system's words; empty where it does not say."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__
    return ""
