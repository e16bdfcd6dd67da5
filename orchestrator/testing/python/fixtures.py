"""What the pytest fixtures hand to a test that wants a host of its own: hosts, and models that reply from a list."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Unpack

from orchestrator.host import Orchestrator
from orchestrator.model.base import ChatModel
from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.format.conversation import Turn
from orchestrator.testing.python.backend import Backend
from orchestrator.testing.python.story import hosted
from orchestrator.testing.python.written import Entry, WrittenSettings, written_turn


class HostFactory:
    """The fixture `orchestrator_host`."""

    def __init__(self, folder: Path, backend: Backend) -> None:
        self._folder = folder
        self._backend = backend

    def __call__(
        self, *, model: ChatModel | None = None, **settings: Unpack[WrittenSettings]
    ) -> AbstractAsyncContextManager[Orchestrator]:
        """A host for `async with`: it belongs to the event loop, and the task, in which it is opened.

        Raises on entering: `UsageError`, `Unplayable`.
        """
        return hosted(folder=self._folder, backend=self._backend, model=model, **settings)


class ModelFactory:
    """The fixture `scripted_model`."""

    def __init__(self) -> None:
        self._models: list[tuple[SteppedModel, Turn]] = []

    def __call__(self, *replies: Entry) -> SteppedModel:
        """A model that replies with these, one after the other, and keeps in `requests` what it is asked.

        Raises: `UsageError` for replies that no file could have.
        """
        turn = written_turn({"say": "-", "model": replies})
        model = SteppedModel()
        model.begin(turn)
        self._models.append((model, turn))
        return model

    def settle(self) -> str:
        """What is wrong where a model has replies left, or was asked for more."""
        for model, turn in self._models:
            taken = [request.step for request in model.requests]
            for number, step in enumerate(taken, start=1):
                if step is None:
                    return f"request {number} to the model finds no reply; there are {len(turn.model)}"
            if len(taken) < len(turn.model):
                return f"reply {len(taken) + 1} of the model was not asked for"
        return ""
