"""Remembers in a file of the person's own what they have allowed for always.

The file is read again whenever it has changed, and is only ever replaced as a whole: what two programs remember at the
same time is kept, and one that breaks off leaves the file as it was.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import anyio
from anyio import to_thread

from orchestrator.errors import OrchestratorError
from orchestrator.policy.answers import Grant
from runtimes.values import InvalidJson, Json, JsonObject, parse_json, pretty_json

VERSION = 1
"""The form of the file."""

MAX_FILE_BYTES = 1024 * 1024
"""How long the file may be."""

LOCK_TRIES = 200
"""How often the lock is tried for while another program writes."""

LOCK_PAUSE = 0.01
"""Seconds between two tries."""

_OWNER_ONLY = 0o600
_FOLDER = 0o700
_MEMBERS = frozenset({"namespace", "function", "plugin", "description"})

_Remembered = Mapping[str, frozenset[Grant]]
_Identity = tuple[int, int, int]
"""Inode, time of the last change and size: another file has another."""


class AnswersUnreadable(OrchestratorError):
    """What is remembered cannot be read or written; nothing was lost."""


def _grant(written: Json) -> Grant:
    """Raises: `ValueError`."""
    if not isinstance(written, dict) or written.keys() != _MEMBERS:
        raise ValueError(f"an answer has the members {', '.join(sorted(_MEMBERS))}")
    texts = {name: value for name, value in written.items() if isinstance(value, str)}
    if len(texts) != len(written) or not texts["plugin"] or not texts["function"]:
        raise ValueError("the members of an answer are texts")
    return Grant(**texts)


def _read(text: bytes) -> _Remembered:
    """Raises: `InvalidJson`, `ValueError`."""
    document = parse_json(text)
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ValueError(f"it is not of version {VERSION}")
    persons = document.get("persons")
    if not isinstance(persons, dict) or document.keys() != {"version", "persons"}:
        raise ValueError("it has the members version and persons")
    remembered: dict[str, frozenset[Grant]] = {}
    for person, grants in persons.items():
        if not isinstance(grants, list):
            raise ValueError("the answers of a person are an array")
        remembered[person] = frozenset(map(_grant, grants))
    return remembered


def _as_json(grant: Grant) -> JsonObject:
    return {
        "namespace": grant.namespace,
        "function": grant.function,
        "plugin": grant.plugin,
        "description": grant.description,
    }


def _written(remembered: _Remembered) -> bytes:
    def order(grant: Grant) -> tuple[str, ...]:
        return grant.namespace, grant.function, grant.plugin, grant.description

    persons: JsonObject = {
        person: [_as_json(grant) for grant in sorted(grants, key=order)]
        for person, grants in sorted(remembered.items())
        if grants
    }
    return f"{pretty_json({'version': VERSION, 'persons': persons})}\n".encode()


def _opened(path: str, flags: int) -> int:
    """Opens what is there without waiting for anybody, as for the other end of a pipe, and follows no link."""
    if sys.platform != "win32":
        flags |= os.O_NONBLOCK | os.O_NOFOLLOW
    return os.open(path, flags)


def _is_own(status: os.stat_result) -> bool:
    """True for a file that nobody else can write into."""
    if sys.platform == "win32":  # the access list of the person's profile keeps others out
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


class FileAnswers:
    """`Answers` in a JSON file that only the person may read; it need not be there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_name(f"{path.name}.lock")
        self._known: tuple[_Identity, _Remembered] | None = None

    async def of(self, person: str, /) -> frozenset[Grant]:
        """What this person has allowed for always. Raises: `AnswersUnreadable`."""
        return self._remembered().get(person, frozenset())

    async def remember(self, person: str, grant: Grant, /) -> None:
        """Keeps a permission. Raises: `AnswersUnreadable`."""
        if grant not in self._remembered().get(person, frozenset()):
            await self._change(person, lambda grants: grants | {grant})

    async def forget(self, person: str, grant: Grant | None = None, /) -> None:
        """Takes a permission back, or all of this person. Raises: `AnswersUnreadable`."""
        if person in self._remembered():
            await self._change(person, lambda grants: grants - {grant} if grant is not None else frozenset())

    # --- the file

    def _remembered(self) -> _Remembered:
        try:
            with open(self._path, "rb", opener=_opened) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise self._unreadable("it is no regular file; move it away")
                identity = (status.st_ino, status.st_mtime_ns, status.st_size)
                if self._known is not None and self._known[0] == identity:
                    return self._known[1]
                if not _is_own(status):
                    raise self._unreadable("it is not yours alone to write; see who owns it, and `chmod 600` it")
                text = file.read(MAX_FILE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self._unreadable("it is a link; put the file itself there") from None
            raise self._unreadable(_reason(error)) from None
        if len(text) > MAX_FILE_BYTES:
            raise self._unreadable(f"it is longer than {MAX_FILE_BYTES} bytes; move it away")
        try:
            remembered = _read(text)
        except InvalidJson as error:
            raise self._unreadable(f"it is not JSON: {error}; mend it, or move it away") from None
        except ValueError as error:
            raise self._unreadable(f"{error}; mend it, or move it away") from None
        self._known = (identity, remembered)
        return remembered

    def _unreadable(self, reason: str) -> AnswersUnreadable:
        return AnswersUnreadable(f"cannot read the remembered answers in {str(self._path)!r}: {reason}")

    async def _change(self, person: str, change: Callable[[frozenset[Grant]], frozenset[Grant]]) -> None:
        for _ in range(LOCK_TRIES):
            if await to_thread.run_sync(self._is_changed, person, change):
                return
            await anyio.sleep(LOCK_PAUSE)
        waited = f"another program has been writing for {LOCK_TRIES * LOCK_PAUSE:g} s"
        raise self._unwritable(f"{waited}; if there is none, remove {self._lock.name!r}")

    def _is_changed(self, person: str, change: Callable[[frozenset[Grant]], frozenset[Grant]]) -> bool:
        """False while somebody else has the lock, which is the draft of the next file."""
        if (draft := self._locked()) is None:
            return False
        with ExitStack() as undoing:
            undoing.callback(self._unlock)
            try:
                with open(draft, "wb") as file:
                    remembered = self._remembered()
                    grants = change(remembered.get(person, frozenset()))
                    text = _written({**remembered, person: grants})
                    if len(text) > MAX_FILE_BYTES:
                        raise self._unwritable(f"there is no room in {MAX_FILE_BYTES} bytes; forget some first")
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(self._lock, self._path)
            except OSError as error:
                raise self._unwritable(_reason(error)) from None
            undoing.pop_all()  # the draft is the file now, and the lock may be somebody else's
        return True

    def _unlock(self) -> None:
        with suppress(OSError):
            self._lock.unlink(missing_ok=True)

    def _locked(self) -> int | None:
        """The descriptor of the new draft; None where there is one."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER)
        except OSError as error:
            raise self._unwritable(_reason(error)) from None
        try:
            return os.open(self._lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY)
        except FileExistsError:
            return None
        except OSError as error:
            raise self._unwritable(_reason(error)) from None

    def _unwritable(self, reason: str) -> AnswersUnreadable:
        return AnswersUnreadable(f"cannot write the remembered answers to {str(self._path)!r}: {reason}")
