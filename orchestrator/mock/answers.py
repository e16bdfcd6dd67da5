"""The answer that a description promises: an example of the author's, else data made up from the schema. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from orchestrator.mock.bodies import is_json_type, plain_type
from orchestrator.mock.exchange import JSON_TYPE, Answer
from orchestrator.mock.generate import Generator
from orchestrator.mock.schemas import Schemas
from runtimes.openapi.members import list_at, object_at
from runtimes.values import Json, JsonObject, dump_json

MAX_XML_DEPTH = 32
"""Elements inside each other."""

MAX_GENERATORS = 500
"""Schemas for which what makes their data is kept."""

_BODILESS = frozenset({204, 205, 304})
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
"""A PNG of one pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    status: int
    response: JsonObject


def _status(name: str) -> int:
    """The status of a response by its name: `200`, `2XX` or `default`."""
    if name.isdecimal() and len(name) == 3:
        return int(name)
    return int(name[0]) * 100 if len(name) == 3 and name[0].isdecimal() else 200


def _chosen(schemas: Schemas, operation: JsonObject) -> _Chosen:
    """The response of a call that went well; 200 without a body where the description has none."""
    responses = {name: schemas.followed(raw) for name, raw in object_at(operation, "responses").items()}
    good = sorted(name for name in responses if name.startswith("2") and len(name) == 3)
    names = [*(name for name in good if name.isdecimal()), *good, *(name for name in responses if name == "default")]
    if not names:
        return _Chosen(status=200, response={})
    return _Chosen(status=_status(names[0]), response=responses[names[0]])


def _accepted(accept: str) -> Mapping[str, float]:
    """The media ranges of an `Accept` header with their weights (RFC 9110 12.5.1)."""
    found: dict[str, float] = {}
    for part in accept.split(",")[:32]:
        name, *parameters = part.split(";")
        weights = [value.strip()[2:] for value in parameters if value.strip().lower().startswith("q=")]
        try:
            found[name.strip().lower()] = float(weights[0]) if weights else 1.0
        except ValueError:
            found[name.strip().lower()] = 0.0
    return found


def _best(names: Sequence[str], accept: str) -> str:
    """The media type to answer in: what is asked for, JSON where that leaves a choice."""
    ranges = _accepted(accept) if accept else {"*/*": 1.0}

    def weight(name: str) -> float:
        plain = plain_type(name)
        family = f"{plain.partition('/')[0]}/*"
        return next((ranges[one] for one in (plain, family, "*/*") if one in ranges), 0.0)

    return max(names, key=lambda name: (is_json_type(plain_type(name)), weight(name), -names.index(name)))


class Answers:
    """Makes the answers of one description."""

    def __init__(self, schemas: Schemas, *, gives_examples: bool = True) -> None:
        """`gives_examples`: those of the author come before what is made up."""
        self._schemas = schemas
        self._gives_examples = gives_examples
        self._generators: dict[int, tuple[Json, Generator]] = {}

    def answer(self, operation: JsonObject, accept: str, seed: str, given: Mapping[str, Json]) -> Answer:
        """The answer of an operation to a request that has `given` these values; the same for the same seed."""
        chosen = _chosen(self._schemas, operation)
        content = {name: self._schemas.followed(media) for name, media in object_at(chosen.response, "content").items()}
        if chosen.status in _BODILESS or not content:
            return Answer(status=chosen.status)
        name = _best(list(content), accept)
        media_type = name if "*" not in name else JSON_TYPE
        value = self.value(content[name], seed, given)
        return Answer(
            status=chosen.status, media_type=_with_charset(media_type), body=written(value, plain_type(media_type))
        )

    def value(self, media: JsonObject, seed: str, given: Mapping[str, Json]) -> Json:
        """An example of a media type, else one of its schema, else what is made up."""
        schema = media.get("schema")
        examples = list(self._examples(media, schema)) if self._gives_examples else []
        if examples:
            return examples[0]
        return self._generator(schema).made(seed, given) if schema is not None else {}

    def _generator(self, schema: Json) -> Generator:
        """What makes data for a schema of the description; kept for the next answer."""
        known = self._generators.get(id(schema))
        if known is not None:
            return known[1]
        if len(self._generators) >= MAX_GENERATORS:
            self._generators.clear()
        made = Generator(self._schemas.standalone(schema, "response", has_examples=self._gives_examples))
        self._generators[id(schema)] = schema, made  # the schema is kept, so that no other one gets its identity
        return made

    def _examples(self, media: JsonObject, schema: Json) -> Iterator[Json]:
        if "example" in media:
            yield media["example"]
        for raw in object_at(media, "examples").values():
            example = self._schemas.followed(raw)
            for member in ("dataValue", "value"):
                if member in example:
                    yield example[member]
        target = self._schemas.followed(schema)
        if "example" in target:
            yield target["example"]
        yield from list_at(target, "examples")


def _with_charset(media_type: str) -> str:
    is_text = media_type.startswith("text/") and "charset" not in media_type
    return f"{media_type}; charset=utf-8" if is_text else media_type


def _xml(name: str, value: Json, depth: int = 0) -> str:
    """A value as elements: without the hints of the schema, well-formed and no more."""
    tag = "".join(char if char.isalnum() and char.isascii() else "_" for char in name) or "item"
    tag = tag if tag[0].isalpha() else f"_{tag}"
    if depth >= MAX_XML_DEPTH or value is None:
        return f"<{tag}/>"
    if isinstance(value, dict):
        inner = "".join(_xml(key, member, depth + 1) for key, member in value.items())
    elif isinstance(value, list):
        inner = "".join(_xml("item", member, depth + 1) for member in value)
    else:
        inner = escape(_plain(value))
    return f"<{tag}>{inner}</{tag}>"


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else dump_json(value)


def written(value: Json, media_type: str) -> bytes:
    """A value in a media type."""
    if is_json_type(media_type):
        return dump_json(value).encode()
    if media_type.endswith(("/xml", "+xml")):
        return (value if isinstance(value, str) else _xml("root", value)).encode()
    if media_type == "image/png":
        return _PIXEL
    return _plain(value).encode(errors="replace")
