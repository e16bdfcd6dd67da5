"""The JSON Schema of conversation files, for editors.

`python -m orchestrator.testing.format.schema` writes it beside this module; a test compares.
"""

from __future__ import annotations

from pathlib import Path

from orchestrator.testing.format.conversation import ConversationFile
from orchestrator.testing.format.parts import PATTERN_MARK, Listed
from orchestrator.testing.format.patterns import APPROXIMATELY, TYPES
from runtimes.values import Json, JsonObject, pretty_json

FILE = Path(__file__).resolve().parents[1] / "conversation.schema.json"
"""The published schema."""

_PATTERN: JsonObject = {"$ref": "#/$defs/Pattern"}


def _matcher(name: str, value: Json, description: str, **options: Json) -> Json:
    return {
        "type": "object",
        "description": description,
        "properties": {name: value, **options},
        "required": [name],
        "additionalProperties": False,
    }


def _pattern() -> JsonObject:
    """What a value is expected to be: data, or a matcher."""
    kinds: list[Json] = [{"const": True}, {"enum": list(TYPES)}]
    data: list[Json] = [
        {"type": ["string", "number", "boolean", "null"]},
        {"type": "array", "items": _PATTERN},
        {"type": "object", "propertyNames": {"pattern": r"^(?!\$[^$])"}, "additionalProperties": _PATTERN},
    ]
    near = f"a number that is at most `within` away, {APPROXIMATELY} unless said"
    matchers: list[Json] = [
        _matcher("$any", {"anyOf": kinds}, "any value, or any of a type"),
        _matcher("$regex", {"type": "string"}, "a text in which the expression is found"),
        _matcher("$contains", {"type": "string"}, "a text with this part"),
        _matcher("$approx", {"type": "number"}, near, within={"type": "number", "minimum": 0}),
        _matcher("$at-least", {"type": "number"}, "a number that is not smaller"),
        _matcher("$at-most", {"type": "number"}, "a number that is not larger"),
        _matcher("$one-of", {"type": "array", "items": _PATTERN, "minItems": 1}, "a value that fits one of these"),
        _matcher("$absent", {"const": True}, "no member of that name"),
        _matcher("$subset", _PATTERN, "objects may have more members and arrays more elements, however deep"),
        _matcher("$exact", _PATTERN, "inside a subset: nothing more"),
        _matcher("$literal", {}, "exactly this, whatever its names begin with"),
    ]
    description = "Data, with matchers in it. A name of data that begins with a dollar is written with two."
    return {"description": description, "anyOf": [*data, *matchers]}


def _with_patterns(value: Json) -> Json:
    """The schema with a reference in the place of each mark."""
    if isinstance(value, list):
        return [_with_patterns(item) for item in value]
    if not isinstance(value, dict):
        return value
    others = {name: _with_patterns(item) for name, item in value.items() if name not in (PATTERN_MARK, "default")}
    return {**_PATTERN, **others} if PATTERN_MARK in value else others


def conversation_schema() -> JsonObject:
    """The schema, generated from the types."""
    generated: JsonObject = ConversationFile.model_json_schema(by_alias=True)
    schema = _with_patterns(generated)
    assert isinstance(schema, dict)
    definitions = schema.pop("$defs")
    assert isinstance(definitions, dict)
    for name, definition in definitions.items():
        if name.startswith(Listed.__name__) and isinstance(definition, dict):
            definition["description"] = Listed.__doc__
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Scripted conversations",
        "anyOf": [{"required": ["turns"]}, {"required": ["conversations"]}],
        "$defs": {**definitions, "Pattern": _pattern()},
    }


def main() -> None:
    """Writes the schema."""
    FILE.write_text(pretty_json(conversation_schema()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
