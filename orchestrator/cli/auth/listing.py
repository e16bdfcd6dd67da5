"""`orchestrator auth list`: whose credentials there are, for where, and how long; never a secret."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from auth.credentials import Tokens
from auth.origins import shown_origin
from auth.registration import LOGINS
from auth.rows import SHARED
from auth.stored import Listed, StoredVault
from orchestrator.cli.auth.opening import opened_vault_of, person_of
from orchestrator.cli.auth.variables import Variable, variables_of
from orchestrator.cli.conversations.table import fitted
from orchestrator.cli.streams import told_width
from orchestrator.render.sanitize import clean_line, plain_json
from orchestrator.render.times import local_time
from runtimes.values import Json, JsonObject, pretty_json

MAX_NAME = 40
"""Cells of a name that a table shows."""

_NOTHING = "no credential is registered"
_HEADS = ("reference", "kind", "whose", "expires", "state")
_GAP = "  "
_MIN_ORIGINS = 12
"""Cells of the origins that a table shows on any terminal."""

_LOGIN_GRANTS: frozenset[str] = frozenset(LOGINS)
_KINDS = {
    "secret": "secret",
    "authorization_code": "login",
    "device_code": "device login",
    "client_credentials": "client",
    "token_exchange": "exchange",
    "jwt_bearer": "on behalf of",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A credential, and whether what has expired of it is renewed without the person."""

    listed: Listed
    is_renewable: bool = False
    is_variable: bool = False
    """True for one that a variable gives."""


def state_of(seen: Seen, now: float) -> str:
    """What can be done with it, in a word or two."""
    one = seen.listed
    if one.kind == "unreadable":
        return one.kind
    if one.kind == "unregistered":
        return "not registered"
    if seen.is_variable and not one.origins:
        return "no origin"
    if one.is_rejected:
        return "rejected"
    if not one.has_credential:
        return "sign in" if one.kind in _LOGIN_GRANTS else "give it" if one.kind == "secret" else "not used yet"
    if one.expires is not None and one.expires <= now:
        return "expired, renewable" if seen.is_renewable else "sign in"
    return "ok"


def _row(seen: Seen, now: float) -> tuple[str, ...]:
    one = seen.listed
    expires = local_time(one.expires) if one.expires is not None else "-"
    whose = "variable" if seen.is_variable else "shared" if one.owner == SHARED else "own"
    return (fitted(one.name, MAX_NAME), _KINDS.get(one.kind, one.kind), whose, expires, state_of(seen, now))


def as_table(listed: Sequence[Seen], *, now: float, width: int) -> list[str]:
    """A line for each, below their heads; origins take the room that is left."""
    rows = [_HEADS, *(_row(one, now) for one in listed)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    room = max(width - sum(widths) - len(_GAP) * len(widths), _MIN_ORIGINS)
    places = ["for", *(fitted(" ".join(map(shown_origin, one.listed.origins)), room) for one in listed)]
    lines: list[str] = []
    for row, place in zip(rows, places, strict=True):
        cells = [text + " " * (cells - cell_len(text)) for text, cells in zip(row, widths, strict=True)]
        lines.append(_GAP.join((*cells, place)).rstrip())
    return lines


def as_json(seen: Seen, now: float) -> JsonObject:
    """A credential without what is secret of it; times are in seconds since the epoch."""
    one = seen.listed
    return {
        "reference": one.name,
        "kind": one.kind,
        "shared": one.owner == SHARED,
        "variable": seen.is_variable,
        "origins": [shown_origin(origin) for origin in one.origins],
        "expires": one.expires,
        "scopes": list(one.scopes),
        "has_credential": one.has_credential,
        "rejected": one.is_rejected,
        "state": state_of(seen, now),
        "problem": one.problem,
    }


async def _seen(vault: StoredVault, person: str, one: Listed) -> Seen:
    credential = await vault.credential(person, one.name) if one.has_credential else None
    has_refresh = isinstance(credential, Tokens) and credential.refresh is not None
    return Seen(listed=one, is_renewable=has_refresh or one.kind not in _LOGIN_GRANTS)


def _given(person: str, variable: Variable) -> Seen:
    listed = Listed(
        owner=person,
        name=variable.name,
        kind="secret",
        origins=variable.origins,
        has_credential=True,
        problem=variable.problem,
    )
    return Seen(listed=listed, is_variable=True)


async def list_all(options: argparse.Namespace) -> int:
    """The exit code of the command."""
    async with opened_vault_of(options) as found:
        person, now = person_of(options), time.time()
        listed = [await _seen(found.vault, person, one) for one in await found.vault.listed(person)]
    listed = [*(_given(person, one) for one in variables_of(os.environ)), *listed]
    if options.json:
        told: list[Json] = [as_json(one, now) for one in listed]
        print(plain_json(pretty_json({"credentials": told})))
    elif not listed:
        print(_NOTHING)
    else:
        print("\n".join(as_table(listed, now=now, width=told_width(sys.stdout, os.environ))))
    problems = [one.listed.problem for one in listed if one.listed.problem]
    for problem in problems:
        print(f"orchestrator: {clean_line(problem)}", file=sys.stderr)
    return 1 if problems else 0
