"""The table `[store]` of `orchestrator.toml`: where conversations are kept, and for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.cli.toml_table import Table
from orchestrator.errors import UsageError
from orchestrator.paths import typed_path
from runtimes.values import JsonObject

_MEMBERS = ("keep_days", "url")

_URL = "://"
_LOGIN = re.compile(r"(?!\./|/(?!/)|[A-Za-z]:\\).*:.*@", re.DOTALL)
"""What may be a URL whose beginning is mistyped, with a password; a file of such a name is named as `./FILE`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSetting:
    """What the file says of the store."""

    url: str | None = field(default=None, repr=False)
    """Without a relative path; may hold a password."""
    keep_days: float | None = None
    """Conversations at rest that nobody has touched for so many days are forgotten; None keeps them."""


def file_url(path: Path) -> str:
    """The URL of a store in a file."""
    return f"sqlite:///{str(path).replace('%', '%25').replace('?', '%3F')}"


def named_store(written: str, what: str, folder: Path) -> str:
    """The URL of a store that somebody names by it, or by the path of a file; relative ones start from `folder`.

    `what` begins the message of an error. Raises: `UsageError`, which never shows a password.
    """
    if _URL in written:
        return written
    if _LOGIN.match(written):
        raise UsageError(
            f"{what}a store is named by a path or a URL: postgresql://USER:PASSWORD@HOST/DATABASE has both slashes, "
            "and a file with ':' and '@' in its name is ./FILE"
        )
    return file_url(folder / typed_path(written, what))


def read_store(path: Path, members: JsonObject) -> StoreSetting:
    """What the table says. Raises: `UsageError` that names the file and the member."""
    table = Table(path, "store", members, _MEMBERS)
    url, days = table.text("url"), table.amount("keep_days")
    if "keep_days" in members and not days:
        raise UsageError(f"{path}: [store] keep_days must be more than 0; leave it out to keep conversations")
    folder = path.parent.absolute()
    return StoreSetting(
        url=named_store(url, f"{path}: [store] url: ", folder) if url else None,
        keep_days=days or None,
    )
