"""`orchestrator auth add`: registers a credential, where it may go and how it is got, and keeps what a person gives."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auth.credentials import Given
from auth.origins import shown_origin
from auth.records import Records
from auth.registration import LOGINS, OAuthRegistration, Registration, SecretRegistration
from auth.rows import SHARED
from auth.stored import StoredVault
from orchestrator.cli.auth.mcp_servers import gives_secrets, with_client
from orchestrator.cli.auth.opening import opened, person_of
from orchestrator.cli.auth.places import places_of
from orchestrator.cli.auth.provider import Draft, oauth_registration
from orchestrator.cli.auth.showing import told
from orchestrator.cli.auth.unreadable import make_room, problem_of
from orchestrator.cli.auth.waking import wake
from orchestrator.cli.auth.wanted import OAuthFlow, Reading, Wanted, read_wanted
from orchestrator.cli.conversations.asking import is_sure
from orchestrator.cli.logins.asking import Secrets, asked, chosen, has_secret, is_somebody_here
from orchestrator.cli.logins.given import HINTS, KINDS, Kind, given_secret, kind_of
from orchestrator.cli.options import Setting, http_client, load_all, read_setting
from orchestrator.errors import UnknownName, UsageError
from orchestrator.phrases import listed
from orchestrator.render.sanitize import clean_line
from orchestrator.render.sign_ins import command_for
from runtimes.fetch import SharedClient
from runtimes.http import HttpClient

if TYPE_CHECKING:
    from auth.oauth.metadata import Server

MAX_NAME = 200
"""Characters of a credential's name."""

_OF_OAUTH = (
    ("issuer", "--issuer"),
    ("authorization_url", "--authorization-url"),
    ("token_url", "--token-url"),
    ("device_url", "--device-url"),
    ("revocation_url", "--revocation-url"),
    ("client_id", "--client-id"),
    ("client_auth", "--client-auth"),
    ("grant", "--grant"),
    ("subject", "--subject"),
    ("scope", "--scope"),
    ("resource", "--resource"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What one command works with."""

    options: argparse.Namespace
    setting: Setting
    http: HttpClient
    vault: StoredVault
    records: Records
    secrets: Secrets

    @property
    def person(self) -> str:
        return person_of(self.options)

    @property
    def owner(self) -> str:
        return SHARED if self.options.shared else self.person


def _refuse_contradictions(options: argparse.Namespace, kind: Kind) -> None:
    """Raises: `UsageError`."""
    if kind != "oauth":
        for member, option in _OF_OAUTH:
            if vars(options)[member]:
                raise UsageError(f"{option} goes with OAuth; {options.name!r} is of kind {kind}")
        if options.shared and has_secret(options):
            raise UsageError(
                "--shared registers how a credential is got; each person gives their own with `auth login`"
            )
    if options.user is not None and kind != "basic":
        raise UsageError(f"--user goes with HTTP basic; {options.name!r} is of kind {kind}")


async def _kind(options: argparse.Namespace, wanted: Wanted | None) -> Kind:
    kinds: dict[str, Kind] = {kind: kind for kind in KINDS}
    if options.kind is not None:
        return kinds[options.kind]
    if wanted is not None:
        return wanted.kind
    if options.issuer or options.token_url:
        return "oauth"
    return kinds[await chosen("What is it?", KINDS, option="--kind")]


async def _origins(options: argparse.Namespace, wanted: Wanted | None) -> tuple[str, ...]:
    """Where it may go. Raises: `UsageError`."""
    urls: Sequence[str] = options.origin or (wanted.origins if wanted is not None else ())
    if not urls:
        question = "Where may it go, such as https://api.example.com"
        urls = (await asked(question, option="--origin URL", check=lambda text: places_of(text.split()))).split()
    try:
        origins = places_of(urls)
    except ValueError as error:
        raise UsageError(f"--origin: {error}") from None
    missing = [one for one in (wanted.origins if wanted is not None else ()) if one not in origins]
    if missing:
        places = listed(map(shown_origin, missing))
        print(f"note: the plugins call {clean_line(places)}, and it will not go there", file=sys.stderr)
    return origins


async def _draft(work: _Work, wanted: Wanted | None, kind: Kind) -> Draft | None:
    """How tokens are had; None of what is no token of a provider."""
    if kind != "oauth":
        return None
    flow = wanted.flow if wanted is not None else None
    return await oauth_registration(work.options, flow or OAuthFlow(), work.setting, work.http)


async def _with_secret(work: _Work, name: str, registration: OAuthRegistration) -> OAuthRegistration:
    """With the client's secret, where it has one."""
    if work.options.client_auth == "none":
        return registration
    may_be_public = work.options.client_auth is None and registration.grant in LOGINS
    question = "Client secret (empty where the client has none)" if may_be_public else "Client secret"
    secret = await work.secrets.given(name, question, may_be_empty=may_be_public)
    if secret is None:
        return registration
    is_post = work.options.client_auth == "post"
    return replace(
        registration, client_secret=secret, client_auth="client_secret_post" if is_post else "client_secret_basic"
    )


async def _keep(
    work: _Work, name: str, registration: Registration, origins: tuple[str, ...], join: Server | None
) -> None:
    """Registers the client where there is a server to `join`, else asks for the secret; and keeps it all."""
    options, login = work.options, command_for(name, "login")
    places = listed(map(shown_origin, origins))
    if isinstance(registration, OAuthRegistration):
        if join is None:
            registration = await _with_secret(work, name, registration)
        else:
            registration = await with_client(registration, join, work.setting, work.http)
        await work.vault.register(work.owner, name, registration, origins)
        await make_room(work.vault, work.records, work.person, name)
        if registration.grant in LOGINS:
            print(clean_line(f"registered: {name}, for {places}; log in with `{login}`"))
            return
        print(clean_line(f"registered: {name}, for {places}; tokens are had when they are needed"))
        return
    if options.shared:
        await work.vault.register(SHARED, name, registration, origins)
        print(clean_line(f"registered: {name}, for {places}; each person gives their own with `{login}`"))
        return
    secret = await given_secret(work.secrets, name, registration.hint, origins, user=options.user)
    await work.vault.register(work.owner, name, registration, origins)
    await work.vault.keep(work.person, name, Given(value=secret))
    print(clean_line(f"kept: {name} ({registration.hint}), for {places}"))
    await wake(options, work.person, name)


def _may_have_secret(options: argparse.Namespace, join: Server | None) -> bool:
    """True of a client of which nobody knows yet that it has none."""
    if join is not None:
        return gives_secrets(join)
    return options.client_auth != "none" and (has_secret(options) or is_somebody_here())


async def _add(work: _Work, name: str, wanted: Wanted | None) -> bool:
    """False where the person does not want it."""
    options = work.options
    if problem := await problem_of(work.vault, work.owner, name):
        print(f"note: {clean_line(problem)}: this takes its place", file=sys.stderr)
    kind = await _kind(options, wanted)
    _refuse_contradictions(options, kind)
    hint = wanted.hint if wanted is not None and wanted.kind == kind else HINTS[kind]
    draft = await _draft(work, wanted, kind)
    registration = draft.registration if draft is not None else SecretRegistration(hint=hint)
    join = draft.join if draft is not None else None
    origins = await _origins(options, wanted)
    lines = told(
        name,
        registration,
        origins,
        plugins=wanted.plugins if wanted is not None else (),
        whose="every person" if options.shared else ("you" if options.person is None else work.person),
        may_have_secret=_may_have_secret(options, join),
        are_described=draft is not None and draft.are_described,
        joins=join.registration_endpoint if join is not None else "",
    )
    print("\n".join(lines), file=sys.stderr)
    otherwise = "nobody is here to ask; --yes keeps it without asking"
    if not await is_sure("Keep it, to go there?", yes=options.yes, otherwise=otherwise):
        print("nothing is kept", file=sys.stderr)
        return False
    await _keep(work, name, registration, origins, join)
    return True


async def _read(options: argparse.Namespace, setting: Setting, http: SharedClient) -> Reading | None:
    """What the plugins want; None where none are named. Raises: `UsageError` where they do not want that."""
    sources = tuple(options.plugins) or (() if options.origin else setting.configuration.plugins)
    if not sources:
        return None
    loaded = await load_all(sources, setting, http)
    lent = http.allowing(setting.allowed_hosts)
    servers = setting.servers_of(loaded.plugins)
    reading = await read_wanted(loaded.plugins, options.name, lent, servers=servers, kind=options.kind)
    if reading.wanted or not options.plugins:
        return reading if reading.wanted else None
    if reading.obstacles:
        raise UsageError(f"it cannot be seen what is wanted of {options.name!r}: {reading.obstacles[0]}")
    raise UnknownName("credential", options.name, reading.references)


async def _known(work: _Work) -> Wanted | None:
    """What is registered already, where no option says otherwise: the key is given again. Raises: `UsageError`."""
    options = work.options
    if options.kind is not None or options.origin or options.issuer or options.token_url:
        return None
    if await problem_of(work.vault, work.person, options.name):
        return None
    registered = await work.vault.registered(work.person, options.name)
    if registered is None:
        return None
    registration, name = registered.registration, options.name
    if isinstance(registration, SecretRegistration):
        hint = registration.hint
        return Wanted(name=name, kind=kind_of(hint), hint=hint, origins=registered.origins)
    raise UsageError(f"{name!r} is registered; log in with `{command_for(name, 'login')}`, or say what is to change")


def _at_once(options: argparse.Namespace, wanted: Sequence[Wanted]) -> Sequence[Wanted]:
    """Those to add now: each has a secret of its own, so that one of an option is for the one of that very name.

    Raises: `UsageError` where it would be for several.
    """
    is_given = has_secret(options) or options.user is not None
    if len(wanted) < 2 or (is_somebody_here() and not is_given):
        return wanted
    commands = ", ".join(f"`{command_for(one.name, 'secret')}`" for one in wanted if one.name != options.name)
    exact = [one for one in wanted if one.name == options.name]
    if not exact:
        parts = ", ".join(one.name for one in wanted)
        raise UsageError(f"{options.name!r} has several parts; add each by its name: {parts} ({commands})")
    print(clean_line(f"note: {options.name} alone is added; its parts are added by {commands}"), file=sys.stderr)
    return exact


@asynccontextmanager
async def _working(options: argparse.Namespace) -> AsyncGenerator[tuple[_Work, Reading | None]]:
    setting = read_setting(options)
    async with http_client(options, setting) as http:
        reading = await _read(options, setting, http)
        async with opened(setting.configuration, http, creates=True) as found:
            lent = http.allowing(setting.allowed_hosts)
            given = Secrets(options, found.secrets)
            work = _Work(
                options=options, setting=setting, http=lent, vault=found.vault, records=found.records, secrets=given
            )
            yield work, reading


async def add(options: argparse.Namespace) -> int:
    """The exit code of the command. Raises: `UsageError`, `CredentialError`."""
    if not options.name.strip() or len(options.name) > MAX_NAME or not options.name.isprintable():
        raise UsageError(f"a credential has a name of printable characters, and at most {MAX_NAME} of them")
    async with _working(options) as (work, reading):
        for problem in reading.obstacles if reading is not None else ():
            print(f"note: {clean_line(problem)}", file=sys.stderr)
        wanted = _at_once(options, reading.wanted if reading is not None else ())
        for one in wanted or (await _known(work),):
            if not await _add(work, one.name if one is not None else options.name, one):
                return 1
    return 0
