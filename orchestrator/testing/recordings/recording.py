"""Keeps what a live model and real APIs say in a conversation, as a cassette has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from auth.masking import Masker
from orchestrator.testing.answering.live_model import LiveModel
from orchestrator.testing.judging.exchanges import HttpExchange, ModelExchange, Slot
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.recordings.asked import asked, call_value
from orchestrator.testing.recordings.cassette import RecordedCallOut, RecordedModel, RecordedReply
from orchestrator.testing.recordings.hiding import masked_exchange
from orchestrator.testing.recordings.http_records import KEPT_HEADERS, recorded_answer, recorded_failure
from orchestrator.testing.recordings.packing import Exchanged, packed
from orchestrator.testing.recordings.secrets_in_use import (
    Maskers,
    Named,
    credentials_of_request,
    secrets_of_response,
)
from runtimes.errors import InvocationError
from runtimes.http import HttpClient, HttpRequest, HttpResponse
from runtimes.values import JsonObject

_HANDED_ON = frozenset({"content-type", *map(str.casefold, KEPT_HEADERS)})


def _secrets(exchange: HttpExchange) -> Iterator[Named]:
    yield from credentials_of_request(exchange.request)
    if exchange.response is not None:
        yield from secrets_of_response(exchange.response)


def _recorded(exchange: HttpExchange, masker: Masker) -> RecordedCallOut | None:
    """What a cassette has of it; None where nothing came back at all."""
    if exchange.response is not None:
        return recorded_answer(exchange.request, exchange.response, masker)
    return None if exchange.error is None else recorded_failure(exchange.request, exchange.error, masker)


class RecordingHttp:
    """A `RecordedApi` that asks the API, and keeps what is exchanged.

    What it hands on is what will be replayed: JSON spelled anew, secrets masked, few headers.
    """

    def __init__(self, secrets: Iterable[Named]) -> None:
        """`secrets` are those that are known beforehand."""
        self._known = tuple(secrets)
        self._slots: list[Slot[HttpExchange]] = []
        self._maskers = Maskers()

    @property
    def is_live(self) -> bool:
        """True."""
        return True

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """None: whatever is asked is right."""
        return ()

    @property
    def secrets(self) -> tuple[Named, ...]:
        """Those that were known beforehand, and those that requests and answers have carried."""
        return (*self._known, *(one for slot in self._slots for one in _secrets(slot.exchange)))

    def begin(self) -> None:
        """Goes on with another turn."""

    def over(self, http: HttpClient, /) -> HttpClient:
        """Asks through this client."""
        return _Asking(http, self)

    @property
    def masker(self) -> Masker:
        """For these."""
        return self._maskers.of(self.secrets)

    def slot(self, request: HttpRequest) -> Slot[HttpExchange]:
        """Keeps a place for an exchange."""
        slot = Slot(HttpExchange(request=request, response=None))
        self._slots.append(slot)
        return slot

    def recorded(self, masker: Masker) -> tuple[RecordedCallOut, ...]:
        """What a cassette has of all this, in the order of asking."""
        kept = (_recorded(slot.exchange, masker) for slot in self._slots)
        return tuple(one for one in kept if one is not None)


class _Asking:
    """An `HttpClient` that has what it exchanges kept."""

    def __init__(self, inner: HttpClient, recording: RecordingHttp) -> None:
        self._inner = inner
        self._recording = recording

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """As the client inside, with the answer as it will be replayed. Raises: `InvocationError`."""
        slot = self._recording.slot(request)
        try:
            response = await self._inner.send(request)
        except InvocationError as error:
            slot.exchange = replace(slot.exchange, error=error)
            raise
        slot.exchange = replace(slot.exchange, response=response)
        recorded = recorded_answer(request, response, self._recording.masker).answer
        assert recorded is not None
        headers = tuple(one for one in response.headers if one[0].casefold() in _HANDED_ON)
        return replace(response, headers=headers, body=recorded.body.data if recorded.body is not None else b"")


def _reply(exchange: ModelExchange, masker: Masker) -> RecordedReply:
    members: JsonObject = {"text": exchange.text, "calls": [call_value(call) for call in exchange.calls]}
    usage = exchange.usage
    if usage is not None:
        members["tokens"] = {"input": usage.input_tokens, "output": usage.output_tokens}
    return RecordedReply.model_validate({**masked_exchange(members, masker), "breaks_off": not exchange.is_complete})


def recorded_model(live: LiveModel, masker: Masker) -> RecordedModel:
    """What a cassette has of a conversation with a model."""
    turns = [
        [
            Exchanged(asked=masked_exchange(asked(exchange.request), masker), reply=_reply(exchange, masker))
            for exchange in turn
        ]
        for turn in live.turns
    ]
    return packed(masker.masked(live.name), turns)
