"""The APIs behind the conversations of a test in Python: their stubs, and all that was sent to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from orchestrator.testing.answering.api import Apis
from orchestrator.testing.format.settings import Stub
from orchestrator.testing.playing.described import unknown_operations
from orchestrator.testing.python.written import WrittenStub, written_stub
from runtimes.base import WireMessage


class Backend:
    """Whatever answers the calls of some conversations and hosts: those that were opened with it."""

    def __init__(self) -> None:
        self._stubs: list[Stub] = []
        self._apis: list[Apis] = []
        self._sent: list[WireMessage] = []

    @property
    def requests(self) -> tuple[WireMessage, ...]:
        """The HTTP requests and JSON-RPC frames that went out: those of conversations, then those of hosts."""
        return (*self._sent, *(message for apis in self._apis for message in apis.sent))

    def stub(self, **members: Unpack[WrittenStub]) -> None:
        """Answers requests in the place of the mock from now on, after the stubs that there are.

        Raises: `UsageError`.
        """
        __tracebackhide__ = True
        stub = written_stub(members)
        self._stubs.append(stub)
        for apis in self._apis:
            apis.add_stub(stub)

    def begin(self, apis: Apis, stubs: Sequence[Stub]) -> None:
        """Stands behind a conversation or a host, which has stubs of its own."""
        apis.restart((*stubs, *self._stubs))
        self._apis.append(apis)

    def settle(self) -> str:
        """What is wrong with the stubs: one that is for an operation that none of the APIs has answers nothing."""
        known: set[str] = set()
        for apis in self._apis:
            if apis.operations is None:
                return ""
            known |= apis.operations
        wrong = next((message for _, message in unknown_operations(self._stubs, known)), "") if self._apis else ""
        return f"a stub of the mock: {wrong}" if wrong else ""

    def keep(self, apis: Apis) -> None:
        """Keeps what was sent before the APIs forget it: a turn begins."""
        self._sent += apis.sent
        apis.begin()
