"""A large OpenAPI description, generated from a seed: a thousand operations over schemas that are shared heavily.

Its proportions are those of the large public ones: most of it is answers, their examples and prose; what a request
needs is a tenth.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from runtimes.values import Json, JsonObject

OPERATIONS = 1000
"""How many operations there are."""

MODELS = 900
"""How many schemas are shared by the answers."""

INPUTS = 300
"""How many schemas are shared by the requests."""

SHARED_PARAMETERS = 60
"""How many parameters are shared by reference."""

PATHS = 400
"""How many path items the operations stand in."""

_PROSE = (
    "the identifier name of an item account order that was created updated by person when it is returned with all its "
    "members for each page repository project a list value time date state default none limit may be used to filter "
    "results in descending order see also notes on rate limits permissions must have admin access organization team"
)
_WORDS = _PROSE.split()
_METHODS = ("get", "post", "put", "patch", "delete")
_TYPES: tuple[JsonObject, ...] = (
    {"type": "string"},
    {"type": "integer"},
    {"type": "boolean"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "format": "uri"},
    {"type": "string", "nullable": True},
    {"type": "array", "items": {"type": "string"}},
    {"type": "string", "enum": ["open", "closed", "all"]},
)


def _ref(kind: str, name: str) -> JsonObject:
    return {"$ref": f"#/components/{kind}/{name}"}


@dataclass(slots=True)
class _Author:
    """Writes the parts of a description; the same seed gives the same ones."""

    random: random.Random
    samples: list[JsonObject] = field(default_factory=list[JsonObject])

    def prose(self, words: int) -> str:
        return " ".join(self.random.choices(_WORDS, k=max(3, round(self.random.gauss(words, words / 3)))))

    def property(self, references: list[JsonObject]) -> JsonObject:
        if references and self.random.random() < 0.25:
            return self.random.choice(references)
        schema: JsonObject = {**self.random.choice(_TYPES), "description": self.prose(9)}
        return schema | ({"example": self.prose(3)} if schema["type"] == "string" else {})

    def model(self, properties: int, references: list[JsonObject]) -> JsonObject:
        count = max(1, round(self.random.gauss(properties, properties / 3)))
        names = [f"{self.random.choice(_WORDS)}_{number}" for number in range(count)]
        return {
            "type": "object",
            "title": self.prose(2),
            "description": self.prose(12),
            "properties": {name: self.property(references) for name in names},
            "required": [*names[: self.random.randint(0, count)]],
        }

    def example(self) -> Json:
        items: list[Json] = [
            {f"{word}_{number}": self.prose(4) for number, word in enumerate(self.random.choices(_WORDS, k=12))}
            for _ in range(self.random.randint(1, 10))
        ]
        return items

    def parameter(self, name: str, place: str) -> JsonObject:
        return {
            "name": name,
            "in": place,
            "required": place == "path",
            "description": self.prose(14),
            "schema": self.random.choice(_TYPES),
        }


def _operation(author: _Author, method: str, number: int, models: list[str], inputs: list[str]) -> JsonObject:
    shared: list[Json] = [_ref("parameters", f"shared_{author.random.randrange(SHARED_PARAMETERS)}") for _ in range(3)]
    own: list[Json] = [author.parameter(f"q{index}", "query") for index in range(author.random.randint(0, 4))]
    answer: JsonObject = {"schema": _ref("schemas", author.random.choice(models)), "example": author.example()}
    operation: JsonObject = {
        "operationId": f"{method}_thing_{number}",
        "summary": author.prose(6),
        "description": author.prose(60),
        "tags": [author.prose(1)],
        "parameters": [author.parameter("id", "path"), *shared, *own],
        "responses": {
            "200": {"description": author.prose(5), "content": {"application/json": answer}},
            "404": {"description": author.prose(5)},
        },
    }
    if method in ("post", "put", "patch"):
        body: JsonObject = {"schema": _ref("schemas", author.random.choice(inputs)), "example": author.example()}
        operation["requestBody"] = {"required": True, "content": {"application/json": body}}
    return operation


def large_description(seed: int = 1) -> JsonObject:
    """The description: about ten megabytes of JSON."""
    author = _Author(random.Random(seed))
    models = [f"model_{number}" for number in range(MODELS)]
    inputs = [f"input_{number}" for number in range(INPUTS)]
    schemas: JsonObject = {}
    for names, size in ((models, 32), (inputs, 9)):
        references = [_ref("schemas", name) for name in names]
        for number, name in enumerate(names):
            nearby = references[max(0, number - 30) : number + 3] if size > 10 else references[number + 1 : number + 6]
            schemas[name] = author.model(size, nearby)
    parameters: JsonObject = {
        f"shared_{number}": author.parameter(f"shared{number}", "query") for number in range(SHARED_PARAMETERS)
    }
    paths: JsonObject = {}
    for number in range(OPERATIONS):
        method = _METHODS[number // PATHS]
        item = paths.setdefault(f"/things/{number % PATHS}/{{id}}", {})
        assert isinstance(item, dict)
        item[method] = _operation(author, method, number, models, inputs)
    return {
        "openapi": "3.0.3",
        "info": {"title": "Large", "version": "1"},
        "servers": [{"url": "https://api.example/v1"}],
        "paths": paths,
        "components": {"schemas": schemas, "parameters": parameters},
    }
