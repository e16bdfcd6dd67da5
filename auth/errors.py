"""The errors of credentials; no message has a secret in it.

* CredentialError
  + CredentialMissing    the vault does not have it for this person
    - SignInNeeded         and the person can mend that: by logging in, or by giving it
  + CredentialRefused    the vault has it, and it does not go out: to another origin, or in a place that cannot carry it
  + ProviderError        who gives out tokens does not give this one; says if trying again may help
  + VaultError           the vault itself cannot be read or written
    - KeyMissing           it is sealed with a key that is not at hand
    - SealBroken           what is kept is not what was sealed: it was changed, cut or put in another's place
    - RecordChanged        somebody else has written the record meanwhile
"""

from __future__ import annotations

from auth.sign_in import SignIn, command_of


class CredentialError(Exception):
    """A credential cannot be sent along."""


class CredentialMissing(CredentialError):
    """The vault does not have it for this person."""


class SignInNeeded(CredentialMissing):
    """The person has to log in, or to give the credential; the message says which, why, and by which command."""

    def __init__(self, sign_in: SignIn) -> None:
        command = f"`{command_of(sign_in.name, sign_in.kind)}`"
        super().__init__(f"{sign_in.reason}; {command} {'does' if sign_in.kind == 'login' else 'gives'} it")
        self.sign_in = sign_in


class CredentialRefused(CredentialError):
    """It is not for that origin, or cannot be written where it would go."""


class ProviderError(CredentialError):
    """A token endpoint, or another one of an authorization server, did not do what it was asked."""

    def __init__(self, message: str, *, code: str = "", may_pass: bool = False) -> None:
        super().__init__(message)
        self.code = code
        """The `error` of the answer (RFC 6749 5.2), where it has a known one; else empty."""
        self.may_pass = may_pass
        """True where the same may succeed later: the server could not be reached, or was busy."""


class VaultError(CredentialError):
    """What keeps credentials cannot be read or written."""


class KeyMissing(VaultError):
    """What is kept is sealed with a key that is not at hand, or there is no key to seal with."""


class SealBroken(VaultError):
    """What is kept is not what was sealed under its owner, name, kind and origins."""


class RecordChanged(VaultError):
    """Somebody else has written the record since it was read."""
