"""The auth of a runtime against the security that its operations demand (spec 11.2). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from auth import AuthReference, AuthType
from orchestrator.check.bindings import Bound, Described, listed
from orchestrator.check.codes import problem
from orchestrator.check.operations import place_of
from orchestrator.errors import Problem
from orchestrator.manifest.problems import quoted
from runtimes.openapi.document import Description, OperationUnusable, object_at, text_at
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

FITTING: Mapping[AuthType | str, frozenset[str]] = {
    AuthType.OAUTH_PLUGIN_VAULT: frozenset({"oauth2", "openIdConnect"}),
    AuthType.API_KEY_PLUGIN_VAULT: frozenset({"apiKey", "http", "openIdConnect"}),
    AuthType.ENTRA_ON_BEHALF_OF: frozenset({"oauth2", "openIdConnect"}),
}
"""The types of security schemes that a type of auth is for."""


def _requirements(bound: Bound) -> tuple[str, list[JsonObject]]:
    """The alternatives that the operation has, else those of the whole description, with their pointer."""
    root = bound.operations.description.root
    in_operation = "security" in bound.entry.operation
    declared: Json = bound.entry.operation["security"] if in_operation else root.get("security")
    alternatives = declared if isinstance(declared, list) else []
    pointer = place_of(bound) + "/security" if in_operation else "/security"
    return pointer, [one for one in alternatives if isinstance(one, dict)]


def _scheme_type(description: Description, name: str) -> str:
    """The type of a security scheme; empty where there is no such scheme."""
    schemes = object_at(object_at(description.root, "components"), "securitySchemes")
    try:
        return text_at(description.follow(schemes.get(name)), "type")
    except OperationUnusable:
        return ""


def _alternatives(bound: Bound) -> list[frozenset[str]]:
    """The types of schemes that each alternative needs together; those with unknown schemes are left out."""
    description = bound.operations.description
    found: list[frozenset[str]] = []
    for alternative in _requirements(bound)[1]:
        types = frozenset(_scheme_type(description, name) for name in alternative)
        if "" not in types:
            found.append(types)
    return found


def _shown(alternatives: Sequence[frozenset[str]]) -> str:
    return " or ".join(dict.fromkeys(" with ".join(sorted(types)) for types in alternatives if types))


def scheme_problems(bound: Bound) -> Iterator[Problem]:
    """Schemes that the operation demands and that the description does not define, in the description."""
    pointer, alternatives = _requirements(bound)
    schemes = object_at(object_at(bound.operations.description.root, "components"), "securitySchemes")
    for index, alternative in enumerate(alternatives):
        for name in alternative:
            if name not in schemes:
                message = f"there is no security scheme {quoted(name)} in components/securitySchemes"
                hint = f"defined: {listed(list(schemes))}" if schemes else "define it"
                yield problem("unknown-security-scheme", pointer + pointer_to(index, name), message, hint=hint)


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
    other = {name: types for name, types in demands.items() if types and not any(one <= fitting for one in types)}
    if other:
        kinds = _shown([types for alternatives in other.values() for types in alternatives])
        message = f"the auth is {str(kind)!r}, and {kinds} is demanded by {listed(list(other))}"
        hint = "use 'OAuthPluginVault' for oauth2, 'ApiKeyPluginVault' for keys and bearer tokens"
        yield problem("auth-mismatch", pointer, message, hint=hint)


def auth_problems(described: Described, bound: Sequence[Bound]) -> Iterator[Problem]:
    """Where the auth of a runtime does not suit the operations it calls; `bound` are its functions."""
    if not bound or any(next(scheme_problems(one), None) for one in bound):
        return
    auth = described.runtime.auth
    kind = AuthReference.of(auth.type, auth.reference_id, auth.scopes).type
    demands = {one.name: _alternatives(one) for one in bound}
    if kind is AuthType.NONE:
        yield from _missing(described, demands)
    elif kind in FITTING:
        yield from _mismatches(described, kind, demands)
