"""Whatever is said over whatever functions: no crash, and only arguments that satisfy the schema."""

from __future__ import annotations

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.model.base import (
    AssistantMessage,
    Message,
    ModelCall,
    ReasoningRequest,
    RespondingRequest,
    ToolDefinition,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from orchestrator.model.offline import OfflineModel
from runtimes.values import Json, JsonObject
from tests.orchestrator.model.offline.chat import TODAY, arguments_of, collect
from tests.rounds import rounds

WORDS = [
    "find", "save", "turn", "delete", "city", "bedrooms", "three", "7", "2.5", "-1", "in", "Seattle", "dark", "off",
    "on", "title", "id", "AB12", "tomorrow", "2027-01-02", "ada@example.com", "https://example.com/x", '"quoted text"',
    "it", "with", "without", "parking", "yes", "no", "and", "that", "{}", "[1]", "under", "named", ":", ",", "?",
]  # fmt: skip
SAID = st.lists(st.sampled_from(WORDS), max_size=10).map(" ".join) | st.text(max_size=60)

_NAMES = st.sampled_from(
    [
        "city",
        "bedrooms",
        "id",
        "title",
        "prompt",
        "query",
        "date",
        "startTime",
        "isNew",
        "state",
        "url",
        "email",
        "$ref",
        "",
    ]
)
_SHAPES: list[JsonObject] = [
    {"type": "string", "format": "date"},
    {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
    {"type": "string", "pattern": "^(a+)+$"},
    {"type": "string", "enum": ["dark", "off", "on", "no parking"]},
    {"type": "array", "items": {"type": "string", "enum": ["parking", "city"]}, "minItems": 2},
    {"type": "array", "items": {"type": "object"}, "uniqueItems": True},
    {"type": "boolean"},
    {"type": ["null", "integer"], "minimum": 3, "multipleOf": 7},
    {"type": "number", "exclusiveMaximum": 3},
    {"enum": [1, "7", None, True, {}]},
    {"const": "dark"},
    {"anyOf": [{"type": "null"}, {"type": "integer"}], "default": "x"},
    {"$ref": "#/$defs/thing"},
    {"$ref": "#/nowhere"},
    {"not": {}},
    {},
]


def _text(lengths: tuple[int, int]) -> JsonObject:
    return {"type": "string", "minLength": lengths[0], "maxLength": lengths[1]}


_LEAVES = st.sampled_from(_SHAPES) | st.tuples(st.integers(0, 9), st.integers(0, 20)).map(_text)


def _objects(members: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    def closed(parts: tuple[dict[str, JsonObject], list[str], bool]) -> JsonObject:
        properties, required, is_open = parts
        named: JsonObject = {**properties}
        return {
            "type": "object",
            "properties": named,
            "required": list[Json](dict.fromkeys(required)),
            "additionalProperties": is_open,
        }

    parts = st.tuples(st.dictionaries(_NAMES, members, max_size=5), st.lists(_NAMES, max_size=2), st.booleans())
    return parts.map(closed)


_THING: Json = {
    "thing": {"type": "object", "properties": {"title": {"type": "string"}, "self": {"$ref": "#/$defs/thing"}}}
}
SCHEMAS = _objects(_LEAVES | _objects(_LEAVES)).map(lambda schema: {**schema, "$defs": _THING})
TOOLS = st.lists(
    st.builds(
        ToolDefinition,
        name=st.sampled_from(["x-findCity", "x-saveDark", "y-turn_off", "withdraw", "delete", "-", "a-"]),
        description=st.sampled_from(["Finds a city", "Saves it. Can be dark, or off", "", "*"]),
        parameters=SCHEMAS,
    ),
    max_size=4,
    unique_by=lambda tool: tool.name,
).map(lambda tools: ToolSet(tuple(tools)))
RESULTS = st.sampled_from(
    ["", "error: no", '{"id":7,"city":"Rome"}', '[{"title":"a"}]', "not called: the person declined", "{"]
)


def _is_satisfied(schema: JsonObject, arguments: JsonObject) -> bool:
    try:
        return jsonschema_rs.validator_for(schema).is_valid(arguments)
    except jsonschema_rs.ValidationError:
        return True  # a schema that is none demands nothing


@settings(max_examples=rounds(1.5), deadline=None)
@given(tools=TOOLS, said=st.lists(st.tuples(SAID, RESULTS), min_size=1, max_size=4), system=SAID)
async def test_any_conversation_over_any_functions_goes_on(
    tools: ToolSet, said: list[tuple[str, str]], system: str
) -> None:
    model = OfflineModel(today=lambda: TODAY)
    messages: list[Message] = []
    schemas = {tool.name: tool.parameters for tool in tools.definitions}
    for text, result in said:
        messages.append(UserMessage(text=text))
        reply, calls = await collect(
            model.reason(ReasoningRequest(system=system, messages=tuple(messages), tools=tools))
        )
        assert bool(reply) != bool(calls)
        messages.append(AssistantMessage(text=reply, calls=calls))
        for call in calls:
            assert _is_satisfied(schemas[call.tool], arguments_of(call))
            messages.append(ToolMessage(call_id=call.id, text=result))
        answer, none = await collect(model.respond(RespondingRequest(system=system, messages=tuple(messages))))
        assert answer
        assert none == ()


async def test_a_history_that_no_host_would_keep_is_read_all_the_same() -> None:
    call = ModelCall(id="", tool="", arguments="{broken")
    messages: tuple[Message, ...] = (
        ToolMessage(call_id="x", text="y"),
        AssistantMessage(text="hello", calls=(call, call)),
        UserMessage(text="find it \ud800"),
        AssistantMessage(calls=(call,)),
        ToolMessage(call_id="", text="\udfff"),
    )
    model, tools = OfflineModel(), ToolSet(())
    assert (await collect(model.reason(ReasoningRequest(system="", messages=messages, tools=tools))))[0]
    assert (await collect(model.respond(RespondingRequest(system="", messages=messages[:2]))))[0]
    assert (await collect(model.reason(ReasoningRequest(system="", messages=(), tools=tools))))[0]
