"""Records conversations: lets a live model reply and real APIs answer, and writes what they say on cassettes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from auth.masking import Masker
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.model.base import ChatModel
from orchestrator.testing.answering.live_model import LiveModel
from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.files import read_limited
from orchestrator.testing.format.places import Placed
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.playing.casting import Cast
from orchestrator.testing.playing.collect import MAX_FILE_BYTES
from orchestrator.testing.recordings.cassette import Cassette, RecordedConversation
from orchestrator.testing.recordings.cassette_file import (
    Cassettes,
    api_cassette,
    cassette_beside,
    has_steps,
    read_cassette,
    write_cassette,
)
from orchestrator.testing.recordings.recording import RecordingHttp, recorded_model
from orchestrator.testing.recordings.secrets_in_use import (
    Named,
    masker_of,
    secrets_of_environment,
    secrets_of_settings,
)


class Unkeepable(OrchestratorError):
    """What was said in a conversation cannot go on a cassette; the message says why."""


def is_recordable(conversation: Conversation) -> bool:
    """True where a model replies, or an API answers, that a cassette can have."""
    return not has_steps(conversation) or conversation.api.recorded is not None


def recordable_names(file: str) -> Sequence[str]:
    """The conversations of a file that a cassette can have, in order. Raises: `UsageError` for two of one name."""
    read = read_conversations(read_limited(Path(file), MAX_FILE_BYTES), file)
    names = [one.conversation.name for one in read.conversations if is_recordable(one.conversation)]
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        raise UsageError(f"{file}: two conversations are called {twice!r}; a recording tells them by their names")
    return names


def _sorted(cassette: Cassette, names: Sequence[str]) -> Cassette:
    """The conversations in the order of their file, without those that it does not have any more."""
    order = {name: index for index, name in enumerate(names)}
    kept = [one for one in cassette.conversations if one.name in order]
    return Cassette(conversations=tuple(sorted(kept, key=lambda one: order[one.name])))


def _written(cassette: Cassette, masker: Masker) -> bytes:
    """Raises: `Unkeepable` for what could not be read back, and for what has a secret in it."""
    data = write_cassette(cassette)
    read = read_cassette(data, "the recording")
    if read.problems:
        raise Unkeepable(f"it could not be read back: {read.problems[0].message}")
    if masker.masked_bytes(data) != data:
        raise Unkeepable("a secret would be in it, in a place where it cannot be hidden, such as the name")
    return data


def _replace(path: Path, data: bytes) -> None:
    """Writes a file whole, or not at all. Raises: `UsageError`."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        raise UsageError(
            f"cannot write the recording {str(path)!r}: {(error.strerror or str(error)).lower()}"
        ) from None


class Recorder:
    """A `Casting` with a live model and real APIs, one conversation after the other; `keep` writes the last one."""

    def __init__(self, model: ChatModel | None, environ: Mapping[str, str] = os.environ) -> None:
        """`model` replies where the file does not; whoever opened it closes it. `environ` has secrets."""
        self._model = model
        self._environ = environ
        self._live: LiveModel | None = None
        self._http: RecordingHttp | None = None
        self._names: dict[str, Sequence[str]] = {}

    def cast(self, placed: Placed, file: str, /) -> Cast:
        """For a conversation of the file."""
        conversation = placed.conversation
        self._live = None if has_steps(conversation) or self._model is None else LiveModel(self._model)
        api = api_cassette(conversation, file)
        self._http = None if api is None else RecordingHttp(self._secrets(conversation))
        return Cast(model=self._live or SteppedModel(), recorded=self._http)

    def keep(self, placed: Placed, file: str) -> tuple[Path, ...]:
        """Writes what was said in the conversation that was played last; the cassettes that have it.

        Raises: `Unkeepable`, `UsageError` for a cassette that cannot be read or written.
        """
        conversation = placed.conversation
        masker = masker_of(self._http.secrets if self._http is not None else self._secrets(conversation))
        beside, api = cassette_beside(file), api_cassette(conversation, file)
        try:
            model = recorded_model(self._live, masker) if self._live is not None else None
            calls = self._http.recorded(masker) if self._http is not None else ()
            parts: dict[Path, RecordedConversation] = {}
            if model is not None or api == beside:
                own = calls if api == beside else ()
                parts[beside] = RecordedConversation(name=conversation.name, model=model, http=own)
            if api is not None and api != beside:
                parts[api] = RecordedConversation(name=conversation.name, http=calls)
        except ValidationError as error:
            raise Unkeepable(str(error.errors(include_url=False)[0]["msg"])) from None
        for path, recorded in parts.items():
            self._keep(path, recorded, masker, file if path == beside else None)
        return tuple(parts)

    def _keep(self, path: Path, recorded: RecordedConversation, masker: Masker, file: str | None) -> None:
        cassette = Cassettes().at(path).with_conversation(recorded)
        if file is not None:
            if file not in self._names:
                self._names[file] = recordable_names(file)
            cassette = _sorted(cassette, self._names[file])
        data = _written(cassette, masker)
        if not path.exists() or path.read_bytes() != data:
            _replace(path, data)

    def _secrets(self, conversation: Conversation) -> Sequence[Named]:
        return [*secrets_of_settings(conversation), *secrets_of_environment(self._environ)]
