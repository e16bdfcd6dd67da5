"""The errors of credentials; no message has a secret in it.

* CredentialError
  + CredentialMissing    the vault does not have it for this person
  + CredentialRefused    the vault has it, and it does not go out: to another origin, or in a place that cannot carry it
"""

from __future__ import annotations


class CredentialError(Exception):
    """A credential cannot be sent along."""


class CredentialMissing(CredentialError):
    """The vault does not have it for this person."""


class CredentialRefused(CredentialError):
    """It is not for that origin, or cannot be written where it would go."""
