"""Who replies in a conversation that is played, and who answers in the place of an API that is recorded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from auth.masking import Masker
from orchestrator.errors import UsageError
from orchestrator.testing.answering.played_model import PlayedModel
from orchestrator.testing.answering.recorded_api import RecordedApi
from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.places import Placed
from orchestrator.testing.playing.stage import Unplayable
from orchestrator.testing.recordings.cassette import Cassette, RecordedConversation
from orchestrator.testing.recordings.cassette_file import (
    Cassettes,
    api_cassette,
    cassette_beside,
    has_steps,
)
from orchestrator.testing.recordings.recorded_again import NOTHING
from orchestrator.testing.recordings.replayed_http import ReplayedHttp
from orchestrator.testing.recordings.replayed_model import ReplayedModel
from orchestrator.testing.recordings.secrets_in_use import Maskers, secrets_of_environment, secrets_of_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part in one conversation."""

    model: PlayedModel
    recorded: RecordedApi | None = None
    """None where the API is not recorded."""


class Casting(Protocol):
    """Chooses who takes part."""

    def cast(self, placed: Placed, file: str, /) -> Cast:
        """For a conversation of the file. Raises: `Unplayable`."""
        ...


class Replaying:
    """A `Casting` without a network: the steps of the file, else what is recorded."""

    def __init__(self, environ: Mapping[str, str] = os.environ, new: Mapping[Path, Cassette] | None = None) -> None:
        """`environ` has secrets that must not be compared, or shown; `new` has cassettes that are not written yet."""
        self._environ = environ
        self._new = new or {}
        self._cassettes = Cassettes()
        self._maskers = Maskers()

    def cast(self, placed: Placed, file: str, /) -> Cast:
        """For a conversation of the file. Raises: `Unplayable` where a recording is missing, or cannot be read."""
        turns = len(placed.conversation.turns)
        return Cast(model=self.model_for(placed, file), recorded=self.api_for(placed, file, turns))

    def model_for(self, placed: Placed, file: str) -> PlayedModel:
        """The steps of the conversation, else what is recorded. Raises: `Unplayable` where there is neither."""
        if has_steps(placed.conversation):
            return SteppedModel()
        found = self._recorded(placed, cassette_beside(file), "turns")
        if found is None or found.model is None:
            raise Unplayable("turns", NOTHING)
        return ReplayedModel(found.model, self._masker(placed.conversation), len(placed.conversation.turns))

    def api_for(self, placed: Placed, file: str, turns: int | None = None) -> RecordedApi | None:
        """What is recorded of the API, all of which must be asked for in so many turns; None for one that is not.

        Raises: `Unplayable`.
        """
        try:
            path = api_cassette(placed.conversation, file)
        except UsageError as error:
            raise Unplayable("api", str(error)) from None
        if path is None:
            return None
        found = self._recorded(placed, path, "api")
        if found is None:
            raise Unplayable("api", NOTHING)
        return ReplayedHttp(found.http, self._masker(placed.conversation), turns)

    def _recorded(self, placed: Placed, path: Path, member: str) -> RecordedConversation | None:
        try:
            cassette = self._new[path] if path in self._new else self._cassettes.at(path)
            return cassette.of(placed.conversation.name)
        except UsageError as error:
            raise Unplayable(member, str(error)) from None

    def _masker(self, conversation: Conversation) -> Masker:
        return self._maskers.of([*secrets_of_settings(conversation), *secrets_of_environment(self._environ)])
