"""An HTTP client that answers what was recorded, and says what it is asked otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import anyio.lowlevel

from auth.masking import Masker
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.recordings.cassette import RecordedCallOut
from orchestrator.testing.recordings.http_records import answered, compared, recorded_anew, recorded_request
from orchestrator.testing.recordings.prompt_diff import difference, shared
from orchestrator.testing.recordings.recorded_again import RECORD_AGAIN
from runtimes.errors import InvocationError
from runtimes.http import HttpClient, HttpRequest, HttpResponse
from runtimes.values import JsonObject, canonical_json

MAX_LIKENESS_CHARS = 2000
"""Characters of a request that are looked at to find the recorded one that is most like it."""

MAX_UNUSED_SHOWN = 5
"""Recorded requests that are shown where nobody has sent them."""

Details = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A recorded exchange that has not answered yet."""

    asked: JsonObject
    """What of it is compared."""
    meant: str
    """The same as a text."""
    recorded: RecordedCallOut


def _entry(recorded: RecordedCallOut, masker: Masker) -> _Entry:
    asked = compared(recorded_anew(recorded, masker))
    return _Entry(asked=asked, meant=canonical_json(asked), recorded=recorded)


def _address(asked: JsonObject) -> str:
    """The method and the URL, without its query."""
    return str(asked["request"]).partition("?")[0]


def _shared(one: str, other: str) -> int:
    return shared(one[:MAX_LIKENESS_CHARS], other[:MAX_LIKENESS_CHARS])


def _likeness(one: JsonObject, other: JsonObject) -> tuple[bool, int, int]:
    """How much is the same: method and address, else how they begin; then the body."""
    address = _address(one)
    is_same = address == _address(other)
    body = _shared(canonical_json(one.get("body")), canonical_json(other.get("body"))) if is_same else 0
    return is_same, _shared(str(one["request"]), str(other["request"])), body


class ReplayedHttp:
    """An `HttpClient` that answers what was recorded, each exchange once, and sends nothing."""

    def __init__(self, recorded: Sequence[RecordedCallOut], masker: Masker, turns: int | None = None) -> None:
        """`masker` hides what is secret in what it is asked.

        In the last of so many `turns` all must be asked for; without a number, nothing must.
        """
        self._masker = masker
        self._turns_left = turns
        self._left = [_entry(one, masker) for one in recorded]
        self._used: set[str] = set()
        self._found: list[Mismatch] = []

    @property
    def is_live(self) -> bool:
        """False: nothing is sent."""
        return False

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """Requests since the turn began that were not recorded; else, in the last turn, what was not asked for."""
        return (*self._found,) if self._found or self._turns_left != 0 else (*self._unused(),)

    def begin(self) -> None:
        """Goes on with another turn."""
        self._found.clear()
        if self._turns_left is not None:
            self._turns_left -= 1

    def over(self, http: HttpClient, /) -> HttpClient:
        """Answers in the place of a client that could reach the API."""
        del http
        return self

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """The recorded answer. Raises: `InvocationError`, as recorded, and for what was not."""
        await anyio.lowlevel.checkpoint()
        came = compared(recorded_request(request, self._masker))
        wanted = canonical_json(came)
        at = next((index for index, one in enumerate(self._left) if one.meant == wanted), None)
        if at is None:
            raise self._unknown(came, wanted)
        self._used.add(wanted)
        return answered(self._left.pop(at).recorded, request)

    def _unknown(self, came: JsonObject, wanted: str) -> InvocationError:
        what = _address(came)
        message, details = f"{what} was not recorded", (*self._nearest(came), RECORD_AGAIN)
        if wanted in self._used:
            message, details = f"{what} is asked for more often than it was recorded", (RECORD_AGAIN,)
        self._found.append(Mismatch(pointer="/api", message=message, details=details))
        return InvocationError(f"nothing was sent: {message}", is_unsent=True)

    def _unused(self) -> Sequence[Mismatch]:
        if not self._left:
            return ()
        shown = tuple(("recorded", str(one.asked["request"])) for one in self._left[:MAX_UNUSED_SHOWN])
        count = len(self._left)
        message = f"{count} recorded request{'s were' if count > 1 else ' was'} not sent"
        return (Mismatch(pointer="/api", message=message, details=(*shown, RECORD_AGAIN)),)

    def _nearest(self, came: JsonObject) -> Details:
        """How the recorded request that is most like it differs from it."""
        if not self._left:
            return ()
        nearest = max(self._left, key=lambda one: _likeness(one.asked, came))
        return (("diff", difference(nearest.asked, came)),)
