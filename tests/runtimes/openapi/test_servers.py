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
