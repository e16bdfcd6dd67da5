"""Keeps chats in a conversation file, and what they refer to in a folder beside it, without secrets that are known."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.conversation import Conversation as Chat
from orchestrator.errors import UnknownName, UsageError
from orchestrator.host import Orchestrator
from orchestrator.testing.chats.chat_phrases import phrases_of
from orchestrator.testing.chats.chat_start import (
    OF_ITS_OWN,
    ChatStart,
    free_folder_beside,
    is_fetched,
    settings_of,
)
from orchestrator.testing.chats.chat_turns import ChatTurn, Words, turns_of
from orchestrator.testing.chats.from_chat import Beside, written_chat
from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.policy_setting import fitting
from orchestrator.testing.format.writing import as_json, write_conversations
from orchestrator.testing.playing.collect import MAX_FILE_BYTES
from orchestrator.testing.recordings.secrets_in_use import (
    Named,
    masked_value,
    masker_of,
    secrets_of_environment,
    secrets_of_request,
    secrets_of_response,
)
from runtimes.local_endpoint import endpoint_of

LOCAL_PLUGIN = "localplugin"
"""The type of the runtimes that are programs of this machine, case folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What has been written."""

    conversations: int
    """0 where there was nothing to keep, and nothing is written."""
    files: int = 0
    """How many files were put beside it."""
    left_out: tuple[str, ...] = ()
    """What is not in it, each with the reason."""
    programs: tuple[str, ...] = ()
    """The local plugins that run again when it is played."""

    def lines(self, path: Path) -> Iterator[str]:
        """What there is to say of it."""
        yield from (f"left out: {reason}" for reason in self.left_out)
        if not self.conversations:
            yield f"there is nothing to keep; {path} is not written"
            return
        beside = f", and {self.files} file{'' if self.files == 1 else 's'} beside it" if self.files else ""
        yield f"saved to {path}{beside}"
        for name in self.programs:
            yield (
                f"playing it runs {name!r} again, which changes what it changed in the chat; "
                f"put {OF_ITS_OWN} in 'local' where it writes to files of yours"
            )
        yield f"play it: orchestrator test {shlex.quote(str(path))}"


async def _held(chat: Chat, turns: Sequence[ChatTurn]) -> Mapping[str, bytes]:
    """The bytes of the files that came with what was said, by id, as far as they are kept."""
    held: dict[str, bytes] = {}
    for file in (file for turn in turns for file in turn.state.started.attachments):
        with suppress(UnknownName):
            held[file.id] = (await chat.attachment(file.id)).data
    return held


def _secrets(start: ChatStart, turns: Sequence[ChatTurn]) -> Iterator[Named]:
    """What is known to be secret: of the process, of what was given, and of what went to APIs and came from them."""
    yield from secrets_of_environment({**os.environ, **start.variables})
    for endpoint in start.local.values():
        yield from secrets_of_environment(endpoint.environment)
    if start.answers is None:
        return
    calls = [call_id for turn in turns for call_id in turn.state.calls]
    for exchange in (kept.exchange for call_id in calls for kept in start.answers.of(call_id)):
        yield from secrets_of_request(exchange.request)
        yield from ((one.name, hidden.reveal()) for one in exchange.request.attached for hidden in one.hides)
        yield from secrets_of_response(exchange.response) if exchange.response is not None else ()


def _endpoints(host: Orchestrator) -> tuple[str, ...]:
    """The local plugins that the plugins name (spec 11.4.2.1)."""
    runtimes = [one for plugin in host.plugins for one in plugin.manifest.runtimes]
    named = [one.spec.get("local_endpoint") for one in runtimes if one.type.casefold() == LOCAL_PLUGIN]
    return tuple(name for name in named if isinstance(name, str))


def _plain_names(host: Orchestrator) -> frozenset[str]:
    """The names of functions that one plugin alone has."""
    names = Counter(function.name for function in host.toolbox.functions)
    return frozenset(name for name, count in names.items() if count == 1)


class _Saving:
    """Makes conversations of chats, one after the other."""

    def __init__(self, path: Path, beside: str, host: Orchestrator, start: ChatStart) -> None:
        """`beside` is the folder for what the file at `path` refers to."""
        self._host = host
        self._start = start = replace(start, policy=fitting(start.policy, host.plugins))
        endpoints, is_offline = _endpoints(host), not is_fetched(start.sources, host.plugins)
        self._settings = settings_of(start, endpoints, path.parent, is_offline=is_offline)
        self._plain = _plain_names(host)
        self._beside = Beside(beside)
        self.programs = tuple(name for name in dict.fromkeys(endpoints) if endpoint_of(name, start.local) is not None)
        self._turns: list[ChatTurn] = []
        self._conversations: list[Conversation] = []
        self.left_out: list[str] = []

    async def add(self, chat: Chat) -> None:
        """Makes a conversation of a chat in which something was said."""
        turns = turns_of(await chat.facts())
        held = await _held(chat, turns)
        words = Words(
            phrases=await phrases_of(turns, self._host.toolbox),
            plain=self._plain,
            keep=lambda file: self._beside.attachment(file, held.get(file.id)),
        )
        answers = self._start.answers
        settings = self._settings if chat.is_attended else {**self._settings, "attended": False}
        written = written_chat(turns, settings, words, answers.of if answers is not None else None, self._beside)
        self._turns += turns
        self.left_out += written.left_out
        if written.conversation is not None:
            self._conversations.append(written.conversation)

    def masked(self) -> tuple[tuple[Conversation, ...], Mapping[str, bytes]]:
        """The conversations and the files beside them, without secrets."""
        masker = masker_of(_secrets(self._start, self._turns))
        made = [Conversation.model_validate(masked_value(as_json(one), masker)) for one in self._conversations]
        files = {name: masker.masked_bytes(data) for name, data in self._beside.files.items()}
        return tuple(_told_apart(made)), files


def _told_apart(conversations: Sequence[Conversation]) -> Iterator[Conversation]:
    """The conversations with a number after a name that another has already."""
    seen = Counter[str]()
    for one in conversations:
        seen[one.name] += 1
        yield one if seen[one.name] == 1 else one.model_copy(update={"name": f"{one.name} ({seen[one.name]})"})


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.rmdir() if path.is_dir() else path.unlink()


def _write(path: Path, data: bytes, undo: ExitStack) -> None:
    with path.open("xb") as file:
        undo.callback(_remove, path)
        file.write(data)


def _write_all(path: Path, data: bytes, folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes a file, and those in a folder beside it: all or none.

    Raises: `UsageError` where something is there, or nothing can be.
    """
    try:
        with ExitStack() as undo:
            if files:
                folder.mkdir()
                undo.callback(_remove, folder)
            for name, body in files.items():
                _write(path.parent / name, body, undo)
            _write(path, data, undo)
            undo.pop_all()
    except OSError as error:
        named = error.filename or path
        raise UsageError(f"cannot write {str(named)!r}: {(error.strerror or str(error)).lower()}") from None


async def save_chats(path: Path, chats: Sequence[Chat], host: Orchestrator, start: ChatStart) -> Saved:
    """Writes the chats, in order, to a file that must not exist.

    Raises: `UsageError` when it exists, cannot be written, or would be longer than one may be.
    """
    folder = free_folder_beside(path)
    saving = _Saving(path, folder.name, host, start)
    for chat in chats:
        await saving.add(chat)
    conversations, files = saving.masked()
    if not conversations:
        return Saved(conversations=0, left_out=tuple(saving.left_out))
    data = write_conversations(conversations)
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(f"{str(path)!r} would be longer than {MAX_FILE_BYTES} bytes; keep shorter chats")
    _write_all(path, data, folder, files)
    if start.is_redacted:
        saving.left_out.append("the answers of APIs, which are redacted; a mock gives others in their place")
    if start.answers is not None and start.answers.is_full:
        saving.left_out.append("answers for which there was no room; a mock gives others in their place")
    return Saved(
        conversations=len(conversations),
        files=len(files),
        left_out=tuple(saving.left_out),
        programs=saving.programs,
    )
