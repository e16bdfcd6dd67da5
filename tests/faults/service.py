"""The service behind the shop: it counts what really happened, by the tokens of the calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Literal
from urllib.parse import parse_qs

import anyio

from orchestrator.events import CallDispatched, CallJudged, CallUnknown
from orchestrator.journal.base import Journal
from tests.faults.shop import LOOK, ORDER, conversation_of
from tests.servers.loopback import Answer, Request, json_response

Stage = Literal["arrived", "done", "answered"]

STAGES: tuple[Stage, ...] = ("arrived", "done", "answered")
"""Before the effect, after it and before the answer, after the answer."""

SLOWEST_SECONDS = 0.04
"""The longest that an answer takes, half of it before the effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One request that arrived, and whether it changed anything."""

    operation: str
    token: str
    key: str | None
    """The `Idempotency-Key`."""
    is_new: bool
    """False for a repetition under a key that is known, and for what only reads."""
    was_dispatched: bool
    """The dispatch of its call was kept when the request arrived."""
    is_late: bool = False
    """It was kept by then that its outcome is unknown: who sent it was taken for dead in the last moment before."""


class Service:
    """Handles requests; `reached` is told of every stage of each, and may kill whoever sent it meanwhile."""

    def __init__(self, random: Random, journal: Journal, reached: Callable[[Stage], Awaitable[None]]) -> None:
        """`journal` has the dispatches; `random` says how long each answer takes."""
        self._random = random
        self._journal = journal
        self._reached = reached
        self._keys: set[str] = set()
        self.effects: list[Effect] = []

    async def __call__(self, request: Request) -> Answer:
        operation = request.path.removeprefix("/")
        token = self._token(request)
        facts = await self._facts_of(token)
        pause = self._random.uniform(0, SLOWEST_SECONDS) / 2
        await self._reached("arrived")
        await anyio.sleep(pause)
        key = request.header("Idempotency-Key")
        is_new = operation != LOOK and (operation != ORDER or key not in self._keys)
        if key is not None:
            self._keys.add(key)
        self.effects.append(
            Effect(
                operation=operation,
                token=token,
                key=key,
                is_new=is_new,
                was_dispatched=any(isinstance(fact, CallDispatched) for fact in facts),
                is_late=any(isinstance(fact, CallUnknown) for fact in facts),
            )
        )
        await self._reached("done")
        await anyio.sleep(pause)
        await self._reached("answered")
        return json_response({"token": token, "done": operation})

    async def _facts_of(self, token: str) -> list[CallDispatched | CallUnknown]:
        """What is kept of the call that a request belongs to, when the request arrives."""
        facts = await self._journal.read(conversation_of(token))
        calls = {fact.call_id for fact in facts if isinstance(fact, CallJudged) and fact.arguments == {"token": token}}
        return [fact for fact in facts if isinstance(fact, CallDispatched | CallUnknown) and fact.call_id in calls]

    def _token(self, request: Request) -> str:
        if request.method == "GET":
            return parse_qs(request.query)["token"][0]
        body = request.json()
        assert isinstance(body, dict)
        token = body["token"]
        assert isinstance(token, str)
        return token
