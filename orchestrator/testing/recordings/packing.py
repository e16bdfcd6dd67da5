"""Packs the exchanges of a conversation with its model so that nothing stands twice, and unpacks them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.testing.recordings.cassette import (
    RecordedExchange,
    RecordedMessage,
    RecordedModel,
    RecordedReply,
    RecordedTool,
)
from runtimes.values import Json, JsonObject, canonical_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """A request to the model as a value (`asked`), and the reply."""

    asked: JsonObject
    reply: RecordedReply


def _echo(reply: RecordedReply) -> JsonObject:
    """The reply as the message that the next request has of it."""
    value: JsonObject = reply.model_dump(mode="json", by_alias=True, include={"text", "calls"}, exclude_defaults=True)
    text = value.pop("text", "")
    return ({"assistant": text} if text or not value else {}) | value


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


class _Shelf:
    """Values that are written once, and named by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.values: list[Json] = []

    def number(self, value: Json) -> int:
        key = canonical_json(value)
        if key not in self._numbers:
            self.values.append(value)
            self._numbers[key] = len(self.values)
        return self._numbers[key]


class _Packer:
    def __init__(self) -> None:
        self.systems = _Shelf()
        self.tools = _Shelf()
        self._history: list[str] = []

    def packed(self, exchange: Exchanged) -> RecordedExchange:
        asked = exchange.asked
        if asked["state"] == "phrase":
            return RecordedExchange.model_validate({**asked, "reply": exchange.reply})
        messages = _listed(asked["messages"])
        written = [canonical_json(message) for message in messages]
        kept = next(
            (at for at, pair in enumerate(zip(written, self._history, strict=False)) if pair[0] != pair[1]),
            min(len(written), len(self._history)),
        )
        members: JsonObject = {"state": asked["state"], "system": self.systems.number(asked["system"])}
        if asked.get("tools"):
            members["tools"] = self.tools.number(asked["tools"])
        if kept < len(self._history):
            members["keeps"] = kept
        self._history = [*written, canonical_json(_echo(exchange.reply))]
        fresh: list[Json] = messages[kept:]
        return RecordedExchange.model_validate({**members, "messages": fresh, "reply": exchange.reply})


def packed(name: str, turns: Sequence[Sequence[Exchanged]]) -> RecordedModel:
    """What goes on a cassette of these exchanges with a model of that name, turn by turn. Raises: `ValueError`."""
    packer = _Packer()
    exchanges = tuple(tuple(packer.packed(exchange) for exchange in turn) for turn in turns)
    systems = tuple(system for system in packer.systems.values if isinstance(system, str))
    tools = tuple(
        tuple(RecordedTool.model_validate(tool) for tool in _listed(listed)) for listed in packer.tools.values
    )
    return RecordedModel(name=name, systems=systems, tools=tools, turns=exchanges)


def _message(message: RecordedMessage) -> JsonObject:
    value: JsonObject = message.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return value


class _Unpacker:
    def __init__(self, model: RecordedModel) -> None:
        self._model = model
        self._tools = [_tool_values(tools) for tools in model.tools]
        self._history: list[Json] = []

    def unpacked(self, exchange: RecordedExchange) -> Exchanged:
        if exchange.state == "phrase":
            phrase: JsonObject = {"instruction": exchange.instruction, "data": exchange.data}
            return Exchanged(asked={"state": "phrase", **phrase}, reply=exchange.reply)
        messages: list[Json] = [*self._history[: exchange.keeps], *map(_message, exchange.messages)]
        self._history = [*messages, _echo(exchange.reply)]
        system = self._model.systems[(exchange.system or 1) - 1]
        offered: list[Json] = self._tools[exchange.tools - 1] if exchange.tools else []
        tools: JsonObject = {"tools": offered} if exchange.state == "reasoning" else {}
        asked: JsonObject = {"state": exchange.state, "system": system, **tools, "messages": messages}
        return Exchanged(asked=asked, reply=exchange.reply)


def _tool_values(tools: Sequence[RecordedTool]) -> list[Json]:
    return [{"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in tools]


def unpacked(model: RecordedModel) -> tuple[tuple[Exchanged, ...], ...]:
    """The exchanges of each turn, whole."""
    unpacker = _Unpacker(model)
    return tuple(tuple(unpacker.unpacked(exchange) for exchange in turn) for turn in model.turns)
