"""The rules for runtimes and for references to files: credentials, descriptions, and where paths lead. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Problem
from orchestrator.manifest.escapes import why_a_card_path_escapes, why_it_escapes
from orchestrator.manifest.member_rules import EXTENSION, null_problem
from orchestrator.manifest.members import Found
from orchestrator.manifest.problems import problem, quoted
from runtimes.positions import pointer_to
from runtimes.values import JsonObject

_VAULT_TYPES = frozenset({"oauthpluginvault", "apikeypluginvault"})
_TYPE_WITH_SCOPES = "entraonbehalfof"

_ALTERNATIVES = {"OpenApiSpec": ("url", "api_description"), "McpToolDescription": ("file", "tools")}
"""Two members, one of which is needed."""

_REFERENCES = {"OpenApiSpec": "url", "McpToolDescription": "file"}
"""The members that may name a file; cards are told apart in `static_template`."""


def _says_more(members: JsonObject) -> bool:
    """True when an `auth` has members beside its type, so that its lack of one is not that of a credential."""
    own = {"type", "Type"} | {name for name in ("reference_id", "scopes") if not members.get(name)}
    return any(name not in own and not name.startswith(EXTENSION) for name in members)


def _untyped_problems(found: Found) -> Iterator[Problem]:
    """An `auth` without a type: nothing is called with it, nor without a credential, if it has other members."""
    name = next((name for name in ("type", "Type") if name in found.members), None)
    pointer = found.pointer + pointer_to(name or "type")
    if _says_more(found.members):
        code, state = ("member-missing", "missing") if name is None else ("null-member", "null")
        message = f"required member 'type' is {state}; the functions of this runtime are not offered"
        yield problem(code, pointer, message, hint="write 'type', or remove the other members where 'None' is meant")
    elif name is not None:
        yield null_problem("RuntimeAuth.type", name, pointer)


def auth_problems(found: Found) -> Iterator[Problem]:
    """A credential without a type or a name, and scopes that nobody asks for (spec 11.2.2)."""
    written = found.members.get("type", found.members.get("Type"))
    if written is None:
        yield from _untyped_problems(found)
    kind = written.casefold() if isinstance(written, str) else ""
    if kind in _VAULT_TYPES and not found.members.get("reference_id"):
        message = f"{quoted(str(written))} needs a 'reference_id'; no credential can be had without it"
        yield problem("reference-missing", found.pointer + "/reference_id", message, hint="add 'reference_id'")
    if found.members.get("scopes") and kind != _TYPE_WITH_SCOPES and not kind.startswith("x-"):
        message = "'scopes' is for the type 'EntraOnBehalfOf'; nobody reads it here"
        yield problem("scopes-unused", found.pointer + "/scopes", message, hint="remove it, or change the type")


def alternative_problems(found: Found) -> Iterator[Problem]:
    """A description that is neither named nor there (spec 11.3.2), and the same for the tools of an MCP server."""
    alternatives = _ALTERNATIVES.get(found.kind, ())
    if alternatives and found.members.keys().isdisjoint(alternatives):
        first, second = alternatives
        message = f"there is neither {first!r} nor {second!r}; functions cannot be called"
        yield problem("member-missing", found.pointer + pointer_to(first), message, hint=f"add {first!r}")


def _references(found: Found) -> Iterator[tuple[str, str]]:
    """The references to files in an object, each with its pointer."""
    member = _REFERENCES.get(found.kind, "")
    holder: JsonObject = found.members
    pointer = found.pointer
    if found.kind == "ResponseSemantics":
        card = found.members.get("static_template")
        holder = card if isinstance(card, dict) else {}
        pointer, member = pointer + "/static_template", "file"
    written = holder.get(member)
    if isinstance(written, str):
        yield pointer + pointer_to(member), written


def escape_problems(found: Found, *, is_remote: bool) -> Iterator[Problem]:
    """References that lead out of the manifest's folder (spec 3.1)."""
    reasons = [(place, text, why_it_escapes(text, is_remote=is_remote)) for place, text in _references(found)]
    card_path = found.members.get("oauth_card_path") if found.kind == "ResponseSemantics" else None
    if isinstance(card_path, str):
        why = why_a_card_path_escapes(card_path, is_remote=is_remote)
        reasons.append((found.pointer + "/oauth_card_path", card_path, why))
    for place, text, why in reasons:
        if why:
            hint = "put the file into the manifest's folder, and name it relative to the manifest"
            yield problem("path-escapes", place, f"{quoted(text)} {why}", hint=hint)
