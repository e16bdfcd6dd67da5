"""`orchestrator auth rotate`: seals everything that is kept with a new key."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from functools import partial

import anyio.to_thread

from auth.keys import KEY_VARIABLE, Keys
from auth.passphrase import PASSPHRASE_VARIABLE, PassphraseKeys, passphrase_of_environment
from auth.secret import Secret
from orchestrator.cli.configuration import Configuration, read_configuration
from orchestrator.cli.vault import vault_keys, vault_url
from orchestrator.errors import UsageError
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line
from orchestrator.vault.keys import given_keys, reading_keys
from orchestrator.vault.open import KEYRING, open_sealed

_HOW = (
    f"to replace it, set {KEY_VARIABLE}=NEW,OLD and run this again; then OLD can go "
    "(`openssl rand -base64 32` makes a key)"
)
_HOW_PASSPHRASE = (
    f"to replace it, set {PASSPHRASE_VARIABLE} to the new one, another variable to the old one, and name that one: "
    "orchestrator auth rotate --old-passphrase-env NAME"
)


async def _with_own(configuration: Configuration, *, forgets: bool) -> str:
    """Makes a new key in the place of the one of the key file, or of the keyring; both are there until all is done.

    The old one is kept beside it, unless the person `forgets` those: a vault that lay at this place before, and has
    been moved, can be read with no other.
    """
    keys = await anyio.to_thread.run_sync(vault_keys, configuration)
    store = vault_url(configuration)
    async with open_sealed(store, reading_keys(keys, store), creates=False) as records:
        key = await keys.begin_rotation()
        count = await records.reseal()
        forgotten = await keys.forget_retired() if forgets else 0
        where = await keys.finish_rotation(key)
        forgotten += await keys.forget_retired() if forgets else 0
    done = f"sealed anew with a new key: {counted(count, 'record')}"
    if forgets:
        return f"{done}; deleted for good: {counted(forgotten, 'old key')}"
    if not where:
        return done
    return (
        f"{done}; the old key is kept in {where}, only to read a vault with that was moved away from here: "
        "where there is none, or others may know the key, --forget-old-keys deletes it"
    )


def _earlier(keys: Keys, variable: str | None, environ: Mapping[str, str]) -> Keys:
    """With the passphrase of before. Raises: `UsageError`."""
    if variable is None:
        return keys
    new, old = passphrase_of_environment(environ), environ.get(variable, "")
    if new is None:
        raise UsageError(f"--old-passphrase-env goes with {PASSPHRASE_VARIABLE}, which has the new one")
    if not old:
        raise UsageError(f"--old-passphrase-env: there is no variable {variable!r}, or it is empty")
    return PassphraseKeys(new, Secret(old))


async def _with_given(configuration: Configuration, keys: Keys, *, is_key: bool) -> str:
    """Seals with the key, or the passphrase, that the environment has first."""
    store = vault_url(configuration)
    async with open_sealed(store, reading_keys(keys, store), creates=False) as records:
        count = await records.reseal()
    what = KEY_VARIABLE if is_key else PASSPHRASE_VARIABLE
    print(f"note: {_HOW if is_key else _HOW_PASSPHRASE}", file=sys.stderr)
    return f"sealed anew with what {what} has: {counted(count, 'record')}"


async def rotate(options: argparse.Namespace) -> int:
    """The exit code of the command."""
    configuration = read_configuration()
    if vault_url(configuration) == KEYRING:
        raise UsageError("this vault is the keyring of the system, which has no key of ours to replace")
    given = await anyio.to_thread.run_sync(partial(given_keys, os.environ))
    old: str | None = options.old_passphrase_env
    if given is None:
        if old is not None:
            raise UsageError(f"--old-passphrase-env goes with {PASSPHRASE_VARIABLE}, which has the new one")
        print(clean_line(await _with_own(configuration, forgets=options.forget_old_keys)))
        return 0
    is_key = bool(os.environ.get(KEY_VARIABLE))
    if options.forget_old_keys:
        variable = KEY_VARIABLE if is_key else PASSPHRASE_VARIABLE
        raise UsageError(f"--forget-old-keys is about keys that this program keeps, and {variable} is set")
    print(await _with_given(configuration, _earlier(given, old, os.environ), is_key=is_key))
    return 0
