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
from orchestrator.testing.format.files import read_limited, write_whole
from orchestrator.testing.format.places import Placed
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.playing.casting import Cast, Replaying
from orchestrator.testing.playing.collect import MAX_FILE_BYTES
from orchestrator.testing.playing.stage import Unplayable
from orchestrator.testing.playing.stages import Stages
from orchestrator.testing.recordings.asked import asked
from orchestrator.testing.recordings.cassette import Cassette, RecordedConversation
from orchestrator.testing.recordings.cassette_file import (
    Cassettes,
    Spelled,
    api_cassette,
    cassette_beside,
    cassettes_of,
    has_steps,
    owned,
    read_cassette,
    write_cassette,
)
from orchestrator.testing.recordings.hiding import names_found
from orchestrator.testing.recordings.recording import RecordingHttp, recorded_model
from orchestrator.testing.recordings.secrets_in_use import (
    Named,
    masker_of,
    secrets_of_environment,
    secrets_of_settings,
)
from runtimes.limits import MAX_YAML_BYTES
from runtimes.values import Json, canonical_json


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


def _runs_again(conversation: Conversation) -> bool:
    """True where a replay would start a program, or ask a real API."""
    api = conversation.api
    started = [one for one in conversation.services.values() if one.variable is not None or api.recorded is None]
    return bool(conversation.local or started) or api.real


def _told(live: LiveModel) -> list[Json]:
    """What the plugins, the host and the person tell a model."""
    told: dict[str, Json] = {}
    for value in (asked(exchange.request) for exchange in live.exchanges):
        found = value.get("messages")
        messages = found if isinstance(found, list) else []
        said = [one for one in messages if isinstance(one, dict) and "user" in one]
        for one in ({name: value.get(name) for name in ("system", "tools", "instruction")}, *said):
            told[canonical_json(one)] = one
    return [*told.values()]


def _check(recorded: RecordedConversation, spelled: Spelled) -> None:
    """Raises: `Unkeepable` for what could not be read back."""
    data = write_cassette(Cassette(conversations=(recorded,)), spelled)
    read = read_cassette(data, "the recording")
    if read.problems:
        raise Unkeepable(f"it could not be read back: {read.problems[0].message}")
    if write_cassette(read.cassette) != data:
        raise Unkeepable("it would be read back otherwise, as a longer number is")


def _written(cassette: Cassette, spelled: Spelled) -> bytes:
    """Raises: `Unkeepable` where the file could not be read."""
    data = write_cassette(cassette, spelled)
    if len(data) > MAX_YAML_BYTES:
        raise Unkeepable(f"the recording of its file would be longer than {MAX_YAML_BYTES} bytes")
    return data


class Recorder:
    """A `Casting` with a live model and real APIs, one conversation after the other; `keep` writes the last one."""

    def __init__(self, model: ChatModel | None, environ: Mapping[str, str] = os.environ) -> None:
        """`model` replies where the file does not; whoever opened it closes it. `environ` has secrets."""
        self._model = model
        self._environ = environ
        self._live: LiveModel | None = None
        self._http: RecordingHttp | None = None
        self._names: dict[str, Sequence[str]] = {}
        self._cassettes = Cassettes()
        self._spelled = Spelled()

    def cast(self, placed: Placed, file: str, /) -> Cast:
        """For a conversation of the file. Raises: `Unplayable` where it could not be kept."""
        conversation = placed.conversation
        try:
            for path in cassettes_of(conversation, file):
                owned(self._cassettes.at(path), path, file)
        except UsageError as error:
            raise Unplayable("api" if has_steps(conversation) else "turns", str(error)) from None
        self._live = None if has_steps(conversation) or self._model is None else LiveModel(self._model)
        api = api_cassette(conversation, file)
        self._http = None if api is None else RecordingHttp(self._secrets(conversation))
        return Cast(model=self._live or SteppedModel(), recorded=self._http)

    async def keep(self, placed: Placed, file: str) -> tuple[Path, ...]:
        """Writes what was said in the conversation that was played last; the cassettes that have it.

        It is replayed from them before, unless programs or a real API would take part in that.

        Raises: `Unkeepable`, `UsageError` for a cassette that cannot be read or written.
        """
        self._refuse_told()
        masker = masker_of(self._known(placed.conversation))
        parts = self._parts(placed.conversation, file, masker)
        new = {path: self._merged(path, recorded, file) for path, recorded in parts.items()}
        written = {path: _written(cassette, self._spelled) for path, cassette in new.items()}
        if not _runs_again(placed.conversation):
            await self._replay(placed, file, new, masker)
        for path, data in written.items():
            if not path.exists() or path.read_bytes() != data:
                write_whole(path, data, "recording")
            self._cassettes.put(path, new[path])
        return tuple(parts)

    def _refuse_told(self) -> None:
        """Raises: `Unkeepable` where a secret of the environment stands in what is told again without it."""
        told = _told(self._live) if self._live is not None else []
        if names := names_found(secrets_of_environment(self._environ), told):
            raise Unkeepable(
                f"the value of the variable {names[0]!r} stands in what the model is told, so that it could not be "
                "hidden; record without that variable"
            )

    def _parts(self, conversation: Conversation, file: str, masker: Masker) -> Mapping[Path, RecordedConversation]:
        """What goes on each cassette. Raises: `Unkeepable`."""
        beside, api = cassette_beside(file), api_cassette(conversation, file)
        parts: dict[Path, RecordedConversation] = {}
        try:
            model = recorded_model(self._live, masker) if self._live is not None else None
            calls = self._http.recorded(masker) if self._http is not None else ()
            if model is not None or api == beside:
                own = calls if api == beside else ()
                parts[beside] = RecordedConversation(name=conversation.name, model=model, http=own)
            if api is not None and api != beside:
                parts[api] = RecordedConversation(name=conversation.name, http=calls)
        except ValidationError as error:
            raise Unkeepable(str(error.errors(include_url=False)[0]["msg"])) from None
        for recorded in parts.values():
            _check(recorded, self._spelled)
            if names := names_found(self._known(conversation), recorded.model_dump(mode="json", by_alias=True)):
                reason = f"the secret {names[0]!r} would be in it, where it cannot be hidden, such as in a name"
                raise Unkeepable(reason)
        return parts

    def _merged(self, path: Path, recorded: RecordedConversation, file: str) -> Cassette:
        if file not in self._names:
            self._names[file] = recordable_names(file)
        cassette = owned(self._cassettes.at(path), path, file)
        return cassette.with_conversation(recorded).in_order(self._names[file])

    async def _replay(self, placed: Placed, file: str, new: Mapping[Path, Cassette], masker: Masker) -> None:
        """Raises: `Unkeepable` where the conversation does not pass from what would be written."""
        async with Stages(casting=Replaying({}, new)) as stages:
            played = await stages.play(placed, file)
        if not played.failures:
            return
        names = ", ".join(repr(name) for name in self._hidden(new))
        hint = f"\n    hint: values of these variables are hidden in it; record without them: {names}" if names else ""
        raise Unkeepable(f"it does not replay\n{masker.masked(played.failures[0].text)}{hint}")

    def _hidden(self, new: Mapping[Path, Cassette]) -> Sequence[str]:
        """The variables whose values are hidden in cassettes."""
        text = "\n".join(write_cassette(cassette).decode() for cassette in new.values())
        names = dict.fromkeys(name for name, _ in secrets_of_environment(self._environ))
        return [name for name in names if f"[secret {name}]" in text or f"[secret:{name}]" in text]

    def _known(self, conversation: Conversation) -> Sequence[Named]:
        return self._http.secrets if self._http is not None else self._secrets(conversation)

    def _secrets(self, conversation: Conversation) -> Sequence[Named]:
        return [*secrets_of_settings(conversation), *secrets_of_environment(self._environ)]
