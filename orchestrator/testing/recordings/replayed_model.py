"""A model that replies what was recorded, and says what it is asked otherwise."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from itertools import count

import anyio.lowlevel

from auth.masking import Masker
from orchestrator.errors import ModelError
from orchestrator.model.base import (
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    RespondingRequest,
    TextPart,
)
from orchestrator.testing.answering.reply_end import reply_end
from orchestrator.testing.format.conversation import Turn
from orchestrator.testing.judging.exchanges import AnyModelRequest
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.judging.observed import ModelRequest, model_request
from orchestrator.testing.recordings.asked import alike, asked, meaning
from orchestrator.testing.recordings.cassette import RecordedModel, RecordedReply
from orchestrator.testing.recordings.hiding import masked_exchange
from orchestrator.testing.recordings.packing import Exchanged, unpacked
from orchestrator.testing.recordings.prompt_diff import difference
from orchestrator.testing.recordings.recorded_again import RECORD_AGAIN
from runtimes.values import dump_json


def _is_alike(exchange: Exchanged, request: AnyModelRequest) -> bool:
    """True where both are phrases, or neither is."""
    return (exchange.asked["state"] == "phrase") == isinstance(request, PhraseRequest)


class ReplayedModel:
    """A `PlayedModel` that replies what was recorded, turn by turn and in order.

    A request that differs from the recorded one is a mismatch, and answered all the same: the recorded replies may
    still show what becomes of the turn. Phrases may be asked for in any order.
    """

    def __init__(self, recorded: RecordedModel, masker: Masker, turns: int | None = None) -> None:
        """`masker` hides what is secret in what it is asked; `turns` is how many are played, if that is known."""
        self._name = recorded.name
        self._turns = unpacked(recorded)
        self._masker = masker
        self._last = None if turns is None else turns - 1
        self._turn = -1
        self._left: list[Exchanged] = []
        self._requests: list[ModelRequest] = []
        self._found: list[Mismatch] = []
        self._ids = map("recorded_{}".format, count(1))

    @property
    def name(self) -> str:
        """That of the model which was recorded."""
        return self._name

    @property
    def is_scripted(self) -> bool:
        """False: it has no steps."""
        return False

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """What it was asked since the turn began."""
        return tuple(self._requests)

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """The first request of the turn that is not the recorded one; else the replies that were not asked for.

        In the last turn, those of turns after it, too.
        """
        return tuple(self._found[:1] or self._unused() or self._unplayed())

    def begin(self, turn: Turn, /) -> None:
        """Goes on with what was recorded of the next turn."""
        del turn
        self._turn += 1
        self._left = [*self._turns[self._turn]] if self._turn < len(self._turns) else []
        self._requests, self._found = [], []

    def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """Replies as recorded. Raises: `ModelError`."""
        return self._reply(request)

    def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """Replies as recorded. Raises: `ModelError`."""
        return self._reply(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        """Replies as recorded. Raises: `ModelError`."""
        await anyio.lowlevel.checkpoint()
        reply = self._take(request)
        if reply.breaks_off:
            raise ModelError("there was no phrase when it was recorded")
        return reply.text

    async def _reply(self, request: ReasoningRequest | RespondingRequest) -> AsyncGenerator[ModelDelta]:
        await anyio.lowlevel.checkpoint()
        reply = self._take(request)
        if reply.text:
            yield TextPart(text=reply.text)
        if reply.breaks_off:
            raise ModelError("the reply broke off when it was recorded")
        yield reply_end(reply.calls, reply.tokens, self._ids)

    def _take(self, request: AnyModelRequest) -> RecordedReply:
        """Raises: `ModelError` where no reply is left."""
        self._requests.append(model_request(request))
        number = len(self._requests)
        came = masked_exchange(asked(request), self._masker)
        fitting = [exchange for exchange in self._left if _is_alike(exchange, request)]
        if not fitting:
            raise self._missing(number, str(came["state"]))
        masked = [
            masked_exchange(exchange.asked, self._masker)
            for exchange in fitting[: None if came["state"] == "phrase" else 1]
        ]
        wanted = meaning(came)
        at = next((index for index, value in enumerate(masked) if meaning(value) == wanted), None)
        if at is None:
            at = 0
            message = f"request {number} is not the one that was recorded"
            diff = difference(*alike(masked[0], came))
            self._found.append(Mismatch(pointer="/model", message=message, details=(("diff", diff), RECORD_AGAIN)))
        taken = fitting[at]
        self._left = [one for one in self._left if one is not taken]
        return taken.reply

    def _missing(self, number: int, state: str) -> ModelError:
        message = f"request {number} ({state}) was not recorded"
        self._found.append(Mismatch(pointer="/model", message=message, details=(RECORD_AGAIN,)))
        return ModelError(message)

    def _unused(self) -> Sequence[Mismatch]:
        if not self._left:
            return ()
        turn = self._turns[self._turn]
        numbers = [
            number for number, exchange in enumerate(turn, start=1) if any(exchange is one for one in self._left)
        ]
        return [
            Mismatch(
                pointer="/model",
                message=f"reply {number} of the recording was not asked for",
                details=(
                    (
                        "reply",
                        dump_json(turn[number - 1].reply.model_dump(mode="json", by_alias=True, exclude_defaults=True)),
                    ),
                    RECORD_AGAIN,
                ),
            )
            for number in numbers
        ]

    def _unplayed(self) -> Sequence[Mismatch]:
        left = self._turns[self._turn + 1 :]
        if self._turn != self._last or not any(left):
            return ()
        message = f"the recording goes on after this turn, for {len(left)} more"
        return (Mismatch(pointer="/model", message=message, details=(RECORD_AGAIN,)),)
