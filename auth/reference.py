"""A reference to a credential, as a manifest writes it: never the credential itself (spec 11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MISSING_TYPE = "(missing)"
"""The type of a reference that names a credential and not its type."""


class AuthType(StrEnum):
    """The authorization types of spec 11.2.2.1."""

    NONE = "None"
    OAUTH_PLUGIN_VAULT = "OAuthPluginVault"
    API_KEY_PLUGIN_VAULT = "ApiKeyPluginVault"
    ENTRA_ON_BEHALF_OF = "EntraOnBehalfOf"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthReference:
    """How a runtime is to be called: bare, or with the credential that `reference_id` names (spec 11.2)."""

    type: AuthType | str = AuthType.NONE
    """One of the known types, or the manifest's own word where it is none of them."""
    reference_id: str | None = None
    scopes: tuple[str, ...] = ()

    @classmethod
    def of(cls, type: str | None, reference_id: str | None = None, scopes: tuple[str, ...] = ()) -> AuthReference:
        """Reads a type in any case (`none` is common).

        An absent type means no credential, unless something else names one: then the type is not known.
        """
        known = {member.value.casefold(): member for member in AuthType}
        absent = AuthType.NONE.value if not (reference_id or scopes) else MISSING_TYPE
        word = (type or absent).strip()
        return cls(type=known.get(word.casefold(), word), reference_id=reference_id, scopes=scopes)

    @property
    def is_anonymous(self) -> bool:
        """True when the API is called without any credential."""
        return self.type is AuthType.NONE
