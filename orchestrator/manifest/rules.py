"""The rules that a manifest is held to beyond the types of its members, in the lenient reading. Pure."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.errors import Problem
from orchestrator.manifest.members import KINDS, ROOT, Found, Member, objects_of
from orchestrator.manifest.problems import problem, quoted
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

KNOWN_VERSIONS = ("v1", "v2", "v2.1", "v2.2", "v2.3", "v2.4")
"""The versions of the document that this host reads; another one is read as the last."""

MAX_STRING = 4096
"""How long any string should be at most, in characters (spec 3.2)."""

LENGTHS: Mapping[str, int] = {
    "Manifest.name_for_human": 20,
    "Manifest.description_for_human": 100,
    "Manifest.description_for_model": 2048,
}
"""Characters beyond these may be ignored (spec 4.2.2 to 4.2.4)."""

VALUES: Mapping[str, tuple[str, ...]] = {
    "Confirmation.type": ("None", "AdaptiveCard"),
    "SecurityInfo.data_handling": (
        "GetPublicData",
        "GetPrivateData",
        "DataTransform",
        "ResourceStateUpdate",
        "DataExport",
    ),
    "Runtime.type": ("OpenApi", "LocalPlugin", "RemoteMCPServer"),
    "RuntimeAuth.type": ("None", "OAuthPluginVault", "ApiKeyPluginVault", "EntraOnBehalfOf"),
}
"""The known values of a string, or of each string of an array, over all versions of the document."""

DEFAULTS: Mapping[str, str] = {
    "Manifest.description_for_human": "it is empty",
    "Runtime.auth": "calls are made without a credential",
    "Runtime.spec": "it is empty",
}
"""Members that the specification requires and that are read without, and what that means."""

_HYPHENS_SINCE = "v2.4"
_EXTENSION = "x-"
_PLACEHOLDERS = ("${{", "[[")
"""What stands for text that is not known from the document alone: the environment, and localization (spec 3.4)."""

_NAME = re.compile(r"[A-Za-z0-9_]+")
_HYPHENED_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")
_MAX_GUESSED_FROM = 64
"""How long a misspelt name may be for a guess at what was meant."""
_MAX_GUESSED_AMONG = 50
"""How many names of the document itself a guess looks at."""


def slug(text: str) -> str:
    """A namespace made from a name (spec 4.2.9)."""
    return _NOT_IN_NAMES.sub("_", text).strip("_") or "plugin"


def _guess(written: str, known: Sequence[str], otherwise: str) -> str:
    near = difflib.get_close_matches(written, known, n=1) if len(written) <= _MAX_GUESSED_FROM else []
    return f"did you mean {near[0]!r}?" if near else otherwise


def _texts(value: Json, pointer: str) -> Iterator[tuple[str, str]]:
    """The string, or the strings of the array, each with its pointer."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield pointer + pointer_to(index), item


def _unknown_member(found: Found, name: str) -> Iterator[Problem]:
    if name.startswith(_EXTENSION) or (found.kind == ROOT and name == "$schema"):
        return
    known = [member.name for member in KINDS[found.kind].values() if member.name not in found.members]
    hint = _guess(name, known, f"remove it, or begin its name with {_EXTENSION!r}")
    message = f"member {quoted(name)} is not known"
    yield problem("unknown-member", found.pointer + pointer_to(name), message, hint=hint)


def _length_problems(path: str, pointer: str, value: Json) -> Iterator[Problem]:
    limit = LENGTHS.get(path, MAX_STRING)
    for place, text in _texts(value, pointer):
        if len(text) > limit and not any(mark in text for mark in _PLACEHOLDERS):
            message = f"the string has {len(text)} characters; those beyond {limit} may be ignored"
            yield problem("too-long", place, message, hint="shorten it")


def _value_problems(known: Sequence[str], pointer: str, value: Json) -> Iterator[Problem]:
    for place, text in _texts(value, pointer):
        if text in known or text.startswith((_EXTENSION, *_PLACEHOLDERS)):
            continue
        meant = next((word for word in known if word.casefold() == text.strip().casefold()), None)
        if meant is not None:
            yield problem(
                "value-case", place, f"the value {text!r} is {meant!r} in another case", hint=f"write {meant!r}"
            )
            continue
        hint = _guess(text, known, f"known values: {', '.join(known)}")
        yield problem("unknown-value", place, f"the value {quoted(text)} is not known", hint=hint)


def _member_problems(found: Found, name: str, member: Member, value: Json) -> Iterator[Problem]:
    path, pointer = f"{found.kind}.{member.name}", found.pointer + pointer_to(name)
    if name != member.name:
        message = f"member {name!r} is another spelling of {member.name!r}"
        yield problem("misspelled-member", pointer, message, hint=f"write {member.name!r}")
    yield from _length_problems(path, pointer, value)
    if path in VALUES:
        yield from _value_problems(VALUES[path], pointer, value)


def _object_problems(found: Found) -> Iterator[Problem]:
    members = KINDS[found.kind]
    for name, value in found.members.items():
        if name in members:
            yield from _member_problems(found, name, members[name], value)
        else:
            yield from _unknown_member(found, name)
    for path, consequence in DEFAULTS.items():
        kind, _, name = path.partition(".")
        if kind == found.kind and name not in found.members:
            message = f"required member {name!r} is missing; {consequence}"
            yield problem("member-missing", found.pointer + pointer_to(name), message, hint=f"add {name!r}")


def _objects(document: JsonObject, member: str) -> Iterator[tuple[int, JsonObject]]:
    value = document.get(member)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield index, item


def _name_problems(code: str, pointer: str, name: str, version: Json) -> Iterator[Problem]:
    allowed = _HYPHENED_NAME if version == _HYPHENS_SINCE else _NAME
    if allowed.fullmatch(name) or any(mark in name for mark in _PLACEHOLDERS):
        return
    message = f"the name {quoted(name)} has other characters than letters, digits and underscores"
    yield problem(code, pointer, message, hint=f"write {quoted(slug(name))}")


def _required_problems(function: JsonObject, pointer: str) -> Iterator[Problem]:
    parameters = function.get("parameters")
    if not isinstance(parameters, dict):
        return
    properties = parameters.get("properties", {})
    known = properties if isinstance(properties, dict) else {}
    required = parameters.get("required")
    names = required if isinstance(required, list) else []
    for place, name in _texts(names, pointer + "/parameters/required"):
        if name not in known:
            hint = _guess(name, list(known)[:_MAX_GUESSED_AMONG], "describe it in 'properties', or remove it")
            yield problem("unknown-required", place, f"required parameter {quoted(name)} is not described", hint=hint)


def _function_problems(document: JsonObject) -> Iterator[Problem]:
    version = document.get("schema_version")
    for index, function in _objects(document, "functions"):
        pointer, name = pointer_to("functions", index), function.get("name")
        if isinstance(name, str):
            yield from _name_problems("function-name", pointer + "/name", name, version)
        yield from _required_problems(function, pointer)


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
                outright = dict.fromkeys(name for name in names if isinstance(name, str) and not {"*", "?"} & set(name))
                yield index, member, list(outright)
                break


def _functions_bound_twice(document: JsonObject) -> Iterator[Problem]:
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
        hint = _guess(version or "", KNOWN_VERSIONS, f"known versions: {', '.join(KNOWN_VERSIONS)}")
        yield problem("schema-version", "/schema_version", f"{message}; read as {newest!r}", hint=hint)
    if namespace is None and isinstance(name, str):
        made = slug(name)
        message = f"there is no namespace; using {quoted(made)}"
        yield problem("namespace-missing", "", message, hint=f'add "namespace": "{made[:_MAX_GUESSED_FROM]}"')
    if isinstance(namespace, str):
        yield from _name_problems("namespace-name", "/namespace", namespace, version)


def errors_in(document: JsonObject) -> Iterator[Problem]:
    """The problems that keep a manifest from being loaded, beside those of its types."""
    name = document.get("name_for_human")
    if isinstance(name, str) and not name.strip():
        yield problem("blank-name", "/name_for_human", "the name is blank", hint="name the plugin")
    yield from _duplicate_functions(document)
    yield from _functions_bound_twice(document)


def warnings_in(document: JsonObject) -> Iterator[Problem]:
    """What is wrong, and is read all the same."""
    yield from _root_problems(document)
    yield from _function_problems(document)
    for found in objects_of(document):
        yield from _object_problems(found)
