"""Answers that are read while they come: one exchange each, over pools of their own, so that none of them takes the
connection of a call.

Loaded on the first such request; `runtimes.fetch` stands above it, and has judged where the request goes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import anyio

from auth import SecretsInUse
from runtimes.carriers import Arriving, Progress
from runtimes.codings import BadContent, decoder_for
from runtimes.errors import InvocationError
from runtimes.exchanges import Watched
from runtimes.failures import FAILURES, failed, no_answer
from runtimes.http import HttpRequest, Lasts, StreamedResponse
from runtimes.network import ContactRefused, Origin
from runtimes.queues import Queues
from runtimes.transport import Transport, content_coding, opened

MAX_STREAMS_PER_ORIGIN = 32
"""Answers of one origin that are under way at once; a request beyond them waits within its own time."""

MAX_LASTING = 512
"""Answers that last, and are under way at once."""

MAX_LASTING_PER_ORIGIN = 128
"""Those of one origin; one beyond them is refused at once, for there is no telling when another one ends."""

MAX_OPTIONAL_PER_ORIGIN = 16
"""Once so many last, one that nobody needs is not begun."""


class Streams:
    """The exchanges of one client."""

    def __init__(
        self,
        transport: Transport,
        lasting: Transport,
        secrets: SecretsInUse,
        tell: Callable[[Watched], None],
    ) -> None:
        """What lasts goes over a transport of its own. `tell` is told of each exchange that has ended; closing the
        transports is `aclose`."""
        self._transport = transport
        self._lasting_transport = lasting
        self._secrets = secrets
        self._tell = tell
        self._queues = Queues(MAX_STREAMS_PER_ORIGIN)
        self._lasting = Queues(MAX_LASTING_PER_ORIGIN)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._transport.aclose()
        await self._lasting_transport.aclose()

    def _refuse_too_many(self, origin: Origin, lasts: Lasts) -> None:
        """Raises: `InvocationError`."""
        most = MAX_OPTIONAL_PER_ORIGIN if lasts == "optional" else MAX_LASTING_PER_ORIGIN
        if self._lasting.users(origin) >= most:
            reason = f"{most} other answers of {origin} that last are under way"
            raise InvocationError(f"nothing was sent: {reason}", is_unsent=True)
        if self._lasting.all_users >= MAX_LASTING:
            reason = f"{MAX_LASTING} other answers that last are under way"
            raise InvocationError(f"nothing was sent: {reason}", is_unsent=True)

    @asynccontextmanager
    async def opened(
        self, request: HttpRequest, origin: Origin, *, is_allowed: bool, lasts: Lasts | None
    ) -> AsyncGenerator[StreamedResponse]:
        """As `StreamingClient.stream`, of a whole request. Raises: `InvocationError`."""
        if lasts is not None:
            self._refuse_too_many(origin, lasts)
        watched = Watched(request)
        async with AsyncExitStack() as stack:
            stack.callback(self._tell, watched)
            try:
                arriving = await self._begun(stack, request, origin, is_allowed=is_allowed, lasts=lasts)
            except InvocationError as error:
                watched.error = str(error)
                raise
            watched.status, watched.error = arriving.status, None
            async with aclosing(self._pieces(arriving, watched)) as pieces:
                yield StreamedResponse(status=arriving.status, headers=arriving.headers, pieces=pieces)

    async def _begun(
        self, stack: AsyncExitStack, request: HttpRequest, origin: Origin, *, is_allowed: bool, lasts: Lasts | None
    ) -> Arriving:
        """The answer; the stack holds what is to be closed. Raises: `InvocationError`."""
        progress = Progress()
        queues = self._queues if lasts is None else self._lasting
        transport = self._transport if lasts is None else self._lasting_transport
        try:
            with anyio.fail_after(request.timeout):
                await stack.enter_async_context(queues.turn(origin))
                progress.is_queued = False
                begun = opened(transport, request, progress, is_allowed=is_allowed)
                return await stack.enter_async_context(begun)
        except ContactRefused as refusal:
            failure = InvocationError(f"nothing was sent: {refusal}", is_unsent=True)
        except TimeoutError:
            queue = f"; {MAX_STREAMS_PER_ORIGIN} other answers of it are under way" if progress.is_queued else ""
            limit = f"no answer within {request.timeout:.3g} s{queue}"
            failure = no_answer(request, limit, is_sent=progress.is_sent)
        except FAILURES as error:
            failure = failed(request, error, self._secrets, is_sent=progress.is_sent)
        raise failure  # here, so that nothing stands behind it: the library's own error may quote what was sent

    async def _pieces(self, arriving: Arriving, watched: Watched) -> AsyncGenerator[bytes]:
        """The body, decoded. Raises: `InvocationError`."""
        most = watched.request.max_bytes
        try:
            decoder = decoder_for(content_coding(arriving))
            async with aclosing(arriving.pieces()) as chunks:
                async for chunk in chunks:
                    piece = decoder.decode(chunk, most - watched.bytes + 1)
                    watched.bytes += len(piece)
                    if watched.bytes > most:
                        raise BadContent(f"the answer is longer than {most} bytes")
                    if piece:
                        yield piece
            decoder.finish()
            return
        except FAILURES as error:
            failure = failed(watched.request, error, self._secrets, is_sent=True)
        watched.error = str(failure)
        raise failure
