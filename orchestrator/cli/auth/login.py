"""`orchestrator auth login`: logs a person in to a provider, or takes their key again."""

from __future__ import annotations

import argparse
import sys

from auth import Secret
from auth.credentials import Given
from auth.registration import LOGINS, OAuthRegistration
from orchestrator.cli.auth.opening import opened_vault_of, person_of
from orchestrator.cli.auth.waking import wake
from orchestrator.cli.logins.asking import Secrets
from orchestrator.cli.logins.given import given_secret
from orchestrator.cli.logins.logging_in import Way, logged_in, told_of
from orchestrator.cli.logins.registrations import found_registration
from orchestrator.errors import UsageError
from orchestrator.render.sanitize import clean_line


def say(line: str) -> None:
    """Progress, for the person."""
    print(line, file=sys.stderr, flush=True)


def _refuse_secret_options(options: argparse.Namespace, registration: OAuthRegistration) -> None:
    """Raises: `UsageError`."""
    name = options.name
    if registration.grant not in LOGINS:
        of = f" of {registration.subject!r}" if registration.subject else ""
        how = "as the client itself" if registration.grant == "client_credentials" else f"by the login{of}"
        raise UsageError(f"{name!r} needs no login: its tokens are got {how}, when they are needed")
    if options.secret_stdin or options.secret_env is not None:
        raise UsageError(f"{name!r} is a login at a provider, and takes no secret; the client's is given to `auth add`")


def _way(options: argparse.Namespace, registration: OAuthRegistration) -> Way:
    """Raises: `UsageError` for what makes no difference to a login with a code."""
    on_device = options.device or registration.grant == "device_code"
    of_browser = (("--port", options.port), ("--localhost", options.localhost), ("--no-browser", options.no_browser))
    for option, is_given in of_browser:
        if on_device and is_given:
            raise UsageError(f"{option} goes with a login in a browser of this machine, and this is one with a code")
    return Way(
        on_device=on_device,
        opens_browser=not options.no_browser,
        port=options.port,
        host="localhost" if options.localhost else "127.0.0.1",
    )


async def login(options: argparse.Namespace) -> int:
    """The exit code of the command."""
    person = person_of(options)
    async with opened_vault_of(options) as found:
        registered = await found_registration(found.vault, person, options.name)
        registration = registered.registration
        if isinstance(registration, OAuthRegistration):
            _refuse_secret_options(options, registration)
            way = _way(options, registration)
            scopes = tuple(options.scope)
            tokens = await logged_in(found.vault, person, registered, registration, scopes, way, say)
            print(told_of(options.name, tokens))
        else:
            secrets = Secrets(options, found.secrets)
            secret: Secret = await given_secret(secrets, options.name, registration.hint, registered.origins)
            await found.vault.keep(person, options.name, Given(value=secret), registered=registered)
            print(clean_line(f"kept: {options.name} ({registration.hint})"))
    await wake(options, person, options.name)
    return 0
