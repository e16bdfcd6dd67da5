"""Reads one reply of the model, delta by delta, and gives its calls ids of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from secrets import token_hex

import anyio
import anyio.lowlevel

from auth import SecretsInUse
from orchestrator.errors import ModelError
from orchestrator.events import Event, RequestedCall
from orchestrator.model.base import ModelCall, ModelDelta, ReplyEnd, RetryNotice, TextPart
from orchestrator.response.addresses import Addresses
from orchestrator.response.hidden import Sanitizer
from orchestrator.response.links import LinkGuard
from orchestrator.signals import RetryScheduled, State, StateEntered, TextDelta

CLOSE_TIMEOUT = 5.0
"""Seconds that a reply which is not read to its end may take to close."""

DELTAS_AT_A_TIME = 64
"""Pieces of text that are read before others have their turn: a model may have all of them without waiting."""

Emit = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote, complete."""

    text: str
    """As people read it: nothing in it hides, and no link or image leads where it must not."""
    end: ReplyEnd


def new_call_id() -> str:
    """Random and unique; the model's own id is only echoed to it."""
    return token_hex(8)


def with_ids(calls: tuple[ModelCall, ...]) -> tuple[RequestedCall, ...]:
    """The calls under ids of ours; a model's own id that is missing, repeated or unreadable is replaced by one."""
    seen: set[str] = set()
    requested: list[RequestedCall] = []
    for call in calls:
        call_id = new_call_id()
        if not call.id.isprintable() or not call.id or call.id in seen:
            call = ModelCall(id=f"call_{call_id}", tool=call.tool, arguments=call.arguments)
        seen.add(call.id)
        requested.append(RequestedCall(call_id=call_id, request=call))
    return tuple(requested)


async def _close(deltas: AsyncIterator[ModelDelta]) -> None:
    """Closes a reply that is not read to its end, so that its connection is free at once."""
    if isinstance(deltas, AsyncGenerator):
        with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
            await deltas.aclose()


class _Reading:
    """The text of one reply, as it may be read."""

    def __init__(
        self,
        state: State,
        emit: Emit | None,
        shown: list[str] | None,
        addresses: Callable[[], Addresses],
        secrets: SecretsInUse,
    ) -> None:
        self._state: State = state
        self._emit = emit
        self._shown = shown
        self._sanitizer = Sanitizer()
        self._secrets = secrets
        self._discreet = secrets.stream()
        self._guard = LinkGuard(addresses)
        self._parts: list[str] = []
        self._pieces = 0

    async def take(self, text: str) -> None:
        """The next piece; others have their turn after every `DELTAS_AT_A_TIME`."""
        self._pieces += 1
        if self._pieces % DELTAS_AT_A_TIME == 0:
            await anyio.lowlevel.checkpoint()
        text = self._sanitizer.feed(text)
        await self._give(self._guard.feed(self._discreet.feed(text) if self._secrets else text))

    async def finish(self) -> str:
        """The whole of it, once nothing follows."""
        await self._give(self._guard.feed(self._discreet.finish()))
        await self._give(self._guard.finish())
        return "".join(self._parts)

    async def _give(self, text: str) -> None:
        if not text:
            return
        self._parts.append(text)
        if self._shown is not None:
            self._shown.append(text)
            if self._emit is not None:
                await self._emit(TextDelta(state=self._state, text=text))


async def read_reply(
    deltas: AsyncIterator[ModelDelta],
    state: State,
    emit: Emit | None,
    shown: list[str] | None,
    addresses: Callable[[], Addresses] = Addresses,
    secrets: SecretsInUse | None = None,
) -> Written:
    """The whole reply; `shown` collects the pieces that the person sees, None shows none.

    `addresses` are those that it may lead to, none unless given; `secrets` are taken out of its text, also where they
    are split between deltas. What hides in it is gone before they are looked for, since that could part them.

    Raises: `ModelError`, also when the stream stops before its `ReplyEnd`.
    """
    secrets = secrets if secrets is not None else SecretsInUse()
    if emit is not None:
        await emit(StateEntered(state=state))
    reading = _Reading(state, emit, shown, addresses, secrets)
    end: ReplyEnd | None = None
    is_whole = False
    try:
        async for delta in deltas:
            match delta:
                case TextPart():
                    await reading.take(delta.text)
                case RetryNotice() if emit is not None:
                    reason = secrets.masked(delta.reason)
                    await emit(RetryScheduled(attempt=delta.attempt, delay=delta.delay, reason=reason))
                case ReplyEnd():
                    end = delta
                case _:
                    pass
        is_whole = True
    finally:
        if not is_whole:
            await _close(deltas)
    if end is None:
        raise ModelError("the model's reply broke off")
    return Written(text=await reading.finish(), end=end)
