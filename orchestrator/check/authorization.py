"""The auth of a runtime against the security that its operations demand (spec 11.2). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from auth import AuthType
from orchestrator.check.bindings import Bound, Described, listed
from orchestrator.check.codes import problem
from orchestrator.check.operations import place_of
from orchestrator.errors import Problem
from orchestrator.manifest.members import type_of
from orchestrator.manifest.problems import MAX_QUOTED, quoted
from runtimes.openapi.document import Description, OperationUnusable, object_at, text_at
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

_HTTP = "http"
_BEARER = "http bearer"
_LOGIN = frozenset({"oauth2", "openIdConnect", _BEARER})

FITTING: Mapping[AuthType | str, frozenset[str]] = {
    AuthType.OAUTH_PLUGIN_VAULT: _LOGIN,
    AuthType.API_KEY_PLUGIN_VAULT: frozenset({"apiKey", _HTTP, _BEARER, "openIdConnect"}),
    AuthType.ENTRA_ON_BEHALF_OF: _LOGIN,
}
"""The kinds of security schemes that a type of auth is for; `http` stands for those of HTTP but for bearer tokens."""


def _is_own(bound: Bound) -> bool:
    return "security" in bound.entry.operation


def _security(bound: Bound) -> Json:
    """What the operation says of security, else the whole description."""
    root = bound.operations.description.root
    return bound.entry.operation.get("security") if _is_own(bound) else root.get("security", [])


def _place(bound: Bound) -> str:
    return (place_of(bound) if _is_own(bound) else "") + "/security"


def _requirements(bound: Bound) -> Iterator[tuple[str, JsonObject]]:
    """The alternatives that are demanded, each with its pointer in `security`."""
    security = _security(bound)
    for index, alternative in enumerate(security if isinstance(security, list) else []):
        if isinstance(alternative, dict):
            yield pointer_to(index), alternative


def _scheme_kind(description: Description, name: str) -> str:
    """The type of a security scheme, with its scheme if it is one of HTTP; empty where there is no such scheme."""
    schemes = object_at(object_at(description.root, "components"), "securitySchemes")
    try:
        scheme = description.follow(schemes.get(name))
    except OperationUnusable:
        return ""
    kind = text_at(scheme, "type")
    return f"{kind} {text_at(scheme, 'scheme').lower()[:MAX_QUOTED]}".rstrip() if kind == _HTTP else kind


def _fits(kind: str, fitting: frozenset[str]) -> bool:
    return kind in fitting or (kind.startswith(f"{_HTTP} ") and kind != _BEARER and _HTTP in fitting)


def _all_fit(kinds: frozenset[str], fitting: frozenset[str]) -> bool:
    return all(_fits(kind, fitting) for kind in kinds)


def _alternatives(bound: Bound) -> list[frozenset[str]]:
    """The kinds of schemes that each alternative needs together; those with unknown schemes are left out."""
    description = bound.operations.description
    found: list[frozenset[str]] = []
    for _, alternative in _requirements(bound):
        types = frozenset(_scheme_kind(description, name) for name in alternative)
        if "" not in types:
            found.append(types)
    return found


def _shown(alternatives: Sequence[frozenset[str]]) -> str:
    return " or ".join(dict.fromkeys(" with ".join(sorted(types)) for types in alternatives if types))


def _form_problems(bound: Bound) -> Iterator[Problem]:
    """What is no requirement."""
    security = _security(bound)
    hint = 'write a list such as [{"name of a scheme": []}]'
    if not isinstance(security, list):
        message = f"'security' must be an array of requirements, not {type_of(security)}; it is ignored"
        yield problem("wrong-security", _place(bound), message, hint=hint)
        return
    broken = [index for index, one in enumerate(security) if not isinstance(one, dict)][:1]
    for index in broken:
        message = f"a security requirement must be an object, not {type_of(security[index])}; it is ignored"
        yield problem("wrong-security", _place(bound) + pointer_to(index), message, hint=hint)


def scheme_problems(bound: Bound) -> Iterator[Problem]:
    """What the operation demands and that means nothing, in the description."""
    yield from _form_problems(bound)
    schemes = object_at(object_at(bound.operations.description.root, "components"), "securitySchemes")
    for pointer, alternative in _requirements(bound):
        for name in alternative:
            if name not in schemes:
                message = f"there is no security scheme {quoted(name)} in components/securitySchemes"
                hint = f"defined: {listed(list(schemes))}" if schemes else "define it"
                yield problem("unknown-security-scheme", _place(bound) + pointer + pointer_to(name), message, hint=hint)


def _missing(described: Described, demands: Mapping[str, list[frozenset[str]]]) -> Iterator[Problem]:
    bare = {name: types for name, types in demands.items() if types and frozenset[str]() not in types}
    if bare:
        kinds = _shown([types for alternatives in bare.values() for types in alternatives])
        message = f"calls are made without a credential, and {kinds} is demanded by {listed(list(bare))}"
        hint = "use 'OAuthPluginVault' for oauth2, 'ApiKeyPluginVault' for keys and bearer tokens"
        yield problem("auth-missing", pointer_to("runtimes", described.index, "auth", "type"), message, hint=hint)


def _mismatches(
    described: Described, kind: AuthType | str, demands: Mapping[str, list[frozenset[str]]]
) -> Iterator[Problem]:
    pointer = pointer_to("runtimes", described.index, "auth", "type")
    if not any(types for alternatives in demands.values() for types in alternatives):
        message = f"the auth is {str(kind)!r}, and no operation of its functions takes a credential"
        yield problem("auth-unneeded", pointer, message, hint="declare the security of the operations, or use 'None'")
        return
    fitting = FITTING[kind]
    other = {
        name: types for name, types in demands.items() if types and not any(_all_fit(one, fitting) for one in types)
    }
    if other:
        kinds = _shown([types for alternatives in other.values() for types in alternatives])
        message = f"the auth is {str(kind)!r}, and {kinds} is demanded by {listed(list(other))}"
        hint = "use 'OAuthPluginVault' for oauth2, 'ApiKeyPluginVault' for keys and bearer tokens"
        yield problem("auth-mismatch", pointer, message, hint=hint)


def auth_problems(described: Described, bound: Sequence[Bound]) -> Iterator[Problem]:
    """Where the auth of a runtime does not suit the operations it calls; `bound` are its functions."""
    if not bound or any(next(scheme_problems(one), None) for one in bound):
        return
    kind = described.runtime.auth.reference.type
    demands = {one.name: _alternatives(one) for one in bound}
    if kind is AuthType.NONE:
        yield from _missing(described, demands)
    elif kind in FITTING:
        yield from _mismatches(described, kind, demands)
