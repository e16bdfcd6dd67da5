"""Which server an operation is called on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from runtimes.openapi.document import Description, OperationUnusable
from runtimes.openapi.servers import server_url
from runtimes.values import Json, JsonObject

MANIFEST = "plugin.json"


def chosen(servers: Json, wanted: str = "", location: str = "", **levels: Json) -> str:
    operation: JsonObject = {"operationId": "f"}
    item: JsonObject = {"get": operation}
    if "operation" in levels:
        operation["servers"] = levels["operation"]
    if "path" in levels:
        item["servers"] = levels["path"]
    description = Description({"openapi": "3.1.0", "servers": servers, "paths": {"/x": item}}, location)
    return server_url(description, description.find("f"), MANIFEST, wanted)


def url(text: str, **variables: Json) -> JsonObject:
    return {"url": text, "variables": variables}


ONE: Json = [{"url": "https://one.example/v1/"}]
TWO: Json = [{"url": "https://two.example//"}]
SEVERAL: Json = [
    {"url": "https://one.example", "description": "Production"},
    {"url": "https://{stage}.example/", "name": "stage", "variables": {"stage": {"default": "beta"}}},
    {"url": "/relative"},
]


def test_the_nearest_level_wins_and_slashes_at_the_end_go() -> None:
    assert chosen(ONE) == "https://one.example/v1"
    assert chosen(ONE, path=TWO) == "https://two.example"
    assert chosen(ONE, path=ONE, operation=TWO) == "https://two.example"
    assert chosen(ONE, operation=[]) == "https://one.example/v1"


@pytest.mark.parametrize(
    ("server", "location", "meant"),
    [
        ("/v2/", "https://docs.example/a/api.json", "https://docs.example/v2"),
        ("v2", "https://docs.example/a/api.json?x=1", "https://docs.example/a/v2"),
        ("", "https://docs.example/a/api.json", "https://docs.example/a/api.json"),
        ("//other.example/x", "https://docs.example/a/api.json", "https://other.example/x"),
        (" https://one.example ", "", "https://one.example"),
    ],
)
def test_relative_urls_start_at_the_description(server: str, location: str, meant: str) -> None:
    assert chosen([{"url": server}], location=location) == meant


def test_variables_take_their_defaults() -> None:
    server = url(
        "https://{host}.example:{port}/{base}",
        host={"default": "api", "enum": ["api", "beta"]},
        port={"default": "8443"},
        base={"default": "v1"},
    )
    assert chosen([server]) == "https://api.example:8443/v1"


@pytest.mark.parametrize(
    "wanted", ["2", "stage", "https://beta.example", "https://beta.example/", "https://{stage}.example/"]
)
def test_a_server_is_chosen_by_its_number_its_name_or_its_url(wanted: str) -> None:
    assert chosen(SEVERAL, wanted) == "https://beta.example"


@pytest.mark.parametrize("wanted", ["HTTPS://API.one.example:443/v1", "https://api.ONE.example./v1/"])
def test_a_server_is_chosen_whatever_the_case_of_its_host(wanted: str) -> None:
    assert (
        chosen([{"url": "https://a.example"}, {"url": "https://Api.One.example/v1"}], wanted)
        == "https://Api.One.example/v1"
    )
    with pytest.raises(OperationUnusable, match="there is no server"):
        chosen([{"url": "https://api.one.example/V1"}], wanted)


def test_a_number_counts_in_the_list_of_the_document() -> None:
    assert (
        chosen(SEVERAL, "2", operation=[{"url": "https://a.example"}, {"url": "https://BETA.example/"}])
        == "https://BETA.example"
    )
    others: list[Json] = [ONE, TWO, [{"url": "/v1"}]]
    for own in others:
        with pytest.raises(OperationUnusable, match=r"there is no server 'https://beta\.example'; there is: '"):
            chosen(SEVERAL, "2", operation=own)


def test_numbers_of_yaml_are_values_of_variables() -> None:
    port: JsonObject = {"default": 8443, "enum": [443, 8443]}
    assert (
        chosen([url("https://a.example:{port}/v{v}", port=port, v={"default": 1.5})]) == "https://a.example:8443/v1.5"
    )


REGIONS: Json = [
    url(
        "https://{region}.api.example/{version}/{region}/",
        region={"default": "us", "enum": ["us", "eu", "e"]},
        version={"default": "v1"},
    ),
    url("https://{a}{b}.example:{port}", a={"enum": ["x", "xy"]}, b={"enum": ["yz", "z"]}, port={"enum": [80, 81]}),
    url("https://a.example/{a}{b}", a={"enum": ["x", "$"]}, b={"enum": ["{{V}}"]}),
]


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("https://eu.api.example/v1/eu", "https://eu.api.example/v1/eu"),
        ("https://eu.api.example/v1/eu/", "https://eu.api.example/v1/eu"),
        ("https://us.api.example/v1/us", "https://us.api.example/v1/us"),
        ("https://xyz.example:81", "https://xyz.example:81"),
        ("https://xyyz.example:80/", "https://xyyz.example:80"),
    ],
)
def test_a_wanted_url_chooses_among_the_values_that_variables_list(wanted: str, meant: str) -> None:
    assert chosen(REGIONS, wanted) == meant


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("https://eu.api.example/v1/us", "there is no server"),
        ("https://ap.api.example/v1/ap", "there is no server"),
        ("https://eu.api.example/v2/eu", "there is no server"),
        ("https://eu.api.example/v1/eu/more", "there is no server"),
        ("https://xyz.example:82", "there is no server"),
        ("https://a.example/${{V}}", "the unresolved placeholder ${{V}}"),
    ],
)
def test_a_wanted_url_that_no_values_make_is_refused(wanted: str, words: str) -> None:
    with pytest.raises(OperationUnusable) as caught:
        chosen(REGIONS, wanted)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("servers", "wanted", "meant"),
    [
        ([], "https://real.example", "https://real.example"),
        ([{"url": "/v1/"}, {"url": "v2"}], "https://real.example/", "https://real.example/v1"),
        ([{"url": "/v1"}], "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ([{"url": "/v1"}], "https://real.example/api/v1/", "https://real.example/api/v1"),
        ([url("/{v}", v={"default": 2})], "https://real.example", "https://real.example/2"),
    ],
)
def test_a_person_says_where_the_relative_servers_of_a_file_are(servers: Json, wanted: str, meant: str) -> None:
    assert chosen(servers, wanted) == meant


@pytest.mark.parametrize(
    ("servers", "wanted", "location", "words"),
    [
        ([{"url": "/v1"}], "", "", "say where it is with --server https://HOST"),
        ([{"url": "/v1"}], "https://real.example", "https://docs.example/api.json", "there is no server"),
        ([{"url": "/v1"}, *ONE], "https://real.example", "", "there is no server"),  # type: ignore[misc]
        ([{"url": "//other.example"}], "https://real.example", "", "there is no server"),
        ([{"url": "/${{V}}"}], "https://real.example", "", "there is no server"),
        ([{"url": "/v1"}], "https://u:p@real.example", "", "user name"),
        ([{"url": "/v1"}], "https://real.example/?x=1", "", "query or a fragment"),
        ([{"url": "/v1"}], "real.example", "", "there is no server"),
    ],
)
def test_nobody_moves_servers_that_are_somewhere(servers: Json, wanted: str, location: str, words: str) -> None:
    with pytest.raises(OperationUnusable) as caught:
        chosen(servers, wanted, location)
    assert words in str(caught.value)


def test_without_a_choice_the_first_that_can_be_used_is_taken() -> None:
    assert chosen(SEVERAL) == "https://one.example"
    unusable: list[Json] = [{"url": "ftp://a.example"}, {"url": "https://{x}.example"}, {"url": "/relative"}]
    assert chosen([*unusable, *ONE]) == "https://one.example/v1"  # type: ignore[misc]


REFUSED: Mapping[str, tuple[Json, str, str]] = {
    "not-in-enum": (
        [url("https://{h}.example", h={"default": "a", "enum": ["b"]})],
        "",
        "'h' has a default that is not among its values",
    ),
    "placeholder": ([{"url": "https://${{HOST}}/"}, {"url": "https://one.example"}], "", "unresolved placeholder"),
    "variable": (
        [url("https://a.example/{v}", v={"default": "${{V}}"}), {"url": "https://one.example"}],
        "",
        "the unresolved placeholder ${{V}}",
    ),
    "chosen-variable": (
        [{"url": "https://one.example"}, url("https://{v}", v={"default": "${{V}}"})],
        "2",
        "the unresolved placeholder ${{V}}",
    ),
    "pieces": ([url("https://a.example/{a}{b}", a={"default": "$"}, b={"default": "{{V}}"})], "", "${{V}}"),
    "broken-placeholder": ([{"url": "https://a.example/${{V/x"}], "", "the unresolved placeholder ${{V"),
    "first-reason": ([{"url": "ftp://a.example"}, {"url": "/x"}], "", "only http and https"),
    "no-such-name": (SEVERAL, "Staging", "there is no server 'Staging'; there is: 1 'https://one.example', 2"),
    "no-such-number": (SEVERAL, "4", "there is no server '4'"),
    "zero": (SEVERAL, "0", "there is no server '0'"),
    "elsewhere": (SEVERAL, "https://evil.example", "there is no server"),
    "chosen-and-unusable": (SEVERAL, "3", "is relative"),
    "no-object": (["https://a.example"], "", "an object is needed"),
}


@pytest.mark.parametrize(("servers", "wanted", "words"), REFUSED.values(), ids=REFUSED)
def test_a_server_that_cannot_be_used_is_refused_with_the_reason(servers: Json, wanted: str, words: str) -> None:
    with pytest.raises(OperationUnusable) as caught:
        chosen(servers, wanted)
    assert words in str(caught.value)
