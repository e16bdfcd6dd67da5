"""What a conversation file may say and the runner cannot do: named at its place, never passed over. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Problem
from orchestrator.testing.conversation import Conversation
from orchestrator.testing.places import Placed, Where


def _unsupported(conversation: Conversation) -> Iterator[tuple[str, str]]:
    """A pointer, and what is there."""
    api = conversation.api
    if conversation.services:
        yield "/services", "services are not started"
    for index, plugin in enumerate(conversation.plugins):
        if plugin.service is not None:
            yield f"/plugins/{index}/service", "services are not started"
    if conversation.credentials:
        yield "/credentials", "credentials are not sent"
    if conversation.clock is not None:
        yield "/clock", "the clock cannot be set"
    if api.recorded is not None:
        yield "/api/recorded", "recorded answers are not replayed"
    if not api.examples:
        yield "/api/examples", "the mock always gives the examples of a description"
    if api.real and api.stubs:
        yield "/api/stubs", "stubs do not come before the real service"


def where_written(placed: Placed, pointer: str) -> Where:
    """Where the member is written: in the conversation, or in what it shares."""
    own = placed.where
    return own if own.known(pointer) != own.pointer else Where(positions=own.positions)


def unsupported(placed: Placed) -> tuple[Problem, ...]:
    """A problem for each member that is not supported."""
    found: list[Problem] = []
    for pointer, what in _unsupported(placed.conversation):
        where = where_written(placed, pointer)
        place = where.place(pointer)
        found.append(
            Problem(
                severity="error",
                code="not-supported",
                message=f"{what} by `orchestrator test` yet",
                pointer=where.known(pointer),
                line=place.line,
                column=place.column,
                hint="the page on conversation files lists what is not done yet",
            )
        )
    return tuple(found)
