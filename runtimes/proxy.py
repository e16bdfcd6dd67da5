"""What an HTTP proxy is given and what goes past it: pure judgements.

A proxy resolves names itself, so that no address can be judged here; and its own loopback is not ours.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from runtimes.network import ContactRefused, literal_address, origin_of, plain_host

_METADATA_NAMES = frozenset(
    {
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.goog",
        "metadata.google.internal",
        "metadata.azure.internal",
    }
)


def checked_proxy(url: str) -> str:
    """The URL of a proxy as it is; it may carry a user name and password, which are not repeated.

    Raises: `ValueError` when it is no http or https URL.
    """
    try:
        parts = urlsplit(url)
        origin_of(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())
    except ValueError as error:
        raise ValueError(f"a proxy needs an http or https URL, such as http://proxy.example:8080: {error}") from None
    return url


def is_loopback(host: str) -> bool:
    """True for this machine's own names and addresses, in any spelling."""
    name = plain_host(host)
    address = literal_address(name)
    if address is not None:
        return address.is_loopback
    return name == "localhost" or name.endswith(".localhost")


def check_proxied(host: str, *, is_allowed: bool) -> None:
    """Judges a host whose name a proxy will resolve. Raises: `ContactRefused`."""
    if is_allowed:
        return
    if is_loopback(host):
        raise ContactRefused(f"{host!r} is not a public address; `--allow-host {host}` opens it")
    if plain_host(host) in _METADATA_NAMES:
        raise ContactRefused(f"{host!r} is a cloud metadata service, which a proxy is not asked for")
