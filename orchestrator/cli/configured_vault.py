"""The table `[vault]` of `orchestrator.toml`: where credentials are kept, and where the key to them is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from orchestrator.cli.configured_store import named_store
from orchestrator.cli.toml_table import Table
from runtimes.values import JsonObject

_MEMBERS = ("key", "url")

KEYRING = "keyring"
"""The word for the keyring of the system: as the vault itself, or for its key alone."""

KEYS: tuple[Literal["file", "keyring"], ...] = ("file", "keyring")


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSetting:
    """What the file says of the vault."""

    url: str | None = field(default=None, repr=False)
    """Without a relative path, or `KEYRING`; may hold a password."""
    key: Literal["file", "keyring"] = "file"
    """Where the key is made and kept, unless the environment gives one."""


def named_vault(written: str, what: str, folder: Path) -> str:
    """The URL of a vault, as `named_store` has it, or `KEYRING`. Raises: `UsageError`, which never shows a password."""
    return KEYRING if written == KEYRING else named_store(written, what, folder)


def read_vault(path: Path, members: JsonObject) -> VaultSetting:
    """What the table says. Raises: `UsageError` that names the file and the member."""
    table = Table(path, "vault", members, _MEMBERS)
    url = table.text("url")
    return VaultSetting(
        url=named_vault(url, f"{path}: [vault] url: ", path.parent.absolute()) if url else None,
        key=table.choice("key", KEYS, "file"),
    )
