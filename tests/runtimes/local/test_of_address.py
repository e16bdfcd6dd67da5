"""Addresses of local plugins: what they mean, and which are refused (spec 11.4, issue 10)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtimes.local.transports.of_address import (
    MAX_ADDRESS_CHARS,
    AddressRefused,
    TcpAddress,
    UnixAddress,
    UrlAddress,
    http_hosts,
    opener_for,
    read_address,
)
from runtimes.network import Origin
from tests.servers.no_http import NoHttp


def url(text: str, scheme: str, host: str, port: int, *, is_web_socket: bool = False) -> UrlAddress:
    return UrlAddress(url=text, origin=Origin(scheme=scheme, host=host, port=port), is_web_socket=is_web_socket)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unix:/run/plugin.sock", UnixAddress(path="/run/plugin.sock")),
        ("unix:///run/with space", UnixAddress(path="///run/with space")),
        ("UNIX:/run/plugin.sock", UnixAddress(path="/run/plugin.sock")),
        ("tcp:127.0.0.1:4000", TcpAddress(host="127.0.0.1", port=4000)),
        ("tcp:127.9.9.9:1", TcpAddress(host="127.9.9.9", port=1)),
        ("tcp:localhost:65535", TcpAddress(host="localhost", port=65535)),
        ("tcp:LocalHost:4000", TcpAddress(host="localhost", port=4000)),
        ("tcp:[::1]:4000", TcpAddress(host="::1", port=4000)),
        ("http://127.0.0.1:4000/rpc", url("http://127.0.0.1:4000/rpc", "http", "127.0.0.1", 4000)),
        ("http://localhost", url("http://localhost", "http", "localhost", 80)),
        ("HTTPS://[::1]:4000/?a=b", url("https://[::1]:4000/?a=b", "https", "::1", 4000)),
        ("ws://127.0.0.1:4000", url("ws://127.0.0.1:4000", "http", "127.0.0.1", 4000, is_web_socket=True)),
        ("wss://localhost/rpc", url("wss://localhost/rpc", "https", "localhost", 443, is_web_socket=True)),
    ],
)
def test_an_address_of_this_machine_is_read(text: str, expected: object) -> None:
    assert read_address(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "unix:PATH, tcp:HOST:PORT"),
        ("plugin", "unix:PATH, tcp:HOST:PORT"),
        ("127.0.0.1:4000", "unix:PATH, tcp:HOST:PORT"),
        ("file:/etc/passwd", "file: is no such address"),
        ("ftp://localhost/", "ftp: is no such address"),
        ("unix:", "whole path"),
        ("unix:plugin.sock", "whole path"),
        ("unix:@abstract", "whole path"),
        ("unix:/run/", "ends with its name"),
        ("unix:~/plugin.sock", "whole path"),
        ("unix:/run/plugin\0.sock", "control characters"),
        ("unix:/run/\nplugin.sock", "control characters"),
        ("unix:/" + "x" * MAX_ADDRESS_CHARS, "longer than"),
        ("tcp:127.0.0.1", "tcp:127.0.0.1:4000"),
        ("tcp:127.0.0.1:", "tcp:127.0.0.1:4000"),
        ("tcp:127.0.0.1:http", "tcp:127.0.0.1:4000"),
        ("tcp:127.0.0.1:-1", "tcp:127.0.0.1:4000"),
        ("tcp://127.0.0.1:4000", "tcp:127.0.0.1:4000"),
        ("tcp:ada@127.0.0.1:4000", "tcp:127.0.0.1:4000"),
        ("tcp:::1:4000", "tcp:127.0.0.1:4000"),
        ("tcp:127.0.0.1:0", "from 1 to 65535"),
        ("tcp:127.0.0.1:65536", "from 1 to 65535"),
        ("http://127.0.0.1:0/", "from 1 to 65535"),
        ("http://127.0.0.1:99999/", "not a URL"),
        ("http:127.0.0.1", "no host"),
        ("http:///rpc", "no host"),
        ("http://127.0.0.1/ rpc", "space"),
        ("http://127.0.0.1/\\rpc", "backslash"),
        ("ws://127.0.0.1/#here", "fragment"),
        ("tcp:0.0.0.0:4000", "not this machine"),
        ("tcp:[::]:4000", "not this machine"),
        ("tcp:10.0.0.1:4000", "not this machine"),
        ("tcp:[::ffff:10.0.0.1]:4000", "not this machine"),
        ("tcp:example.com:4000", "not this machine"),
        ("tcp:localhost.example.com:4000", "not this machine"),
        ("http://169.254.169.254/", "not this machine"),
        ("https://example.com/rpc", "not this machine"),
        ("ws://192.168.0.2:4000", "not this machine"),
        ("wss://127.0.0.1.nip.io/", "not this machine"),
        ("http://2130706432.example/", "not this machine"),
        ("http://LOCALHOST.:1/", "leave out the full stop after localhost"),
        ("ws://localhost./", "leave out the full stop after localhost"),
    ],
)
def test_any_other_is_refused_with_what_to_write(text: str, says: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        read_address(text)
    assert says in str(refusal.value)
    assert len(str(refusal.value)) < 300
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
def test_credentials_in_a_url_are_refused_and_not_repeated(scheme: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        read_address(f"{scheme}://ada:sesame@127.0.0.1:4000/?key=sesame")
    assert "credentials do not belong into URLs" in str(refusal.value)
    assert "sesame" not in str(refusal.value)


def test_loopback_in_an_odd_spelling_is_loopback_and_another_address_in_one_is_not() -> None:
    assert read_address("tcp:0x7f.1:4000") == TcpAddress(host="127.0.0.1", port=4000)
    with pytest.raises(AddressRefused):
        read_address("tcp:0x0a.1:4000")


def test_an_http_client_has_to_reach_the_hosts_of_http_addresses_and_no_others() -> None:
    addresses = (
        "http://127.0.0.1:4000/a",
        "http://127.0.0.1:4000/b",
        "https://[::1]/",
        "http://localhost/",
        "ws://127.0.0.1:1/",
        "tcp:127.0.0.1:2",
        "http://example.com/",
        "",
    )
    assert http_hosts(addresses) == ("127.0.0.1:4000", "[::1]:443", "localhost:80")


@pytest.mark.parametrize("address", ["unix:/nowhere", "tcp:127.0.0.1:4", "http://127.0.0.1:4", "ws://127.0.0.1:4"])
def test_each_address_has_an_opener(address: str) -> None:
    assert callable(opener_for(address, "auto", NoHttp()))


def test_a_refused_address_has_none() -> None:
    with pytest.raises(AddressRefused):
        opener_for("http://example.com/", "auto", NoHttp())


def test_reading_addresses_loads_neither_a_library_for_web_sockets_nor_one_for_http() -> None:
    script = (
        "import sys; from runtimes.local.transports.of_address import read_address; read_address('ws://127.0.0.1/');"
        "print(sorted({'wsproto', 'h11', 'httpx2', 'httpcore2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
