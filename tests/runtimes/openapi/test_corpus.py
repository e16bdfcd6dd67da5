"""The OpenAPI descriptions of public plugins open with the functions of their manifests, or say why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import jsonschema_rs
import pytest

from runtimes.base import FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.documents import DocumentError, parse_document
from runtimes.errors import RuntimeUnavailable
from runtimes.fetch import resolve_location
from runtimes.http import HttpRequest, HttpResponse
from runtimes.openapi import open_openapi
from runtimes.openapi.document import list_at, object_at, text_at
from runtimes.values import Json, JsonObject

CORPUS = Path(__file__).resolve().parents[3].parent / "shared" / "corpus"

KNOWN_REASONS = (
    "unresolved placeholder",
    "there is no file",
    "cannot be read",
    "is relative, and the description comes from no URL",
    "is no host name",
    "has no operation",
)
"""Why a description or one of its operations may be unusable: each is the author's, none is ours."""


class Offline:
    """An HTTP client that must not be used."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        raise NotImplementedError(request)


def manifests() -> list[Path]:
    found: list[Path] = []
    for path in sorted(CORPUS.rglob("*.json*")):
        if path.is_file():
            try:
                document = parse_document(path.read_bytes(), path.name)
            except DocumentError:
                continue
            if isinstance(document, dict) and list_at(document, "runtimes") and "schema_version" in document:
                found.append(path)
    return found


def local_runtimes(manifest: JsonObject) -> list[JsonObject]:
    return [
        one
        for one in list_at(manifest, "runtimes")
        if isinstance(one, dict)
        and one.get("type") == "OpenApi"
        and not text_at(one.get("spec"), "url").startswith("http")
    ]


def sample(schema: Json, definitions: JsonObject, depth: int = 0) -> Json:
    """Some value for a schema, good enough to be serialised."""
    if not isinstance(schema, dict):
        return "x"
    if reference := text_at(schema, "$ref"):
        return sample(definitions[reference.rpartition("/")[2]], definitions, depth + 1)
    if choices := list_at(schema, "enum"):
        return choices[0]
    declared = schema.get("type")
    kind = declared[0] if isinstance(declared, list) else declared
    if kind == "object" and depth < 5:
        members = object_at(schema, "properties")
        return {name: sample(sub, definitions, depth + 1) for name, sub in members.items()}
    if kind == "array" and depth < 5:
        return [sample(schema.get("items"), definitions, depth + 1)]
    values: dict[str, Json] = {"integer": 3, "number": 2.5, "boolean": True}
    return values.get(str(kind), "a b")


async def check(spec: RuntimeSpec) -> int:
    """Opens one runtime object and previews a call of each function; the number of usable ones."""
    async with open_openapi(spec, RuntimeServices(http=Offline())) as executor:
        for reason in executor.unusable.values():
            assert any(known in reason for known in KNOWN_REASONS), f"{spec.location}: {reason}"
        for name, signature in executor.functions.items():
            schema = signature.parameters
            jsonschema_rs.meta.validate(schema)
            jsonschema_rs.validator_for(schema)
            assert signature.rules is not None
            exact = signature.rules.schema()
            jsonschema_rs.meta.validate(exact)
            jsonschema_rs.validator_for(exact)
            properties = object_at(schema, "properties")
            arguments = {key: sample(sub, object_at(schema, "$defs")) for key, sub in properties.items()}
            (message,) = executor.preview(FunctionCall(id="1", function=name, arguments=arguments))
            assert message.url.startswith(signature.destination)
    return len(executor.functions)


def specs() -> Iterator[RuntimeSpec]:
    """Every runtime object with a local description, bound to the functions of its manifest."""
    for path in manifests():
        manifest = parse_document(path.read_bytes(), path.name)
        assert isinstance(manifest, dict)
        names = tuple(text_at(one, "name") for one in list_at(manifest, "functions"))
        for runtime in local_runtimes(manifest):
            bound = tuple(name for name in map(str, list_at(runtime, "run_for_functions")) if name != "*")
            spec = object_at(runtime, "spec")
            yield RuntimeSpec(
                plugin="corpus", type="OpenApi", spec=spec, location=str(path), functions=bound or names or None
            )


def built(spec: RuntimeSpec) -> RuntimeSpec | None:
    """The same with every placeholder of its description filled in, and all of its operations."""
    try:
        text = Path(resolve_location(spec.location, text_at(spec.spec, "url"))).read_text(encoding="utf-8")
    except OSError:
        return None
    filled = re.sub(r"\$\{\{\w+\}\}", "https://filled.example", text).replace("<your-web-api>", "your-web-api")
    return replace(spec, spec={"api_description": filled}, functions=None)


pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")


def test_every_local_description_opens_with_its_manifest_s_functions_or_says_why_not() -> None:
    usable: list[int] = []
    unavailable: list[str] = []
    for spec in specs():
        try:
            usable.append(anyio.run(check, spec))
        except RuntimeUnavailable as error:
            unavailable.append(f"{spec.location}: {error}")
    assert [one for one in unavailable if not any(known in one for known in KNOWN_REASONS)] == []
    assert len(usable) >= 80
    assert sum(usable) >= 40


def test_every_operation_of_every_description_can_be_called_once_its_placeholders_are_filled_in() -> None:
    usable = [anyio.run(check, spec) for spec in map(built, specs()) if spec is not None]
    assert len(usable) >= 80
    assert sum(usable) >= 200
