"""The rules that a manifest is held to beyond the types of its members, in the lenient reading. Pure.

Those of the document as a whole are here; those of one object are in `member_rules`, `function_rules` and
`runtime_rules`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from orchestrator.errors import Problem
from orchestrator.manifest.function_rules import (
    parameter_problems,
    property_problems,
    required_problems,
    semantics_problems,
)
from orchestrator.manifest.guesses import MAX_GUESSED_FROM, guess
from orchestrator.manifest.member_rules import is_open, member_problems
from orchestrator.manifest.members import Found, objects_of
from orchestrator.manifest.problems import problem, quoted
from orchestrator.manifest.runtime_rules import alternative_problems, auth_problems, escape_problems
from orchestrator.manifest.versions import KNOWN_VERSIONS, judged_version, version_in
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

_HYPHENS_SINCE = "v2.4"
WILDCARDS = frozenset("*?[")
"""What makes an entry of `run_for_functions` a pattern (spec 11.1.3)."""

_NAME = re.compile(r"[A-Za-z0-9_]+")
_HYPHENED_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")


def slug(text: str) -> str:
    """A namespace made from a name (spec 4.2.9)."""
    return _NOT_IN_NAMES.sub("_", text).strip("_") or "plugin"


def _objects(document: JsonObject, member: str) -> Iterator[tuple[int, JsonObject]]:
    value = document.get(member)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield index, item


def _name_problems(code: str, pointer: str, name: str, version: Json) -> Iterator[Problem]:
    allowed = _HYPHENED_NAME if version == _HYPHENS_SINCE else _NAME
    if allowed.fullmatch(name) or is_open(name):
        return
    message = f"the name {quoted(name)} has other characters than letters, digits and underscores"
    yield problem(code, pointer, message, hint=f"write {quoted(slug(name))}")


def _function_problems(document: JsonObject) -> Iterator[Problem]:
    version = document.get("schema_version")
    for index, function in _objects(document, "functions"):
        pointer, name = pointer_to("functions", index), function.get("name")
        if isinstance(name, str):
            yield from _name_problems("function-name", pointer + "/name", name, version)


def _duplicate_functions(document: JsonObject) -> Iterator[Problem]:
    named = [(index, function.get("name")) for index, function in _objects(document, "functions")]
    counts = Counter(name for _, name in named if isinstance(name, str))
    for index, name in named:
        if isinstance(name, str) and counts[name] > 1:
            message = f"function {quoted(name)} is declared twice"
            yield problem("duplicate-function", pointer_to("functions", index, "name"), message, hint="rename one")


def _bindings(document: JsonObject) -> Iterator[tuple[int, str, list[str]]]:
    """The names that each runtime gives outright, with the member that has them."""
    for index, runtime in _objects(document, "runtimes"):
        for member in ("run_for_functions", "runs_for_functions"):
            if isinstance(names := runtime.get(member), list):
                outright = dict.fromkeys(name for name in names if isinstance(name, str) and not WILDCARDS & set(name))
                yield index, member, list(outright)
                break


def _functions_bound_twice(document: JsonObject) -> Iterator[Problem]:
    """Names that two runtimes give outright (spec 11).

    A wildcard, or no name at all, stands for what the runtime describes (spec 11.1.3): whether two of them meet is
    seen where descriptions are read.
    """
    bound: dict[str, int] = {}
    for index, member, names in _bindings(document):
        for name in names:
            if name in bound:
                message = f"function {quoted(name)} is bound by runtimes {bound[name]} and {index}"
                pointer = pointer_to("runtimes", index, member)
                yield problem("function-bound-twice", pointer, message, hint="name it in one of them")
            bound.setdefault(name, index)


def _root_problems(document: JsonObject) -> Iterator[Problem]:
    version, name, namespace = (document.get(member) for member in ("schema_version", "name_for_human", "namespace"))
    if version is None or (isinstance(version, str) and version not in KNOWN_VERSIONS):
        newest = KNOWN_VERSIONS[-1]
        message = "there is no schema_version" if version is None else f"schema_version {version!r} is not known"
        hint = guess(version or "", KNOWN_VERSIONS, f"known versions: {', '.join(KNOWN_VERSIONS)}")
        yield problem("schema-version", "/schema_version", f"{message}; read as {newest!r}", hint=hint)
    if namespace is None and isinstance(name, str):
        made = slug(name)
        message = f"there is no namespace; using {quoted(made)}"
        yield problem("namespace-missing", "", message, hint=f'add "namespace": "{made[:MAX_GUESSED_FROM]}"')
    if isinstance(namespace, str):
        yield from _name_problems("namespace-name", "/namespace", namespace, version)


def _schema_problems(document: JsonObject) -> Iterator[Problem]:
    named, version = version_in(document.get("$schema")), document.get("schema_version")
    if named is not None and isinstance(version, str) and named != version:
        message = f"'$schema' is that of version {named!r}, and schema_version is {quoted(version)}, which counts"
        yield problem("schema-uri", pointer_to("$schema"), message, hint="let both name one version")


def _object_problems(found: Found, version: str) -> Iterator[Problem]:
    """What the rules for one kind of object say."""
    if found.kind == "FunctionParameters":
        yield from required_problems(found)
    elif found.kind == "FunctionParameter":
        yield from parameter_problems(found)
    elif found.kind == "ResponseSemantics":
        yield from semantics_problems(found, version)
    elif found.kind == "ResponseProperties":
        yield from property_problems(found)
    elif found.kind == "RuntimeAuth":
        yield from auth_problems(found)
    yield from alternative_problems(found)


def errors_in(document: JsonObject, *, is_remote: bool = False) -> Iterator[Problem]:
    """The problems that keep a manifest from being loaded, beside those of its types.

    `is_remote` says that the manifest is from a URL, where relative references lead to no file.
    """
    name = document.get("name_for_human")
    if isinstance(name, str) and not name.strip():
        yield problem("blank-name", "/name_for_human", "the name is blank", hint="name the plugin")
    yield from _duplicate_functions(document)
    yield from _functions_bound_twice(document)
    for found in objects_of(document):
        yield from escape_problems(found, is_remote=is_remote)


def warnings_in(document: JsonObject) -> Iterator[Problem]:
    """What is wrong, and is read all the same."""
    version = judged_version(document)
    yield from _root_problems(document)
    yield from _schema_problems(document)
    yield from _function_problems(document)
    for found in objects_of(document):
        yield from member_problems(found, version)
        yield from _object_problems(found, version)
