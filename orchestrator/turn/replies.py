"""Reads one reply of the model, delta by delta, and gives its calls ids of ours."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from orchestrator.errors import ModelError
from orchestrator.events import Event, RequestedCall, RetryScheduled, State, StateEntered, TextDelta
from orchestrator.model.base import ModelCall, ModelDelta, ReplyEnd, RetryNotice, TextPart

CLOSE_TIMEOUT = 5.0
"""Seconds that a reply which is not read to its end may take to close."""

Emit = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote, complete."""

    text: str
    end: ReplyEnd


def new_call_id() -> str:
    """Random and unique; the model's own id is only echoed to it."""
    return secrets.token_hex(8)


def with_ids(calls: tuple[ModelCall, ...]) -> tuple[RequestedCall, ...]:
    """The calls under ids of ours; a model's own id that is missing or repeated is replaced by one."""
    seen: set[str] = set()
    requested: list[RequestedCall] = []
    for call in calls:
        call_id = new_call_id()
        if not call.id or call.id in seen:
            call = ModelCall(id=f"call_{call_id}", tool=call.tool, arguments=call.arguments)
        seen.add(call.id)
        requested.append(RequestedCall(call_id=call_id, request=call))
    return tuple(requested)


@asynccontextmanager
async def _closing(deltas: AsyncIterator[ModelDelta]) -> AsyncGenerator[None]:
    """Closes a reply that is not read to its end, so that its connection is free at once."""
    try:
        yield
    finally:
        if isinstance(deltas, AsyncGenerator):
            with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await deltas.aclose()


async def read_reply(deltas: AsyncIterator[ModelDelta], state: State, emit: Emit, shown: list[str] | None) -> Written:
    """The whole reply; `shown` collects the pieces that the person sees, None shows none.

    Raises: `ModelError`, also when the stream stops before its `ReplyEnd`.
    """
    await emit(StateEntered(state=state))
    parts: list[str] = []
    end: ReplyEnd | None = None
    async with _closing(deltas):
        async for delta in deltas:
            match delta:
                case TextPart():
                    parts.append(delta.text)
                    if shown is not None:
                        shown.append(delta.text)
                        await emit(TextDelta(state=state, text=delta.text))
                case RetryNotice():
                    await emit(RetryScheduled(attempt=delta.attempt, delay=delta.delay, reason=delta.reason))
                case ReplyEnd():
                    end = delta
    if end is None:
        raise ModelError("the model's reply broke off")
    return Written(text="".join(parts), end=end)
