"""A keyring back end in a JSON file, for programs that share it in tests."""

from __future__ import annotations

import json
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.compat.properties import classproperty
from keyring.errors import PasswordDeleteError

NAME = f"{__name__}.FileKeyring"
"""The path of its class."""


class FileKeyring(KeyringBackend):
    """As the system's keyrings: entries by service and name, and no list of them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classproperty
    def priority(cls) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]  as the package writes its own
        """Never chosen by itself."""
        return -1.0

    def entries(self) -> dict[str, str]:
        """All there are."""
        if not self.path.exists():
            return {}
        entries: dict[str, str] = json.loads(self.path.read_text(encoding="utf-8"))
        return entries

    def keep(self, entries: dict[str, str]) -> None:
        """Replaces all of them."""
        self.path.write_text(json.dumps(entries), encoding="utf-8")

    def get_password(self, service: str, username: str) -> str | None:
        """What an entry has."""
        return self.entries().get(f"{service}|{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Writes an entry; one as long as Windows has room for."""
        assert len(password.encode("utf-16-le")) <= 2560
        self.keep({**self.entries(), f"{service}|{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        """Removes an entry that is there."""
        entries = self.entries()
        if entries.pop(f"{service}|{username}", None) is None:
            raise PasswordDeleteError("there is none")
        self.keep(entries)
