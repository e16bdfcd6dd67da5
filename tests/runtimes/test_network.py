"""Which URLs and addresses may be contacted."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.network import (
    AddressRules,
    ContactRefused,
    Origin,
    check_addresses,
    is_public,
    literal_address,
    origin_of,
)

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "198.17.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001:80e::200e",
    "2400:cb00::1",
]
CLOSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2a00:1450::5efe:7f00:1",
    "2a00:1450::200:5efe:a00:1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", CLOSED)
def test_every_other_address_is_closed(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.1"]
)
def test_every_spelling_of_an_address_is_read(host: str) -> None:
    assert literal_address(host) == ip_address("127.0.0.1")
    with pytest.raises(ContactRefused, match="127"):
        AddressRules().check_host(origin_of(f"http://{host}/"))


@pytest.mark.parametrize("host", ["example.com", "1.example.com", "0x", "cafe", "1.2.3.4.5", "256.1.1.1", ""])
def test_a_name_is_no_address(host: str) -> None:
    assert literal_address(host) is None


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Example.COM./x", ("http", "example.com", 80)),
        ("HTTPS://a.example:8443?x", ("https", "a.example", 8443)),
        ("http://[::1]:80/", ("http", "::1", 80)),
        ("http://[0:0::0:1]", ("http", "::1", 80)),
        ("http://2130706433", ("http", "127.0.0.1", 80)),
    ],
)
def test_an_origin_has_one_spelling(url: str, origin: tuple[str, str, int]) -> None:
    scheme, host, port = origin
    assert origin_of(url) == Origin(scheme=scheme, host=host, port=port)


def test_an_origin_is_written_as_people_write_it() -> None:
    urls = ["http://a.example:80/x", "https://a.example:80", "http://[::1]:8080"]
    assert [str(origin_of(url)) for url in urls] == ["http://a.example", "https://a.example:80", "http://[::1]:8080"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/x",
        "ftp://a.example/",
        "file:///etc/passwd",
        "http:///x",
        "http://",
        "http://user@a.example/",
        "http://user:pass@a.example/",
        "http://127.0.0.1\\@a.example/",
        "http://a.example\t/",
        "http://a.example/\nHost: b",
        "http://a b/",
        "http://<host>/",
        "http://b\u00fccher.example/",
        "http://a.example:x/",
        "http://a.example:99999/",
        "http://[::1/",
        "http://a.example/" + "x" * 20_000,
    ],
)
def test_what_is_no_plain_web_url_is_refused(url: str) -> None:
    with pytest.raises(ContactRefused) as caught:
        origin_of(url)
    assert "pass@" not in str(caught.value)


def test_a_name_that_resolves_to_one_closed_address_is_refused() -> None:
    addresses = [ip_address("8.8.8.8"), ip_address("10.0.0.1")]
    with pytest.raises(
        ContactRefused, match=r"'a\.example' is not a public address.*10\.0\.0\.1.*--allow-host a\.example"
    ):
        check_addresses("a.example", addresses, is_allowed=False)
    check_addresses("a.example", addresses, is_allowed=True)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fd00:ec2::254",
        "fd00:ec2::254%eth0",
        "100.100.100.200",
        "::ffff:169.254.169.254",
        "::ffff:0:169.254.169.254",
        "::a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "2001::5601:5601",
        "fe80::5efe:a9fe:a9fe",
        "169.254.169.253",
        "fe80::a9fe:a9fe",
        "fe80::a9fe:a9fe%eth0",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:2:3:4:a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:a9:fe:a9fe::",
        "64:ff9b:1:0:a9:fea9:fe00:0",
    ],
)
def test_a_metadata_service_stays_closed_to_allowed_hosts(address: str) -> None:
    with pytest.raises(ContactRefused, match="metadata"):
        check_addresses("a.example", [ip_address(address)], is_allowed=True)


@pytest.mark.parametrize(
    "address", ["::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "fe80::1%eth0", "64:ff9b:1::7f00:1"]
)
def test_other_closed_addresses_open_with_their_host(address: str) -> None:
    check_addresses("a.example", [ip_address(address)], is_allowed=True)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8801/"),
        ("localhost:8801", "http://LOCALHOST:8801/"),
        ("[::1]:80", "http://[::1]/"),
        ("::1", "https://[::1]/"),
        ("[::1]", "https://[0::1]/"),
        ("Intranet.example.", "https://intranet.example/"),
    ],
)
def test_an_entry_opens_the_host_it_names(entry: str, url: str) -> None:
    rules = AddressRules([entry])
    assert rules.names(origin_of(url))
    rules.check_host(origin_of(url))


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("localhost:8801", "http://localhost:8802/"),
        ("127.0.0.1", "http://127.0.0.2/"),
        ("127.0.0.1", "http://localhost/"),
        ("example.com", "http://www.example.com/"),
        ("[::1]:80", "http://[::1]:81/"),
    ],
)
def test_an_entry_opens_nothing_else(entry: str, url: str) -> None:
    assert not AddressRules([entry]).names(origin_of(url))


@pytest.mark.parametrize("entry", ["", "a/b", "http://a", "a:b", "[", "a b", "u@a", "a:123456", "*"])
def test_an_entry_that_is_no_host_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="is not a host"):
        AddressRules([entry])


@given(st.text() | st.text("ht:/[]@.%0x1a\\").map(lambda rest: "https://" + rest))
def test_nothing_but_a_refusal_is_raised(url: str) -> None:
    try:
        origin = origin_of(url)
        AddressRules().check_host(origin)
    except ContactRefused:
        return
    assert origin_of(f"{origin}/") == origin


@pytest.mark.parametrize("host", ["example.com", "8.8.8.8", "[2606:4700::1111]"])
def test_a_public_host_is_contacted_by_https_alone_unless_it_is_allowed(host: str) -> None:
    """Issue 4, point 10."""
    AddressRules().check_host(origin_of(f"https://{host}/"))
    with pytest.raises(ContactRefused, match=r"is not https; `--allow-host .* opens it"):
        AddressRules().check_host(origin_of(f"http://{host}/"))
    AddressRules([host]).check_host(origin_of(f"http://{host}/"))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.42.42",
        "169.254.0.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fd00:c1::a9fe:a9fe",
        "fd00:42::42",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "2a00:1450::5efe:169.254.169.254",
    ],
)
def test_no_permission_opens_a_metadata_service(address: str) -> None:
    with pytest.raises(ContactRefused, match="never contacted"):
        check_addresses("allowed.example", [ip_address(address)], is_allowed=True)
