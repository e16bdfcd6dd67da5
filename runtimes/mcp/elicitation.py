"""What an MCP server asks the person while a tool runs, and what they answer: elicitation, both ways. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from runtimes.http import is_url
from runtimes.questions import MAX_QUESTION_CHARS, LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject, dump_json

MAX_FIELDS = 20
"""How many things one question may ask for."""
MAX_FORM_BYTES = 16 * 1024
"""How long the form of one question may be, as JSON."""
MAX_URL_CHARS = 2000
"""How long the address may be that a person is asked to open."""

_SIMPLE = frozenset({"string", "number", "integer", "boolean"})


class CannotAsk(Exception):
    """It is nothing that a person can be asked; the message tells the server why."""


def _is_simple(field: Json) -> bool:
    """True for one value, or several of a given list (MCP, `PrimitiveSchemaDefinition`)."""
    if not isinstance(field, dict):
        return False
    if field.get("type") == "array":
        items = field.get("items")
        return isinstance(items, dict) and items.get("type", "string") == "string"
    return field.get("type") in _SIMPLE


def _form(schema: Json) -> JsonObject | None:
    """Raises: `CannotAsk`."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(schema, dict) or not isinstance(properties, dict):
        raise CannotAsk("the requested schema is no object with properties")
    if len(properties) > MAX_FIELDS or len(dump_json(schema)) > MAX_FORM_BYTES:
        raise CannotAsk(f"a form has at most {MAX_FIELDS} fields and {MAX_FORM_BYTES} bytes")
    if nested := [name for name, field in properties.items() if not _is_simple(field)]:
        raise CannotAsk(f"the field {nested[0][:100]!r} is neither a string, number, boolean nor a choice of strings")
    return schema if properties else None


def _address(value: Json) -> str:
    """Raises: `CannotAsk`."""
    try:
        is_usable = isinstance(value, str) and is_url(value) and bool(urlsplit(value).hostname)
    except ValueError:
        is_usable = False
    if not isinstance(value, str) or not is_usable or len(value) > MAX_URL_CHARS or not value.isprintable():
        raise CannotAsk(f"a person is only asked to open an http or https URL of at most {MAX_URL_CHARS} characters")
    return value


def question_of(params: JsonObject) -> LiveQuestion:
    """The question that the parameters of `elicitation/create` ask. Raises: `CannotAsk`."""
    message = params.get("message")
    said = message[:MAX_QUESTION_CHARS] if isinstance(message, str) else ""
    text = "".join(char for char in said if char.isprintable() or char == "\n")
    if params.get("mode") == "url":
        return LiveQuestion(text=text, url=_address(params.get("url")))
    return LiveQuestion(text=text, form=_form(params.get("requestedSchema")))


def _is_answerable(value: Json) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return not isinstance(value, dict)


def result_of(answer: LiveAnswer, question: LiveQuestion) -> JsonObject:
    """The result that answers `elicitation/create`."""
    if answer.action != "accept" or question.url:
        return {"action": answer.action}
    content: JsonObject = {name: value for name, value in answer.content.items() if _is_answerable(value)}
    return {"action": "accept", "content": content}
