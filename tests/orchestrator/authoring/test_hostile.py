"""Descriptions that mean harm, or nothing: a draft is bounded, never fails, and satisfies the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import OrchestratorError
from runtimes.openapi.document import object_at
from runtimes.values import Json, JsonObject, dump_json
from tests.orchestrator.authoring.judge import answering, api, drafted, functions_of
from tests.pace import soon
from tests.rounds import rounds

MAX_SECONDS = 5.0
MAX_DRAFT_BYTES = 256 * 1024
"""Of a manifest with one function."""

TEXTS = (
    *("object", "array", "string", "boolean", "", " ", "${{X}}", "[[k]]", "{{a}}", "{% if %}", "\u202e", "\ud7ff"),
    *("../x.json", "cards/x.json", "$.a", "AdaptiveCard", "None", "#/components/schemas/A", "a-b", "https://a.example"),
)
NAMES = ("results", "data", "title", "name", "url", "file", "type", "a b", "true", "$x", "id", "'", "${{X}}", "")
KINDS = ("object", "object", "array", "string", "number", "boolean", "null", "x")
HANDLING = ("DataTransform", "DataExport", "GetPublicData", "x")
SCHEMES = ("key", "oauth", "lost")
PATHS = ("/", "/a", "/a/{id}", "/${{T}}/b", "/c?d={e}", "/e/{id}/{id}")
METHODS = ("get", "post", "put", "delete", "head")


Writers = Mapping[str, Callable[[], Json]]


class Author:
    """Writes descriptions that are nearly right: any member may be missing or something else."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def text(self) -> str:
        return self._random.choice(TEXTS)

    def name(self) -> str:
        return self._random.choice(NAMES)

    def some(self, write: Callable[[], Json], most: int = 3) -> list[Json]:
        return [write() for _ in range(self._random.randint(0, most))]

    def named(self, names: Sequence[str], write: Callable[[], Json]) -> JsonObject:
        return {self._random.choice(names): write() for _ in range(self._random.randint(1, 4))}

    def rubbish(self) -> Json:
        plain: list[Json] = [None, True, 0, -1, 2.5, self.text(), [], {}, [[self.text()]], {self.name(): [None]}]
        return self._random.choice(plain)

    def object(self, members: Writers) -> JsonObject:
        written: JsonObject = {}
        for name, write in members.items():
            chance = self._random.random()
            if chance < 0.8:
                written[name] = write() if chance > 0.04 else self.rubbish()
        return written

    def schema(self, depth: int = 0) -> Json:
        if depth > 3 or self._random.random() < 0.15:
            return {"$ref": f"#/components/schemas/{self._random.choice('ABL')}"}

        def inner() -> Json:
            return self.schema(depth + 1)

        kind = self._random.choice(KINDS)
        if kind not in {"object", "array"}:
            return self.object({"type": lambda: kind, "format": self.text})
        return self.object(
            {
                "type": lambda: kind,
                "properties": lambda: self.named(NAMES, inner),
                "items": inner,
                "required": lambda: self.some(self.name),
                "allOf": lambda: self.some(inner, most=1),
                "anyOf": lambda: self.some(inner, most=1),
            }
        )

    def content(self) -> Json:
        return self.object({"application/json": lambda: self.object({"schema": self.schema})})

    def capabilities(self) -> Json:
        citation: Writers = {"title": self.text, "url": self.text, "rank": self.text}
        card: Writers = {"file": self.text, "type": self.text, "body": self.rubbish}
        semantics: Writers = {
            "data_path": self.text,
            "properties": lambda: self.object(citation),
            "static_template": lambda: self.object(card),
            "oauth_card_path": self.text,
        }
        confirmation: Writers = {"type": self.text, "title": self.text, "body": self.text}
        security: Writers = {"data_handling": lambda: self.some(lambda: self._random.choice(HANDLING))}
        return self.object(
            {
                "confirmation": lambda: self.object(confirmation),
                "response_semantics": lambda: self.object(semantics),
                "security_info": lambda: self.object(security),
            }
        )

    def security(self) -> Json:
        return self.some(lambda: {self._random.choice(SCHEMES): []}, most=2)

    def parameter(self) -> Json:
        place = self._random.choice(["query", "path", "header", "cookie"])
        return {"name": self.name(), **self.object({"in": lambda: place, "schema": self.schema})}

    def operation(self) -> Json:
        members: dict[str, Callable[[], Json]] = {
            "summary": self.text,
            "description": self.text,
            "responses": lambda: self.named(["200", "2XX"], lambda: self.object({"content": self.content})),
            "parameters": lambda: self.some(self.parameter, most=2),
            "security": self.security,
            "x-ai-description": self.text,
            "x-ai-reasoning-instructions": lambda: self.some(self.text),
            "x-ai-responding-instructions": self.text,
            "x-openai-isConsequential": lambda: self._random.random() < 0.5,
        }
        if self._random.random() < 0.5:
            members["requestBody"] = lambda: self.object({"content": self.content})
        if self._random.random() < 0.3:
            card: Writers = {"file": self.text, "title": self.text, "type": self.text}
            members["x-ai-capabilities"] = self.capabilities
            members["x-ai-adaptive-card"] = lambda: self.object(card)
        return self.object(members)

    def scheme(self) -> Json:
        kind = self._random.choice(["apiKey", "oauth2", "http", "mutualTLS"])
        return {**self.object({"scheme": lambda: "bearer", "x-ai-auth-reference-id": self.text}), "type": kind}

    def description(self) -> JsonObject:
        info: Writers = {
            "title": self.text,
            "description": self.text,
            "x-ai-description": self.text,
            "x-logo": self.text,
            "contact": lambda: self.object({"email": self.text}),
        }
        return api(
            self.named(PATHS, lambda: self.named(METHODS, self.operation)),
            info=self.object(info),
            components={
                "schemas": {"A": self.schema(), "B": {"$ref": "#/components/schemas/A"}},
                "securitySchemes": {"key": self.scheme(), "oauth": self.scheme()},
            },
            security=self.security(),
        )


@settings(max_examples=rounds(1), deadline=None)
@given(seed=st.integers(min_value=0, max_value=2**64))
def test_any_small_description_gives_a_manifest_that_the_schema_takes(seed: int) -> None:
    root = Author(seed).description()
    for source in ("", "https://example.com/openapi.json"):
        drafted(root, source=source)


def test_the_descriptions_of_that_test_reach_what_a_manifest_can_have() -> None:
    drafts = [drafted(Author(seed).description()) for seed in range(60)]
    capabilities = [set(object_at(function, "capabilities")) for draft in drafts for function in functions_of(draft)]
    reasons = {one.reason for draft in drafts for one in draft.left_out}
    assert len(capabilities) > 50
    assert sum("response_semantics" in found for found in capabilities) > 20
    assert sum("confirmation" in found for found in capabilities) > 20
    assert sum(len(draft.references) for draft in drafts) > 20
    assert len(reasons) > 5


def look(schema: Json, more: JsonObject | None = None) -> JsonObject:
    return {"/look": {"get": answering(schema, more)}}


def schemas(**named: Json) -> JsonObject:
    return {"schemas": named}


def references(*names: str) -> list[Json]:
    return [{"$ref": f"#/components/schemas/{name}"} for name in names]


A_REF: JsonObject = {"$ref": "#/components/schemas/A"}
LONG = "long " * 2_000_000
WIDE: JsonObject = {"type": "object", "properties": {f"p{n}": A_REF for n in range(20_000)}}


@pytest.mark.parametrize(
    "root",
    [
        api(look(A_REF), components=schemas(A=A_REF)),
        api(look(A_REF), components=schemas(A={"allOf": references(*"AAAAAAAAAA")})),
        api(look(A_REF), components=schemas(A={"type": "array", "items": A_REF})),
        api(look(A_REF), components=schemas(A={"type": "object", "properties": {"items": A_REF, "title": A_REF}})),
        api(look(A_REF), components=schemas(A={"allOf": references(*["A"] * 10_000)})),
        api(look(WIDE), components=schemas(A={"allOf": references(*"AAAAAAAAAA"), **WIDE})),
        api(
            look({"type": "string"}, {"summary": LONG, "description": LONG}), info={"title": LONG, "description": LONG}
        ),
        api(look({"type": LONG, "properties": {LONG: {"type": LONG}}, "required": [LONG]})),
        api(look({}, {"x-ai-reasoning-instructions": [LONG, *["x"] * 100_000], "x-ai-description": LONG})),
        api(look({}, {"x-ai-capabilities": {"confirmation": {"title": LONG}, "security_info": LONG}})),
        api(look({}, {"x-ai-adaptive-card": {"type": "AdaptiveCard", "body": [LONG]}})),
        api(look({}), security=[{LONG: []}], components={"securitySchemes": {LONG: {"type": "apiKey"}}}),
        api({f"/{'{a}' * 5000}": {"get": {"operationId": "look"}}}),
        api({"/look": {"get": {"operationId": LONG}}}),
        api(look({}), servers=[{"url": "${{" * 100_000}]),
    ],
    ids=lambda root: "",
)
def test_a_hostile_description_is_bounded(root: JsonObject) -> None:
    with soon(MAX_SECONDS):
        draft = drafted(root)
    assert len(dump_json(draft.document)) < MAX_DRAFT_BYTES


def test_a_description_of_very_many_operations_is_refused_at_once() -> None:
    paths: JsonObject = {f"/{n}": {"get": {}} for n in range(50_000)}
    with soon(MAX_SECONDS), pytest.raises(OrchestratorError, match="50000 operations"):
        drafted(api(paths))
