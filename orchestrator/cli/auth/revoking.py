"""`orchestrator auth revoke`: gives tokens back to their provider, and forgets what was kept."""

from __future__ import annotations

import argparse
import sys

from auth.registration import OAuthRegistration
from auth.rows import SHARED
from auth.stored import Forgotten
from orchestrator.cli.auth.opening import opened_vault_of, person_of
from orchestrator.cli.conversations.asking import is_sure
from orchestrator.cli.logins.registrations import found_registration
from orchestrator.errors import UsageError
from orchestrator.render.sanitize import clean_line

_NOT_HERE = "nobody is here to ask; --yes forgets without asking"
_GONE = frozenset({"unregistered", "unreadable"})
"""Kinds of what is forgotten without a registration to go by."""


def _told(name: str, done: Forgotten, *, is_oauth: bool, is_shared: bool, is_unreadable: bool) -> str:
    if not done.had_credential and not done.had_registration:
        if is_unreadable:
            return f"there was nothing of yours under {name}; what cannot be read is everybody's (--shared forgets it)"
        kept = "; the registration is everybody's (--shared forgets it)" if is_shared else ""
        return f"there was nothing of yours under {name}{kept}"
    what = " and ".join(
        part for part, had in (("credential", done.had_credential), ("registration", done.had_registration)) if had
    )
    if is_unreadable:
        return f"forgotten: the {what} of {name}; as it could not be read, no provider was told"
    if not is_oauth or not done.had_credential:
        return f"forgotten: the {what} of {name}"
    provider = (
        "the provider has been told, and takes the tokens no more"
        if done.is_revoked
        else "the provider could not be told: its tokens are taken until they expire"
    )
    return f"forgotten: the {what} of {name}; {provider}"


async def revoke(options: argparse.Namespace) -> int:
    """The exit code of the command."""
    person = SHARED if options.shared else person_of(options)
    if options.shared and options.person is not None:
        raise UsageError("--shared goes without --person: it is everybody's")
    async with opened_vault_of(options) as found:
        known = await found.vault.listed(person)
        kinds = {one.kind for one in known if one.name == options.name}
        is_left, is_unreadable = not kinds.isdisjoint(_GONE), "unreadable" in kinds
        registered = None if is_left else await found_registration(found.vault, person, options.name)
        whose = "for every person" if options.shared else "of yours" if options.person is None else f"of {person}"
        what = "which cannot be read" if is_unreadable else "and give its tokens back"
        question = f"Forget the credential {options.name} {whose}, {what}?"
        if not await is_sure(question, yes=options.yes, otherwise=_NOT_HERE):
            print("nothing is forgotten", file=sys.stderr)
            return 1
        done = await found.vault.forget(person, options.name)
    is_oauth = registered is not None and isinstance(registered.registration, OAuthRegistration)
    is_shared = registered is not None and registered.owner == SHARED
    print(clean_line(_told(options.name, done, is_oauth=is_oauth, is_shared=is_shared, is_unreadable=is_unreadable)))
    return 0 if done.had_credential or done.had_registration else 1
