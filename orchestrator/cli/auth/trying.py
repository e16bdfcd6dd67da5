"""`orchestrator auth test`: whether a credential can be used, without calling the API that it is for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import aclosing

from auth import Bearer, CredentialError, CredentialUse, Secret, attach
from auth.credentials import Given, Tokens
from auth.environment import ORIGINS
from auth.oauth.endpoints import shown_url
from auth.origins import shown_origin
from auth.registration import OAuthRegistration
from auth.shelf import Registered
from auth.stored import UNAUTHORIZED
from orchestrator.cli.auth.opening import Opened, opened_vault_of, person_of
from orchestrator.cli.auth.variables import Variable, variables_for
from orchestrator.cli.logins.registrations import found_registration
from orchestrator.phrases import listed
from orchestrator.render.sanitize import clean_line
from orchestrator.render.times import local_time
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, HttpResponse
from runtimes.values import InvalidJson, decoded, parse_json

USERINFO_SECONDS = 20.0
"""Seconds that a provider may take to say who somebody is."""

MAX_USERINFO_BYTES = 64 * 1024

MAX_WHO = 120
"""Characters of what a provider says of a person."""

_MEMBERS = ("preferred_username", "email", "name", "sub")
_OPENID = "openid"


def _say(text: str) -> None:
    print(clean_line(text))


def _who(body: bytes) -> str:
    """What an answer calls the person, with the name that is known best first."""
    try:
        value = parse_json(decoded(body))
    except InvalidJson:
        return ""
    members = value if isinstance(value, dict) else {}
    found = (members.get(name) for name in _MEMBERS)
    return next((one[:MAX_WHO] for one in found if isinstance(one, str) and one), "")


async def _asked(found: Opened, registration: OAuthRegistration, tokens: Tokens, use: CredentialUse) -> HttpResponse:
    """What the provider says of the person; tokens that it does not take are renewed once where that can be done.

    They are not taken for rejected then: a provider may refuse here what is for an API alone.

    Raises: `CredentialError`, `InvocationError`.
    """
    http = found.http.allowing(registration.allowed_hosts)

    async def ask(secret: Secret) -> HttpResponse:
        return await http.send(
            HttpRequest(
                method="GET",
                url=registration.provider.userinfo_endpoint,
                headers=(("Accept", "application/json"),),
                attached=(attach(Bearer(), secret),),
                timeout=USERINFO_SECONDS,
                max_bytes=MAX_USERINFO_BYTES,
            )
        )

    async with aclosing(found.vault.flow(use)) as flow:
        answer = await ask(await anext(flow))
        if answer.status != UNAUTHORIZED or tokens.refresh is None:
            return answer
        try:
            return await ask(await flow.asend(answer.status))
        except StopAsyncIteration:
            return answer


async def _told_by_provider(found: Opened, registration: OAuthRegistration, tokens: Tokens, use: CredentialUse) -> bool:
    """Asks who the person is, where the provider says that (OpenID Connect Core 5.3); False where it does not take the
    token any more. Raises: `CredentialError`."""
    url = registration.provider.userinfo_endpoint
    if not url or _OPENID not in (*tokens.scopes, *tokens.asked):
        return True
    try:
        answer = await _asked(found, registration, tokens, use)
    except InvocationError as error:
        _say(f"the provider could not be asked who it is for: {error}")
        return True
    if answer.status == 200:
        _say(f"the provider takes it, and says that it is for {_who(answer.body) or 'somebody without a name'}")
        return True
    _say(f"{shown_url(url)} does not take it: HTTP {answer.status}; whether the API does, a call tells")
    return answer.status != UNAUTHORIZED


async def _tried(found: Opened, registered: Registered, person: str) -> bool:
    """Reads and unseals it, and renews what has expired. Raises: `CredentialError`."""
    name, registration = registered.name, registered.registration
    uses = [
        CredentialUse(reference=name, person=person, plugin="", origin=origin, scheme=Bearer())
        for origin in registered.origins
    ]
    for use in uses:
        await found.vault.ready(use)
    credential = await found.vault.credential(person, name)
    places = listed(map(shown_origin, registered.origins))
    if isinstance(credential, Given):
        _say(f"{name}: there, and opens; it goes to {places}. Whether the API takes it, a call tells")
        return True
    if not isinstance(credential, Tokens) or not isinstance(registration, OAuthRegistration):
        _say(f"{name}: not there")
        return False
    until = f" until {local_time(credential.expires)}" if credential.expires is not None else ""
    who = f", for {credential.subject}" if credential.subject else ""
    _say(f"{name}: good{until}{who}; it goes to {places}")
    if credential.scopes:
        _say(f"granted: {' '.join(credential.scopes)}")
    return await _told_by_provider(found, registration, credential, uses[0])


def _tried_variables(name: str, variables: Sequence[Variable]) -> bool:
    """Says what variables give, and where it may go; False where one of them goes nowhere."""
    for one in variables:
        if one.origins:
            _say(f"{name}: the variable {one.name} gives it; it goes to {listed(map(shown_origin, one.origins))}")
        else:
            how = one.problem or f"it goes to no origin yet; allow it: {one.name}{ORIGINS}=https://HOST"
            _say(f"{name}: the variable {one.name} gives it; {how}")
    return all(one.origins for one in variables)


async def try_out(options: argparse.Namespace) -> int:
    """The exit code of the command: 1 where the credential cannot be used."""
    variables = variables_for(options.name, os.environ)
    async with opened_vault_of(options) as found:
        person = person_of(options)
        if variables and await found.vault.registered(person, options.name) is None:
            return 0 if _tried_variables(options.name, variables) else 1
        for one in variables:
            note = f"note: {one.name} is set, and calls take it from there; this is about the vault"
            print(clean_line(note), file=sys.stderr)
        registered = await found_registration(found.vault, person, options.name)
        try:
            return 0 if await _tried(found, registered, person) else 1
        except CredentialError as error:
            _say(found.secrets.masked(f"{options.name}: {error}"))
            return 1
