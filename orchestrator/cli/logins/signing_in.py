"""Leads the person in a chat through a sign-in that a call waits for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from auth import CredentialError, Secret, SecretsInUse, SignIn
from auth.credentials import Given
from auth.registration import LOGINS, OAuthRegistration
from auth.shelf import Registered
from auth.stored import StoredVault
from orchestrator.cli.logins.asking import NotTyped, unseen
from orchestrator.cli.logins.given import check_sendable, kind_of, question_for
from orchestrator.cli.logins.logging_in import Say, Way, logged_in, told_of
from orchestrator.cli.logins.registrations import found_registration
from orchestrator.errors import OrchestratorError
from orchestrator.render.sanitize import clean_line

OpenVault = Callable[[], AbstractAsyncContextManager[StoredVault]]
"""Opens the vault that is kept, when somebody signs in."""


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class ChatSignIn:
    """As `orchestrator.repl.signing_in.SignsIn`: a login in the browser, or on another device where that is the way;
    or the key, typed unseen."""

    def __init__(self, opened: OpenVault, secrets: SecretsInUse, *, say: Say = _say, way: Way | None = None) -> None:
        self._opened = opened
        self._secrets = secrets
        self._say = say
        self._way = way or Way()

    async def __call__(self, wanted: SignIn, person: str, /) -> bool:
        """As `SignsIn`."""
        try:
            async with self._opened() as vault:
                registered = await found_registration(vault, person, wanted.name)
                return await self._done(vault, registered, wanted, person)
        except (CredentialError, OrchestratorError) as error:
            self._say(clean_line(self._secrets.masked(f"this did not work: {error}")))
        except NotTyped:
            self._say("nothing was typed")
        return False

    async def _done(self, vault: StoredVault, registered: Registered, wanted: SignIn, person: str) -> bool:
        """Raises: `CredentialError`, `OrchestratorError`, `NotTyped`."""
        registration, name = registered.registration, wanted.name
        if not isinstance(registration, OAuthRegistration):
            await vault.keep(person, name, Given(value=await self._typed(registered)), registered=registered)
            self._say(clean_line(f"kept: {name} ({registration.hint})"))
            return True
        if registration.grant not in LOGINS:
            self._say(clean_line(f"{name} needs no login of its own: {wanted.reason}"))
            return False
        tokens = await logged_in(vault, person, registered, registration, wanted.scopes, self._way, self._say)
        self._say(told_of(name, tokens))
        return True

    async def _typed(self, registered: Registered) -> Secret:
        """Raises: `NotTyped`, `UsageError`."""
        registration = registered.registration
        assert not isinstance(registration, OAuthRegistration)
        question = question_for(registration.hint, registered.origins)
        if kind_of(registration.hint) == "basic":
            question = f"{question}, as NAME:PASSWORD"
        secret = Secret(await unseen(question))
        self._secrets.learn(registered.name, secret)
        check_sendable(registration.hint, secret)
        return secret
