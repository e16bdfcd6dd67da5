"""A plugin whose effects can be counted, and a model that follows a plan written in the person's message.

A message is `TAG: ROUND/ROUND…`, a round is operations joined by `+`. The n-th call of the m-th round carries the token
`TAG.m.n`, so that every effect can be traced to the call it belongs to. The model's next reply depends on nothing but
the messages it is given: any process can go on with it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import anyio

from orchestrator.manifest.load import Plugin, read_document
from orchestrator.model.base import (
    AssistantMessage,
    Message,
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolMessage,
    UserMessage,
)
from orchestrator.policy.rules import Policy, Rule
from runtimes.values import Json, JsonObject, dump_json

NAMESPACE = "shop"

LOOK, ORDER, SEND, PAY = "look", "order", "send", "pay"

OPERATIONS = (LOOK, ORDER, SEND, PAY)
"""`look` reads; `order` has an `Idempotency-Key`; `send` is allowed by a rule; `pay` is asked about."""

UNSAFE = frozenset({SEND, PAY})
"""Doing these twice is not the same as once."""

PERSON = "ada"

THINKING_SECONDS = 0.004
"""How long the model takes for each half of a reply."""

_TOLD_CHARS = 120
"""How much of each result the model repeats."""

_SAID = re.compile(r"([\w-]+): (\S+)")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a message asks for."""

    tag: str
    rounds: tuple[tuple[str, ...], ...]

    def tokens(self, number: int) -> tuple[tuple[str, str], ...]:
        """The operations of a round, each with its token."""
        return tuple((name, f"{self.tag}.{number}.{index}") for index, name in enumerate(self.rounds[number]))


def conversation_of(token: str) -> str:
    """The tag of the message, which is also the id of its conversation."""
    return token.partition(".")[0]


def plan_of(message: str) -> Plan:
    """The plan that a message is."""
    found = _SAID.fullmatch(message)
    assert found is not None, message
    return Plan(found[1], tuple(tuple(one.split("+")) for one in found[2].split("/")))


def _operation(name: str) -> JsonObject:
    text: JsonObject = {"type": "string"}
    answers: JsonObject = {"200": {"description": "ok", "content": {"application/json": {"schema": {}}}}}
    token: JsonObject = {"name": "token", "in": "query", "required": True, "schema": text}
    if name == LOOK:
        return {"get": {"operationId": name, "parameters": [token], "responses": answers}}
    schema: JsonObject = {"type": "object", "properties": {"token": text}, "required": ["token"]}
    operation: JsonObject = {
        "operationId": name,
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": answers,
    }
    if name == ORDER:
        operation["parameters"] = [{"name": "Idempotency-Key", "in": "header", "schema": text}]
    return {"post": operation}


def shop(url: str) -> Plugin:
    """The plugin, its API at this address."""
    description: JsonObject = {
        "openapi": "3.0.4",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": url}],
        "paths": {f"/{name}": _operation(name) for name in OPERATIONS},
    }
    functions: list[Json] = [{"name": name, "description": f"{name} something"} for name in (LOOK, SEND, PAY)]
    # a function with instructions for the answer: with a call of it the turn ends in a request of its own
    functions.append({"name": ORDER, "states": {"responding": {"instructions": "Say what was ordered."}}})
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "namespace": NAMESPACE,
        "name_for_human": "Shop",
        "description_for_human": "Sells.",
        "functions": functions,
        "runtimes": [
            {"type": "OpenApi", "auth": {"type": "None"}, "spec": {"api_description": dump_json(description)}}
        ],
    }
    return read_document(manifest, location=str(Path("plugin.json").absolute()), allowed_hosts=("127.0.0.1",))


def policy_of(plugin: Plugin) -> Policy:
    """Sending and ordering need no question; paying does."""
    return Policy(
        rules=tuple(Rule(effect="allow", plugin=NAMESPACE, function=name, hash=plugin.digest) for name in (ORDER, SEND))
    )


def _since_the_person(messages: tuple[Message, ...]) -> tuple[str, tuple[Message, ...]]:
    last = max(index for index, message in enumerate(messages) if isinstance(message, UserMessage))
    return messages[last].text, messages[last + 1 :]


class PlannedModel:
    """Follows the plan; its last words repeat what it was told of every call."""

    name = "planned"

    async def _written(self, text: str, calls: tuple[ModelCall, ...] = ()) -> AsyncIterator[ModelDelta]:
        await anyio.sleep(THINKING_SECONDS)
        if text:
            yield TextPart(text=text)
        await anyio.sleep(THINKING_SECONDS)
        yield ReplyEnd(calls=calls)

    def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        said, since = _since_the_person(request.messages)
        plan = plan_of(said)
        number = sum(isinstance(message, AssistantMessage) and bool(message.calls) for message in since)
        if number == len(plan.rounds):
            return self._written(self._told(since))
        names = {tool.name.rpartition("-")[2]: tool.name for tool in request.tools.definitions}
        calls = tuple(
            ModelCall(id=f"call-{token}", tool=names[operation], arguments=dump_json({"token": token}))
            for operation, token in plan.tokens(number)
        )
        return self._written("", calls)

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        return self._written(self._told(_since_the_person(request.messages)[1]))

    def _told(self, since: tuple[Message, ...]) -> str:
        results = [message for message in since if isinstance(message, ToolMessage)]
        return "\n".join(
            f"{one.call_id.removeprefix('call-')} -> {' '.join(one.text[:_TOLD_CHARS].split())}" for one in results
        )

    async def phrase(self, request: PhraseRequest, /) -> str:
        return request.instruction
