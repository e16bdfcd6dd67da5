"""Keys lie in keyrings that are known to keep secrets, and in no others (issue 9, point 4)."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.compat.properties import classproperty
from keyring.errors import KeyringLocked

from auth.errors import KeyMissing, VaultError
from auth.keyring_records import KeyringRecords
from auth.keyrings import ACCEPTED, MAX_RETIRED, KeyringKeys, accepted_keyring, name_of
from auth.keys import MAX_KEYS, SealingKey, keys_text, new_key
from tests.auth.file_keyring import NAME, FileKeyring

ROOT = Path(__file__).resolve().parents[2]


class PlaintextKeyring(FileKeyring):
    """As the one that some other package brings along."""


class LockedKeyring(FileKeyring):
    """One that the person does not unlock."""

    def get_password(self, service: str, username: str) -> str | None:
        """Tells what nobody is to see."""
        raise KeyringLocked(f"canary of {username}")


class Chain(ChainerBackend):
    """A chain of the one, and of one that is accepted."""

    def __init__(self) -> None:
        """It has no settings."""

    @classproperty
    def priority(cls) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]  as the package writes its own
        """Never chosen by itself."""
        return -1.0

    @classproperty
    def backends(cls) -> list[KeyringBackend]:  # pyright: ignore[reportIncompatibleVariableOverride]  as the package writes its own
        """The preferred first."""
        return [PlaintextKeyring(Path("plain")), FileKeyring(Path("first")), FileKeyring(Path("second"))]


class PlainChain(Chain):
    """A chain of those that are not accepted."""

    @classproperty
    def backends(cls) -> list[KeyringBackend]:
        """The only one."""
        return [PlaintextKeyring(Path("plain"))]


def keys_in(path: Path) -> KeyringKeys:
    return KeyringKeys(FileKeyring(path / "ring"), lock=path / "lock", accepted={NAME})


@pytest.mark.parametrize("make", [NullKeyring, FailKeyring, lambda: FileKeyring(Path("x"))])
def test_what_does_not_keep_secrets_is_refused_by_its_name(make: Callable[[], KeyringBackend], tmp_path: Path) -> None:
    backend = make()
    with pytest.raises(KeyMissing) as raised:
        accepted_keyring(backend)
    assert repr(name_of(backend)) in str(raised.value)
    assert "or keep the key in a file" in str(raised.value)
    with pytest.raises(KeyMissing):
        KeyringKeys(backend, lock=tmp_path / "lock")
    with pytest.raises(KeyMissing):
        KeyringRecords(backend, lock=tmp_path / "lock")


def test_a_kind_of_an_accepted_one_is_not_accepted_for_that(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="PlaintextKeyring"):
        accepted_keyring(PlaintextKeyring(tmp_path), {NAME})


def test_of_a_chain_the_first_that_keeps_secrets_is_used() -> None:
    chosen = accepted_keyring(Chain(), {NAME})
    assert isinstance(chosen, FileKeyring)
    assert chosen.path == Path("first")
    with pytest.raises(KeyMissing, match="PlainChain"):
        accepted_keyring(PlainChain(), {NAME})
    with pytest.raises(KeyMissing, match="Chain"):
        accepted_keyring(Chain())


@pytest.mark.parametrize("path", sorted(ACCEPTED))
def test_every_accepted_path_is_a_back_end_of_the_package(path: str) -> None:
    module, _, name = path.rpartition(".")
    backend: object = vars(importlib.import_module(module))[name]
    assert isinstance(backend, type)
    assert issubclass(backend, KeyringBackend)
    assert f"{backend.__module__}.{backend.__qualname__}" == path


async def test_keys_are_made_once_and_found_again(tmp_path: Path) -> None:
    key = await keys_in(tmp_path).current()
    assert await keys_in(tmp_path).current() == key
    assert await keys_in(tmp_path).by_id(key.id) == key
    assert await keys_in(tmp_path).by_id("none") is None


async def test_a_rotation_has_both_keys_until_it_is_finished(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    old, new = await keys.current(), await keys.begin_rotation()
    assert await keys_in(tmp_path).current() == new
    assert await keys_in(tmp_path).by_id(old.id) == old
    assert await keys_in(tmp_path).begin_rotation() == new
    assert await keys.finish_rotation(new) == "the entry 'vault-keys old' of the keyring"
    assert await keys_in(tmp_path).current() == new


async def test_a_key_that_was_replaced_is_kept_to_read_with_until_it_is_forgotten(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    first = await keys.current()
    second = await keys.begin_rotation()
    await keys.finish_rotation(second)
    third = await keys.begin_rotation()
    await keys.finish_rotation(third)
    assert await keys.finish_rotation(third) == "", "there is nothing to retire"
    assert [await keys_in(tmp_path).by_id(one.id) for one in (first, second, third)] == [first, second, third]
    assert await keys_in(tmp_path).begin_rotation() not in (first, second, third)
    assert await keys.forget_retired() == 2
    assert await keys.forget_retired() == 0
    assert [await keys_in(tmp_path).by_id(one.id) for one in (first, second)] == [None, None]
    assert await keys.by_id(first.id) is None


async def test_what_no_entry_has_room_for_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    keys, all_keys = keys_in(tmp_path), list[SealingKey]()
    for _ in range(MAX_RETIRED):
        all_keys.append(await keys.current())
        await keys.finish_rotation(await keys.begin_rotation())
    all_keys += [await keys.current(), await keys.begin_rotation()]
    with pytest.raises(KeyMissing, match="more than 16 keys; `orchestrator auth rotate --forget-old-keys`"):
        await keys.finish_rotation(all_keys[-1])
    assert [await keys_in(tmp_path).by_id(one.id) for one in all_keys] == all_keys


async def test_a_damaged_entry_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    await keys.current()
    damaged = {name: text[:-9] for name, text in FileKeyring(tmp_path / "ring").entries().items()}
    FileKeyring(tmp_path / "ring").keep(damaged)
    with pytest.raises(KeyMissing, match="'vault-keys' of 'plugin-orchestrator' in the keyring is damaged: line 2"):
        await keys.current()
    with pytest.raises(KeyMissing, match="damaged"):
        await keys.begin_rotation()
    assert FileKeyring(tmp_path / "ring").entries() == damaged


async def test_what_a_keyring_says_when_it_fails_is_not_passed_on(tmp_path: Path) -> None:
    accepted = {f"{__name__}.LockedKeyring"}
    keys = KeyringKeys(LockedKeyring(tmp_path), lock=tmp_path / "lock", accepted=accepted)
    with pytest.raises(VaultError, match=r"failed \(keyring\.errors\.KeyringLocked\); see that it is there") as raised:
        await keys.current()
    assert "canary" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_all_keys_of_a_source_fit_into_an_entry() -> None:
    text = keys_text([new_key() for _ in range(max(MAX_KEYS, MAX_RETIRED))]).reveal()
    assert len(text.encode("utf-16-le")) <= 2560, "what Windows has room for"


def said_by(code: str, environment: dict[str, str]) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    return done.stdout


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ("keyring.backends.null.Keyring", "'keyring.backends.null.Keyring' is not known to keep secrets"),
        ("keyring.backends.fail.Keyring", "'keyring.backends.fail.Keyring' is not known to keep secrets"),
        ("no.such.Keyring", "settings of the package name cannot be used (ModuleNotFoundError)"),
        ("keyring.backends.null.Nothing", "settings of the package name cannot be used (AttributeError)"),
        ("keyring.backends.macOS.Keyring", "settings of the package name cannot be used (RuntimeError)"),
    ],
)
def test_a_setting_of_the_package_does_not_make_a_keyring_accepted(chosen: str, reason: str) -> None:
    code = (
        "from auth.keyrings import system_keyring\nfrom auth.errors import KeyMissing\n"
        "try:\n    system_keyring()\nexcept KeyMissing as error:\n    print(error)"
    )
    if sys.platform == "darwin" and "macOS" in chosen:
        pytest.skip("it is there")
    assert reason in said_by(code, {"PYTHON_KEYRING_BACKEND": chosen})


def test_without_the_package_the_extra_is_named() -> None:
    code = (
        "import sys\nsys.modules['keyring'] = None\n"
        "from auth.keyrings import system_keyring\nfrom auth.errors import VaultError\n"
        "try:\n    system_keyring()\nexcept VaultError as error:\n    print(error)"
    )
    assert "install `plugin-orchestrator[keyring]`" in said_by(code, {})


def test_the_package_is_loaded_only_when_it_is_asked() -> None:
    code = "import sys, json, auth.keyrings, auth.keyring_records\nprint(json.dumps('keyring' in sys.modules))"
    assert json.loads(said_by(code, {})) is False
