"""Which credential an operation needs, in the words of a manifest (spec 11.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.authoring.wording import without_keys
from orchestrator.manifest.known import MAX_STRING
from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, object_at, text_at
from runtimes.values import Json, JsonObject

REFERENCE = "x-ai-auth-reference-id"
"""The extension of a security scheme that names its registration."""

MAX_SCHEME_NAME = 100
"""Characters of a security scheme's name."""

_NOT_IN_NAMES = re.compile(r"[^A-Z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """The auth object of a runtime."""

    type: str = "None"
    reference_id: str = ""

    @property
    def as_member(self) -> JsonObject:
        """As it stands in a manifest."""
        return {"type": self.type, "reference_id": self.reference_id} if self.reference_id else {"type": self.type}


def _placeholder(name: str) -> str:
    """A reference that is filled in once the credential is registered, as the Agents Toolkit writes it."""
    word = _NOT_IN_NAMES.sub("_", name.upper()).strip("_")
    return f"${{{{{'' if word[:1].isalpha() else 'AUTH_'}{word or 'KEY'}_REGISTRATION_ID}}}}"


def _reference(name: str, scheme: JsonObject, *, from_afar: bool) -> str:
    given = text_at(scheme, REFERENCE).strip()
    is_safe = without_keys(given) == given and not (from_afar and "${{" in given)
    is_usable = is_safe and 0 < len(given) <= MAX_STRING
    return given if is_usable else _placeholder(name)


def _type(scheme: JsonObject) -> str | None:
    kind, http = text_at(scheme, "type"), text_at(scheme, "scheme")
    if kind == "oauth2":
        return "OAuthPluginVault"
    if kind in {"apiKey", "openIdConnect"} or (kind == "http" and http.casefold() == "bearer"):
        return "ApiKeyPluginVault"
    return None


def _auth(description: Description, name: str, *, from_afar: bool) -> Auth:
    """Raises: `OperationUnusable` for a scheme that no auth object stands for."""
    schemes = object_at(object_at(description.root, "components"), "securitySchemes")
    shown = name[:MAX_SCHEME_NAME]
    if name not in schemes or len(name) > MAX_SCHEME_NAME:
        raise OperationUnusable(f"it needs the security scheme {shown!r}, which the description does not have")
    scheme = description.follow(schemes[name])
    kind = _type(scheme)
    if kind is None:
        written = " ".join(part for part in (text_at(scheme, "type")[:20], text_at(scheme, "scheme")[:20]) if part)
        raise OperationUnusable(f"its security scheme {shown!r} is {written!r}, which no auth type stands for")
    return Auth(type=kind, reference_id=_reference(name, scheme, from_afar=from_afar))


def _requirements(description: Description, entry: Entry) -> list[Json]:
    """The alternatives: those of the operation stand in for those of the document."""
    own = entry.operation.get("security")
    return own if isinstance(own, list) else list_at(description.root, "security")


def auth_of(description: Description, entry: Entry, *, from_afar: bool) -> Auth:
    """The auth of an operation: none where none is demanded, else the first alternative that a manifest can state.

    `from_afar` says that the description comes from a URL: what it writes is then no placeholder of this machine.
    Raises: `OperationUnusable`, where no alternative can be stated.
    """
    requirements = [one for one in _requirements(description, entry) if isinstance(one, dict)]
    if not requirements or {} in requirements:
        return Auth()
    reason = OperationUnusable("it needs several credentials at once, and a runtime has one")
    for requirement in requirements:
        if len(requirement) == 1:
            try:
                return _auth(description, next(iter(requirement)), from_afar=from_afar)
            except OperationUnusable as error:
                reason = error
    raise reason
