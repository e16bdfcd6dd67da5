"""A vault of environment variables: `ORCHESTRATOR_AUTH_<REFERENCE>`, and beside it the origins it is for.

What stands there is everybody's who uses the process. It is not for a program that serves several persons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from auth.credentials import Given, secrets_of
from auth.errors import CredentialMissing, CredentialRefused
from auth.in_use import SecretsInUse
from auth.origins import origins_of
from auth.secret import Secret
from auth.vault import CredentialUse, Flow, check_origin

PREFIX = "ORCHESTRATOR_AUTH_"
"""Before the reference."""

PART = "__"
"""Between the reference and a part of it."""

ORIGINS = "_ORIGINS"
"""After the reference: the variable says where the credential may go."""

_OTHER = re.compile(r"[^A-Z0-9]")
_BETWEEN = re.compile(r"[\s,]+")


def _spelled(name: str) -> str:
    return _OTHER.sub("_", name.upper())


def variable_of(reference: str, part: str = "") -> str:
    """The variable of a credential: in capitals, with `_` for all that is no letter or digit of ASCII.

    References that differ in nothing else share a variable: the origins of it say where it goes for any of them.
    """
    return PREFIX + _spelled(reference) + (PART + _spelled(part) if part else "")


class EnvironmentVault:
    """Credentials in `environ`, which is read at each look-up.

    `ORCHESTRATOR_AUTH_KEY` is that of the reference `key`, and `ORCHESTRATOR_AUTH_KEY__APP` its part `app`.
    `ORCHESTRATOR_AUTH_KEY_ORIGINS` has the origins, separated by blanks or commas, also for the parts that have none
    of their own; without it the credential goes nowhere. So the credential of a reference that itself ends in
    `_origins` cannot be given by a variable. An empty variable is as none.
    """

    def __init__(self, environ: Mapping[str, str], *, secrets: SecretsInUse | None = None) -> None:
        self._environ = environ
        self._secrets = secrets if secrets is not None else SecretsInUse()
        for variable in environ:
            if variable.startswith(PREFIX) and self._is_there(variable):
                self._secrets.learn(variable, *secrets_of(Given(value=Secret(environ[variable]))))

    def __repr__(self) -> str:
        """Tells no secret."""
        return "<EnvironmentVault>"

    def _is_there(self, variable: str) -> bool:
        return bool(self._environ.get(variable)) and not variable.endswith(ORIGINS)

    async def has(self, reference: str, /) -> bool:
        """As `Vault.has`."""
        own = variable_of(reference)
        names = (name for name in self._environ if name == own or name.startswith(own + PART))
        return bool(reference) and any(map(self._is_there, names))

    def _check(self, use: CredentialUse, variable: str) -> None:
        """Raises: `CredentialRefused`, which names the variable that keeps the credential back."""
        own = variable + ORIGINS
        listed = own if self._environ.get(own) else variable_of(use.reference) + ORIGINS
        text = self._environ.get(listed, "").strip(" \t\r\n,")
        if not text:
            raise CredentialRefused(f"{variable} goes to no origin yet; allow it: {own}={use.origin}")
        try:
            allowed = origins_of(_BETWEEN.split(text))
        except ValueError as error:
            raise CredentialRefused(f"{listed} has an origin that is none: {error}") from None
        check_origin(use, allowed, otherwise=f"add it to {listed}")

    def _found(self, use: CredentialUse) -> Secret:
        """Raises: `CredentialMissing`, `CredentialRefused`."""
        variable = variable_of(use.reference, use.part)
        if not use.reference or not self._is_there(variable):
            raise CredentialMissing(f"there is no credential {use.name!r}: {variable} is not set")
        secret = Secret(self._environ[variable])
        self._secrets.learn(use.name, *secrets_of(Given(value=secret)))
        self._check(use, variable)
        return secret

    async def ready(self, use: CredentialUse, /) -> None:
        """As `Vault.ready`. Raises: `CredentialMissing`, `CredentialRefused`."""
        self._found(use)

    async def flow(self, use: CredentialUse, /) -> Flow:
        """As `Vault.flow`: there is nothing else to try. Raises: `CredentialMissing`, `CredentialRefused`."""
        yield self._found(use)
