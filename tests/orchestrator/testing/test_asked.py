"""Requests to a model are compared by what they mean (issue 6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.model.base import (
    AssistantMessage,
    Message,
    ModelCall,
    PhraseRequest,
    ReasoningRequest,
    RespondingRequest,
    ToolDefinition,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from orchestrator.testing.judging.exchanges import AnyModelRequest
from orchestrator.testing.recordings.asked import asked, meaning

TOOL = ToolDefinition(name="find", description="Finds  a home", parameters={"type": "object", "title": "a  b"})


def _messages(call_id: str, arguments: str, result: str) -> tuple[Message, ...]:
    call = ModelCall(id=call_id, tool="find", arguments=arguments)
    return (UserMessage(text="Find"), AssistantMessage(calls=(call,)), ToolMessage(call_id=call_id, text=result))


def _request(
    call_id: str = "a", arguments: str = '{"a":1,"b":[2]}', result: str = '{"x":1,"y":2}', system: str = "Be kind."
) -> ReasoningRequest:
    return ReasoningRequest(system=system, messages=_messages(call_id, arguments, result), tools=ToolSet((TOOL,)))


def test_a_request_is_a_value_without_ids() -> None:
    assert asked(_request()) == {
        "state": "reasoning",
        "system": "Be kind.",
        "tools": [{"name": "find", "description": "Finds  a home", "parameters": {"type": "object", "title": "a  b"}}],
        "messages": [
            {"user": "Find"},
            {"calls": [{"call": "find", "with": {"a": 1, "b": [2]}}]},
            {"result": {"x": 1, "y": 2}, "of": 1},
        ],
    }


@pytest.mark.parametrize(
    "same",
    [
        _request(call_id="another"),
        _request(arguments=' {"b": [2], "a": 1}'),
        _request(result='{"y": 2, "x": 1}'),
        _request(system="Be\n  kind. "),
    ],
)
def test_ids_white_space_and_the_order_of_members_do_not_matter(same: ReasoningRequest) -> None:
    assert meaning(asked(same)) == meaning(asked(_request()))


@pytest.mark.parametrize(
    "other",
    [
        _request(arguments='{"a":1,"b":[3]}'),
        _request(arguments="{"),
        _request(result='{"x":1,"y":true}'),
        _request(result="nothing"),
        _request(system="Be brief."),
        replace(_request(), tools=ToolSet(())),
        replace(_request(), tools=ToolSet((replace(TOOL, parameters={"type": "object", "title": "a b"}),))),
        RespondingRequest(system="Be kind.", messages=_request().messages),
        PhraseRequest(instruction="Ask", data={}),
    ],
)
def test_everything_else_matters(other: AnyModelRequest) -> None:
    assert meaning(asked(other)) != meaning(asked(_request()))


def test_white_space_in_values_matters() -> None:
    one, other = (asked(_request(arguments=f'{{"note":"a{space}b"}}')) for space in (" ", "  "))
    assert meaning(one) != meaning(other)
    data = (PhraseRequest(instruction="Ask", data={"user": {"note": f"a{space}b"}}) for space in (" ", "  "))
    assert len({meaning(asked(request)) for request in data}) == 2


def test_a_result_names_its_call_by_position() -> None:
    calls = tuple(ModelCall(id=name, tool="find", arguments="") for name in "xy")
    messages = (
        AssistantMessage(text="One moment.", calls=calls),
        ToolMessage(call_id="y", text="second"),
        ToolMessage(call_id="x", text="first"),
        ToolMessage(call_id="?", text="of no call"),
    )
    assert asked(RespondingRequest(system="", messages=messages))["messages"] == [
        {"assistant": "One moment.", "calls": [{"call": "find", "with": ""}, {"call": "find", "with": ""}]},
        {"result": "second", "of": 2},
        {"result": "first", "of": 1},
        {"result": "of no call", "of": 0},
    ]
