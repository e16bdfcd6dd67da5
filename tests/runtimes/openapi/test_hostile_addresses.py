"""Addresses that must not be called, by whatever spelling, name or answer of a resolver they come."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.transport import CarrierName
from tests.runtimes.openapi.hostility import call
from tests.servers.loopback import Answer, Request, serve, text_response


async def hello(request: Request) -> Answer:
    del request
    return text_response("hello")


class Names:
    """A resolver whose answers change from one question to the next."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.left = list(answers)

    async def __call__(self, host: str, port: int, /) -> Sequence[str]:
        del port
        assert host == "api.test"
        return self.left.pop(0)


async def test_an_address_that_was_judged_is_the_one_that_is_contacted(carrier: CarrierName) -> None:
    """A name is asked for once for each connection: there is no second answer between the check and the connection."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    client = SharedClient(carrier=carrier, resolve=names)
    async with serve(hello) as server:
        result = await call(f"http://api.test:{server.port}", 5.0, client)
        assert result.payload == "hello"
        assert names.left == [["169.254.169.254"]]
        with pytest.raises(InvocationError, match="metadata service, which is never contacted"):
            await call(f"http://api.test:{server.port}", 5.0, client)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1", "169.254.169.254"],
        ["127.0.0.1", "::ffff:169.254.169.254"],
        ["127.0.0.1", "64:ff9b::a9fe:a9fe"],
        ["127.0.0.1", "2002:a9fe:a9fe::"],
        ["127.0.0.1", "fd20:ce::254"],
    ],
)
async def test_one_bad_address_among_good_ones_closes_a_name(carrier: CarrierName, addresses: list[str]) -> None:
    client = SharedClient(carrier=carrier, resolve=Names(addresses))
    async with serve(hello) as server:
        with pytest.raises(InvocationError, match="never contacted"):
            await call(f"http://api.test:{server.port}", 5.0, client)
    assert server.connections == 0


CLOSED = {
    "loopback": "127.0.0.1",
    "short": "127.1",
    "decimal": "2130706433",
    "octal": "0177.0.0.1",
    "hexadecimal": "0x7f000001",
    "with a dot at the end": "127.0.0.1.",
    "unspecified": "0.0.0.0",
    "private": "10.0.0.1",
    "shared": "100.64.0.1",
    "link-local": "169.254.1.1",
    "IPv6 loopback": "[::1]",
    "mapped": "[::ffff:127.0.0.1]",
    "compatible": "[::7f00:1]",
    "NAT64": "[64:ff9b::7f00:1]",
    "local NAT64": "[64:ff9b:1::7f00:1]",
    "6to4": "[2002:7f00:1::1]",
    "Teredo": "[2001::1]",
    "unique local": "[fd00::1]",
    "with a zone": "[fe80::1%25lo]",
}


@pytest.mark.parametrize("host", CLOSED.values(), ids=CLOSED)
async def test_a_closed_address_is_not_called_however_it_is_spelled(host: str) -> None:
    with pytest.raises(InvocationError, match=r"nothing was sent: .*(not a public address|no host name|not a URL)"):
        await call(f"https://{host}/", 5.0, hosts=())


METADATA = ("169.254.169.254", "2852039166", "0251.0376.0251.0376", "0xa9fea9fe", "[::ffff:169.254.169.254]")
TRANSLATED = ("[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16")


@pytest.mark.parametrize("host", METADATA + TRANSLATED)
async def test_no_permission_lets_a_call_reach_a_metadata_service(host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(InvocationError, match=r"nothing was sent: .*metadata service, which is never contacted"):
            await call(f"{scheme}://{host}/latest/", 5.0, hosts=(host,))
