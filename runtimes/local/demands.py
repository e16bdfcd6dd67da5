"""What a running program asks of its host, within its calls: served, bounded, or refused with what is wrong.

A stranger's program may ask anything as often as it likes; the limits are here and in `runtimes.local.open_call`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from runtimes.local.connection import Connection, JsonRpcError
from runtimes.local.contract import Asked, InvalidDemand, read_demand
from runtimes.local.messages import INVALID_PARAMS, TOO_BUSY, Demand
from runtimes.local.open_call import OpenCall
from runtimes.values import Json

MAX_DEMANDS = 8
"""How many requests of one running program may wait for their answers."""
MAX_REFUSALS = 100
"""How many requests of one running program are refused; further ones are dropped."""


class Demands:
    """The requests of one program."""

    def __init__(
        self,
        connection: Connection,
        calls: Mapping[int, OpenCall],
        tell: Callable[[bytes], Awaitable[None]],
    ) -> None:
        """`calls` are those open at any time; `tell` sends what nobody waits for."""
        self._connection = connection
        self._calls = calls
        self._tell = tell
        self._open: dict[int | str, OpenCall] = {}
        self._refusals = 0

    async def serve(self, demand: Demand) -> str:
        """Does what is asked, or sees to it that it is; a text says what to complain of."""
        try:
            is_done = self._took(demand)
        except InvalidDemand as error:
            return await self._refuse_bounded(demand, error.code, str(error))
        if is_done:
            await self._tell(self._connection.answer(demand, {}))
        return ""

    def withdraw(self, demanded: int | str) -> None:
        """The program no longer wants an answer."""
        if call := self._open.get(demanded):
            call.withdraw(demanded)

    async def answer(self, demand: Demand, result: Json, /) -> None:
        """Answers a question of the program."""
        self._open.pop(demand.id, None)
        try:
            message = self._connection.answer(demand, result)
        except JsonRpcError as error:
            message = self._connection.refuse(demand, INVALID_PARAMS, f"what the person gave cannot be sent: {error}")
        await self._tell(message)

    async def refuse(self, demand: Demand, code: int, reason: str, /) -> None:
        """Answers a question of the program with an error."""
        self._open.pop(demand.id, None)
        await self._tell(self._connection.refuse(demand, code, reason))

    def _took(self, demand: Demand) -> bool:
        """True where that was all, false where the person is to answer. Raises: `InvalidDemand`."""
        if len(self._open) >= MAX_DEMANDS:
            raise InvalidDemand(TOO_BUSY, f"{MAX_DEMANDS} requests wait for their answers already")
        read = read_demand(demand.method, demand.params)
        call = self._belonging(read.call)
        if not isinstance(read, Asked):
            if not call.note(read.text):
                raise InvalidDemand(TOO_BUSY, "the call has said too much already")
            return True
        if demand.id in self._open:
            raise InvalidDemand(INVALID_PARAMS, "a request of the same id waits for its answer")
        call.ask(demand, read.question)
        self._open[demand.id] = call
        return False

    def _belonging(self, number: int | None) -> OpenCall:
        """The call that a request of the program belongs to. Raises: `InvalidDemand`."""
        if number is None and len(self._calls) == 1:
            return next(iter(self._calls.values()))
        if number is None:
            raise InvalidDemand(INVALID_PARAMS, f"{len(self._calls)} calls are open; say with 'call' which it is for")
        if (call := self._calls.get(number)) is None:
            raise InvalidDemand(INVALID_PARAMS, "'call' is the id of no open call")
        return call

    async def _refuse_bounded(self, demand: Demand, code: int, reason: str) -> str:
        """As `refuse`, where nobody has been asked, so that nothing else keeps the program from going on and on."""
        self._refusals += 1
        if self._refusals <= MAX_REFUSALS:
            await self._tell(self._connection.refuse(demand, code, reason))
            return ""
        return f"it has sent more than {MAX_REFUSALS} requests of its own that are refused"
