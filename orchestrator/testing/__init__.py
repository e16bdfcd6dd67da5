"""Scripted conversations: the file format `*.conversation.yaml`, what plays such a file, and conversations in Python.

    async with Story(plugins="plugin.json") as chat:
        turn = await chat.say("Find homes", model=[call("getListings", city="Seattle"), "Three homes."])
        turn.expect(calls=call("getListings", city="Seattle"), text="Three")

Names are imported on first use, so that what a program does not need it does not pay for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.testing.python.backend import Backend
    from orchestrator.testing.python.fixtures import HostFactory, ModelFactory
    from orchestrator.testing.python.story import Story, ToldTurn, hosted
    from orchestrator.testing.python.threaded import AwaitedStories, AwaitedStory, BlockingStories, BlockingStory
    from orchestrator.testing.python.written import call

_HOMES = {
    "AwaitedStories": "orchestrator.testing.python.threaded",
    "AwaitedStory": "orchestrator.testing.python.threaded",
    "Backend": "orchestrator.testing.python.backend",
    "BlockingStories": "orchestrator.testing.python.threaded",
    "BlockingStory": "orchestrator.testing.python.threaded",
    "HostFactory": "orchestrator.testing.python.fixtures",
    "ModelFactory": "orchestrator.testing.python.fixtures",
    "Story": "orchestrator.testing.python.story",
    "ToldTurn": "orchestrator.testing.python.story",
    "call": "orchestrator.testing.python.written",
    "hosted": "orchestrator.testing.python.story",
}

__all__ = [
    "AwaitedStories",
    "AwaitedStory",
    "Backend",
    "BlockingStories",
    "BlockingStory",
    "HostFactory",
    "ModelFactory",
    "Story",
    "ToldTurn",
    "call",
    "hosted",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return vars(importlib.import_module(_HOMES[name]))[name]
    raise AttributeError(f"module 'orchestrator.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
