"""Reads a manifest from a path, a URL or a dict into a `Plugin`, and names every mistake it finds."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Literal, TypeGuard

from pydantic import BaseModel, ValidationError

from orchestrator.errors import ManifestError, Problem
from orchestrator.manifest.model import Manifest
from runtimes.errors import FetchError
from runtimes.http import HttpClient
from runtimes.values import InvalidJson, Json, JsonObject, canonical_json, parse_json

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
"""How large a manifest may be."""

KNOWN_VERSIONS = ("v1", "v2", "v2.1", "v2.2", "v2.3", "v2.4")
"""The versions of the document that this host reads; another one is read as the last."""

_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SLUG = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A manifest that was read, and where it came from."""

    manifest: Manifest
    document: JsonObject = field(repr=False)
    """The same as plain data."""
    location: str
    """A URL or an absolute path; relative references start there (spec 3.1)."""
    namespace: str
    """The manifest's own, or one made from `name_for_human`."""
    digest: str
    """SHA-256 of the canonical document, in hex."""
    allowed_hosts: tuple[str, ...] = ()
    """`HOST` or `HOST:PORT` entries that this plugin may reach although they are private."""
    problems: tuple[Problem, ...] = ()
    """Warnings only: a manifest with errors is not loaded."""


def _problem(severity: Literal["error", "warning"], code: str, pointer: str, message: str, **more: str) -> Problem:
    return Problem(severity=severity, code=code, pointer=pointer, message=message, **more)  # type: ignore[arg-type]  # hint and clause only


def _pointer(parts: Sequence[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _child(node: Json, part: str | int, *, is_missing: bool) -> tuple[Json] | None:
    """What stands there in the document, if the part is a step into it."""
    if isinstance(node, dict) and isinstance(part, str) and (part in node or is_missing):
        return (node.get(part),)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return (node[part],)
    return None


def _model_problems(error: ValidationError, document: JsonObject) -> Iterator[Problem]:
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        parts: list[str | int] = []
        node: Json = document
        for part in item["loc"]:  # a union adds its branches to the place; they are not in the document
            child = _child(node, part, is_missing=item["type"] == "missing")
            if child is not None:
                parts.append(part)
                node = child[0]
        yield _problem(
            "error", item["type"].replace("_", "-"), _pointer(parts), item["msg"][:1].lower() + item["msg"][1:]
        )


def _is_array(value: object) -> TypeGuard[tuple[object, ...]]:
    return isinstance(value, tuple)


def _unknown_members(value: object, parts: tuple[str | int, ...] = ()) -> Iterator[Problem]:
    if _is_array(value):
        for index, item in enumerate(value):
            yield from _unknown_members(item, (*parts, index))
    if not isinstance(value, BaseModel):
        return
    for name in value.model_extra or {}:
        if not name.startswith("x-") and name != "$schema":
            message = f"member {name!r} is not known"
            yield _problem("warning", "unknown-member", _pointer((*parts, name)), message, clause="3.3")
    for name, member in value:
        if name in type(value).model_fields:
            yield from _unknown_members(member, (*parts, name))


def _function_problems(manifest: Manifest) -> Iterator[Problem]:
    functions = manifest.functions or ()
    counts = Counter(function.name for function in functions)
    for index, function in enumerate(functions):
        pointer = f"/functions/{index}/name"
        if counts[function.name] > 1:
            yield _problem(
                "error", "duplicate-function", pointer, f"function {function.name!r} is declared twice", clause="4.2.10"
            )
        if not _FUNCTION_NAME.fullmatch(function.name):
            yield _problem(
                "warning",
                "function-name",
                pointer,
                f"function name {function.name!r} has other characters than letters, digits and underscores",
                clause="5.2.1",
            )


def _binding_problems(manifest: Manifest) -> Iterator[Problem]:
    bound: dict[str, int] = {}
    for index, runtime in enumerate(manifest.runtimes):
        for name in dict.fromkeys(runtime.run_for_functions or ()):
            if "*" in name or "?" in name:
                continue
            if name in bound:
                yield _problem(
                    "error",
                    "function-bound-twice",
                    f"/runtimes/{index}/run_for_functions",
                    f"function {name!r} is bound by runtimes {bound[name]} and {index}",
                    hint="name it in one of them",
                    clause="11",
                )
            bound.setdefault(name, index)


def _root_problems(manifest: Manifest, document: JsonObject) -> Iterator[Problem]:
    if "api" in document:
        yield _problem(
            "error",
            "openai-manifest",
            "/api",
            "this is an OpenAI plugin manifest, which is another format",
            clause="4.2.1",
        )
    if not manifest.name_for_human.strip():
        yield _problem("error", "blank-name", "/name_for_human", "the name is blank", clause="4.2.2")
    if manifest.schema_version not in KNOWN_VERSIONS:
        yield _problem(
            "warning",
            "schema-version",
            "/schema_version",
            f"schema_version {manifest.schema_version!r} is not known; read as {KNOWN_VERSIONS[-1]!r}",
            clause="4.2.1",
        )
    if manifest.namespace is None:
        yield _problem(
            "warning",
            "namespace-missing",
            "",
            f"there is no namespace; using {slug(manifest.name_for_human)!r}",
            clause="4.2.9",
        )


def slug(text: str) -> str:
    """A namespace made from a name (spec 4.2.9)."""
    return _SLUG.sub("_", text).strip("_") or "plugin"


def read_document(document: JsonObject, *, location: str, allowed_hosts: tuple[str, ...] = ()) -> Plugin:
    """The plugin that the document describes.

    Raises: `ManifestError` with every error found.
    """
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        raise ManifestError(location, list(_model_problems(error, document))) from None
    problems = (
        *_root_problems(manifest, document),
        *_function_problems(manifest),
        *_binding_problems(manifest),
        *_unknown_members(manifest),
    )
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ManifestError(location, errors)
    return Plugin(
        manifest=manifest,
        document=document,
        location=location,
        namespace=slug(manifest.namespace or manifest.name_for_human),
        digest=hashlib.sha256(canonical_json(document).encode()).hexdigest(),
        allowed_hosts=allowed_hosts,
        problems=problems,
    )


def _absolute(path: str) -> str:
    return str(Path(path).absolute())


def _parse(data: bytes, location: str) -> JsonObject:
    try:
        document = parse_json(data.removeprefix(b"\xef\xbb\xbf"))
    except InvalidJson as error:
        problem = Problem(
            severity="error",
            code="not-json",
            message=f"not JSON: {error.reason}",
            line=error.line,
            column=error.column,
        )
        raise ManifestError(location, [problem]) from None
    if not isinstance(document, dict):
        raise ManifestError(
            location, [_problem("error", "not-an-object", "", "a manifest is a JSON object", clause="4")]
        )
    return document


async def load_plugin(
    source: str | PathLike[str] | Mapping[str, Json],
    *,
    allowed_hosts: Sequence[str] = (),
    http: HttpClient | None = None,
) -> Plugin:
    """Reads a manifest from a path, an http(s) URL or a dict.

    `allowed_hosts` opens private addresses (`HOST` or `HOST:PORT`) to this plugin. Relative references of a dict are
    relative to the current directory.

    Raises: `ManifestError` when it cannot be read or has errors.
    """
    from runtimes.fetch import SharedClient, fetch_document

    hosts = tuple(allowed_hosts)
    if isinstance(source, Mapping):
        return read_document(dict(source), location=_absolute("plugin.json"), allowed_hosts=hosts)
    location = str(source)
    is_url = location.startswith(("http://", "https://"))
    client = SharedClient() if http is None else None
    try:
        lent = client.allowing(hosts) if client is not None else http
        assert lent is not None
        data = await fetch_document(lent, location, max_bytes=MAX_MANIFEST_BYTES, accept="application/json, */*;q=0.5")
    except FetchError as error:
        problem = Problem(severity="error", code="unreadable", message=str(error))
        raise ManifestError(location, [problem]) from error
    finally:
        if client is not None:
            await client.aclose()
    document = _parse(data, location)
    return read_document(document, location=location if is_url else _absolute(location), allowed_hosts=hosts)
