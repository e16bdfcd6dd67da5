"""Three plugins without a runtime, and marks that tell whose data a text has: for tests of the data flow."""

from __future__ import annotations

import re
from collections.abc import Iterable

from orchestrator.manifest.load import read_document
from orchestrator.manifest.model import Function
from orchestrator.model.base import AssistantMessage, EarlierMessage, Message, UserMessage
from orchestrator.tools.toolbox import Toolbox
from runtimes.base import FunctionSignature
from runtimes.values import Json, JsonObject
from tests.orchestrator.turn.toolboxes import toolbox_of

SPOKEN = "the parcel from Lisbon"
"""What the person says in every message: the one text that counts as their own words."""

_HANDLING: dict[str, dict[str, list[Json] | None]] = {
    "mail": {"read": None, "send": None},
    "web": {"find": None, "post": None},
    "shop": {"look": ["GetPublicData"], "read": ["GetPrivateData"], "buy": ["ResourceStateUpdate"]},
}
"""By plugin and function, what it says of how it handles data; None for nothing."""

READING = frozenset({"read", "find", "look"})
"""The names of the functions that are GET requests."""

ISOLATED = frozenset({"mail", "web"})
"""The plugins that do not say how they handle data."""

TOOLS = tuple(f"{plugin}-{name}" for plugin, functions in _HANDLING.items() for name in functions)

_MARK = re.compile(r"<(\w+):(\d+)(!?)>")


def _declared(name: str, handling: list[Json] | None) -> JsonObject:
    function: JsonObject = {"name": name, "parameters": {"properties": {"text": {"type": "string"}}}}
    if handling is not None:
        function["capabilities"] = {"security_info": {"data_handling": handling}}
    return function


def _signature(function: Function) -> FunctionSignature:
    reads = function.name in READING
    return FunctionSignature(
        name=function.name, destination="nowhere", method="GET" if reads else "POST", repeatable=reads
    )


def toolbox(version: str = "1") -> Toolbox:
    """The functions of all three; another version is another manifest."""
    functions = [
        function
        for plugin, declared in _HANDLING.items()
        for function in toolbox_of(
            read_document(
                {
                    "schema_version": "v2.2",
                    "name_for_human": plugin,
                    "namespace": plugin,
                    "description_for_human": f"version {version}",
                    "functions": [_declared(name, handling) for name, handling in declared.items()],
                    "runtimes": [{"type": "x-test"}],
                },
                location="plugin.json",
            ),
            _signature,
        ).functions
    ]
    return Toolbox(functions)


def mark(plugin: str, number: int, *, is_private: bool = False) -> str:
    """A piece of data of a plugin."""
    return f"<{plugin}:{number}{'!' if is_private else ''}>"


def owners_in(text: str) -> frozenset[str]:
    """The plugins that have data in a text."""
    return frozenset(plugin for plugin, _, _ in _MARK.findall(text))


def private_in(text: str) -> frozenset[str]:
    """The plugins that have private data in it."""
    return frozenset(plugin for plugin, _, secret in _MARK.findall(text) if secret)


def marks_in(text: str) -> tuple[str, ...]:
    """The pieces of data in a text, one of each plugin and kind."""
    pieces = {(found[1], found[3]): found[0] for found in _MARK.finditer(text)}
    return tuple(pieces.values())


def text_of(messages: Iterable[Message]) -> str:
    """Everything that a model reads of these messages, and every field that it could have written."""
    parts: list[str] = []
    for message in messages:
        parts.append(message.text)
        if isinstance(message, (UserMessage, EarlierMessage)):
            parts.append(message.note)
        if isinstance(message, AssistantMessage):
            parts += [f"{call.id} {call.tool} {call.arguments}" for call in message.calls]
    return "\n".join(parts)
