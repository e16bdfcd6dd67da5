"""What an error is, in one line: what the answer says itself, and what the description says of such answers."""

from __future__ import annotations

from collections.abc import Iterator

from runtimes.openapi.document import Description, OperationUnusable
from runtimes.openapi.members import object_at, text_at
from runtimes.values import Json, JsonObject

MAX_SAID_CHARS = 300
"""Characters of what an answer says of itself."""

MAX_DECLARED_CHARS = 200
"""Characters of each thing that the description says."""

MAX_MEMBERS = 5
"""How many members of an error are explained, and how many entries of a list of errors are told."""

_SAYING = ("title", "detail", "message", "error_description", "reason", "description")
_INSIDE = ("error", "errors", "details", "fault")


def one_line(text: str, limit: int) -> str:
    """Text from outside within one line: printable, single blanks, no longer than the limit."""
    start = text[: 4 * limit]
    line = " ".join("".join(char if char.isprintable() else " " for char in start).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _sayings(answer: Json, depth: int = 0) -> Iterator[str]:
    """The texts in which errors usually say what they are, such as problem details (RFC 9457)."""
    if isinstance(answer, str) and depth:
        yield answer
    if isinstance(answer, list) and depth:
        for entry in answer[:MAX_MEMBERS]:
            yield from _sayings(entry, depth)
    if not isinstance(answer, dict) or depth > 2:
        return
    for name in _SAYING:
        value = answer.get(name)
        if isinstance(value, str):
            yield value
    for name in _INSIDE:
        yield from _sayings(answer.get(name), depth + 1)


def said(answer: Json) -> str:
    """What an error says of itself; empty where it does not say it in a usual way."""
    lines = (one_line(text, MAX_SAID_CHARS) for text in _sayings(answer))
    return one_line(": ".join(dict.fromkeys(line for line in lines if line)), MAX_SAID_CHARS)


class DeclaredErrors:
    """What the description says of an operation's errors; looked up when there is one."""

    def __init__(self, description: Description, operation: JsonObject) -> None:
        self._description = description
        self._responses = object_at(operation, "responses")

    def _response(self, status: int) -> JsonObject:
        """The response that is declared for a status: by its number, its class, or for all others."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in self._responses:
                return self._followed(self._responses[key])
        return {}

    def _followed(self, value: Json) -> JsonObject:
        try:
            return self._description.follow(value)
        except OperationUnusable:
            return {}

    def _schema(self, response: JsonObject) -> JsonObject:
        """Of the JSON form; of Swagger 2.0, the only one."""
        content = object_at(response, "content")
        media = next((value for name, value in content.items() if "json" in name), None)
        written = media.get("schema") if isinstance(media, dict) else response.get("schema")
        return self._followed(written) if isinstance(written, dict) else {}

    def description(self, status: int) -> str:
        """What an answer with that status means; empty where nothing is declared."""
        return one_line(text_at(self._response(status), "description"), MAX_DECLARED_CHARS)

    def members(self, status: int, answer: Json) -> tuple[str, ...]:
        """What the members of an error mean, a line each, where its schema says so."""
        if not isinstance(answer, dict):
            return ()
        properties = object_at(self._schema(self._response(status)), "properties")
        described = ((name, self._followed(properties[name])) for name in answer if name in properties)
        texts = ((name, one_line(text_at(schema, "description"), MAX_DECLARED_CHARS)) for name, schema in described)
        return tuple(f"{name!r} is declared as: {text}" for name, text in texts if text)[:MAX_MEMBERS]
