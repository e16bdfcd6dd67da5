"""Where the keys of a vault come from: the environment, the keyring of the system, or a file of the person's own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from auth.in_use import SecretsInUse
from auth.key_file import KeyFile
from auth.keyrings import KeyringKeys, system_keyring
from auth.keys import KEY_VARIABLE, Keys, KeysInTurn, RotatingKeys, keys_of_environment
from auth.passphrase import PassphraseKeys, passphrase_of_environment
from auth.secret import Secret

KeySource = Literal["file", "keyring"]
"""Where keys are made and kept that nobody gives."""

KEYS_FOLDER = "keys"
"""Where the key files are, in the person's folder for configuration: who copies the one for data opens nothing."""

KEY_SUFFIX = ".key"

_MARK_CHARS = 16
"""Of what tells the vaults of a person apart."""

KEYRING_LOCK = "keyring.lock"
"""Beside it: what the programs of a person share that write to the keyring."""


def _folder() -> Path:
    import platformdirs

    return platformdirs.user_config_path("orchestrator")


def _mark(store: str) -> str:
    """The same for the same store, however relative its path is, and whatever the password."""
    from orchestrator.journal.sql.engine import name_of, url_of

    return hashlib.sha256(name_of(url_of(store)).encode()).hexdigest()[:_MARK_CHARS]


def key_file(store: str) -> Path:
    """Where the key file of a vault is, or will be: each has its own, so that replacing a key touches no other vault.

    Raises: `UsageError` for what names no store.
    """
    return _folder() / KEYS_FOLDER / f"{_mark(store)}{KEY_SUFFIX}"


def _others(path: Path) -> Iterator[KeyFile]:
    """The key files beside it: those of a vault that has been moved."""
    return (KeyFile(other) for other in sorted(path.parent.glob(f"*{KEY_SUFFIX}")) if other != path)


def reading_keys(keys: Keys, store: str) -> Keys:
    """These keys; what they cannot open is tried with all key files of the person."""
    path = key_file(store)
    return KeysInTurn(keys, KeyFile(path), *_others(path))


def keyring_lock() -> Path:
    """What is locked while the keyring is written to."""
    return _folder() / KEYRING_LOCK


def given_keys(environ: Mapping[str, str] = os.environ, *, secrets: SecretsInUse | None = None) -> Keys | None:
    """The keys that a variable has, or that are made of the passphrase in one; None where there is none of both.

    Raises: `KeyMissing` for what is no key, and a passphrase that is too short.
    """
    keys = keys_of_environment(environ)
    if keys is not None:
        if secrets is not None:
            secrets.learn(
                KEY_VARIABLE, *(Secret(one.strip()) for one in environ[KEY_VARIABLE].split(",") if one.strip())
            )
        return keys
    passphrase = passphrase_of_environment(environ)
    if passphrase is None:
        return None
    if secrets is not None:
        secrets.learn("passphrase", passphrase)
    return PassphraseKeys(passphrase)


def own_keys(store: str, source: KeySource = "file") -> RotatingKeys:
    """The keys of a vault that this program makes and keeps, and can replace. Blocks.

    Raises: `KeyMissing`, `VaultError`; `UsageError` for what names no store.
    """
    if source == "keyring":
        return KeyringKeys(system_keyring(), lock=keyring_lock(), vault=_mark(store))
    return KeyFile(key_file(store))


def default_keys(
    store: str,
    environ: Mapping[str, str] = os.environ,
    *,
    source: KeySource = "file",
    secrets: SecretsInUse | None = None,
) -> Keys:
    """Those that are given, else the vault's own; what was sealed with a key file can be read under any. Blocks.

    Raises: `KeyMissing`, `VaultError`; `UsageError` for what names no store.
    """
    given = given_keys(environ, secrets=secrets)
    return reading_keys(given if given is not None else own_keys(store, source), store)
