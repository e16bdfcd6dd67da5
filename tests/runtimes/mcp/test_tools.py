"""The definitions of tools, as strangers write them."""

from __future__ import annotations

from runtimes.mcp.tools import MAX_TOOL_BYTES, MAX_TOOLS, read_tools, signature, undefined
from runtimes.values import Json, JsonObject

ECHO: JsonObject = {
    "name": "echo",
    "title": "Echo",
    "inputSchema": {"type": "object"},
    "annotations": {"readOnlyHint": True, "destructiveHint": "no", "title": "Other"},
    "_meta": {"anything": 1},
}


def test_a_tool_is_read_with_its_hints_and_described_by_its_title_where_it_says_no_more() -> None:
    tool = read_tools([ECHO]).tools["echo"]
    assert (tool.description, tool.parameters) == ("Echo", {"type": "object"})
    assert (tool.is_read_only, tool.is_destructive) == (True, None)
    assert read_tools([{**ECHO, "description": " Says it. "}]).tools["echo"].description == "Says it."
    assert read_tools([{"name": "bare"}]).tools["bare"].parameters == {}


def test_the_digest_is_that_of_what_defines_the_tool() -> None:
    def digest(**members: Json) -> str:
        return read_tools([{**ECHO, **members}]).tools["echo"].digest

    assert digest(_meta={"anything": 2}) == digest()
    others = (digest(description="x"), digest(inputSchema={}), digest(annotations={}), digest(outputSchema={}))
    assert digest() not in others


def test_names_are_exact_and_what_has_none_is_passed_over() -> None:
    names = ["a/b", "a.b", "a-b", "Ünï", "A"]
    definitions: list[Json] = [{"name": name} for name in names]
    assert list(read_tools([*definitions, {"name": ""}, {"name": "a\nb"}, {"name": 1}, {}, None]).tools) == names
    assert read_tools([{"name": "x" * 300}]).tools == {}


def test_one_tool_that_cannot_be_used_does_not_cost_the_others() -> None:
    deep: Json = {}
    for _ in range(200):
        deep = {"properties": deep}
    listing = read_tools(
        [
            {"name": "long", "description": "x" * MAX_TOOL_BYTES},
            {"name": "deep", "inputSchema": deep},
            {"name": "odd", "inputSchema": []},
            {"name": "twice"},
            {"name": "twice", "description": "another"},
            {"name": "same"},
            {"name": "same"},
            ECHO,
        ]
    )
    assert list(listing.tools) == ["same", "echo"]
    assert listing.unusable["odd"] == "its inputSchema is not an object"
    assert "nested more than" in listing.unusable["deep"]
    assert "is the limit" in listing.unusable["long"]
    assert listing.unusable["twice"] == "its server lists two tools of this name"


def test_there_are_no_more_than_the_limit() -> None:
    assert len(read_tools({"name": f"t{number}"} for number in range(2 * MAX_TOOLS)).tools) == MAX_TOOLS


def test_a_signature_never_says_that_a_tool_may_be_repeated() -> None:
    told = signature(read_tools([{**ECHO, "annotations": {"idempotentHint": True}}]).tools["echo"], "https://a.test")
    assert (told.repeatable, told.method, told.destination) == (False, None, "https://a.test")
    assert told.fingerprint
    assert signature(undefined("echo"), "https://a.test").fingerprint == ""
