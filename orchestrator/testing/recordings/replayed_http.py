"""An HTTP client that answers what was recorded, and says what it is asked otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import anyio.lowlevel

from auth.masking import Masker
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.recordings.cassette import RecordedCallOut
from orchestrator.testing.recordings.http_records import answered, meant, recorded_request
from orchestrator.testing.recordings.prompt_diff import difference
from orchestrator.testing.recordings.recorded_again import RECORD_AGAIN
from orchestrator.testing.recordings.secrets_in_use import masked_object
from runtimes.errors import InvocationError
from runtimes.http import HttpClient, HttpRequest, HttpResponse, shown_url
from runtimes.values import JsonObject

Details = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A recorded exchange that has not answered yet."""

    asked: JsonObject
    meant: str
    recorded: RecordedCallOut


def _entry(recorded: RecordedCallOut, masker: Masker) -> _Entry:
    value: JsonObject = recorded.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, include={"request", "body"}
    )
    asked = masked_object(value, masker)
    return _Entry(asked=asked, meant=meant(asked), recorded=recorded)


class ReplayedHttp:
    """An `HttpClient` that answers what was recorded, each exchange once, and sends nothing."""

    def __init__(self, recorded: Sequence[RecordedCallOut], masker: Masker) -> None:
        """`masker` hides what is secret in what it is asked."""
        self._masker = masker
        self._left = [_entry(one, masker) for one in recorded]
        self._used: set[str] = set()
        self._found: list[Mismatch] = []

    @property
    def is_live(self) -> bool:
        """False: nothing is sent."""
        return False

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """Requests since the turn began that were not recorded."""
        return tuple(self._found)

    def begin(self) -> None:
        """Goes on with another turn."""
        self._found.clear()

    def over(self, http: HttpClient, /) -> HttpClient:
        """Answers in the place of a client that could reach the API."""
        del http
        return self

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """The recorded answer. Raises: `InvocationError`, as recorded, and for what was not."""
        await anyio.lowlevel.checkpoint()
        came = recorded_request(request, self._masker)
        wanted = meant(came)
        at = next((index for index, one in enumerate(self._left) if one.meant == wanted), None)
        if at is None:
            raise self._unknown(request, came)
        self._used.add(wanted)
        return answered(self._left.pop(at).recorded, request)

    def _unknown(self, request: HttpRequest, came: JsonObject) -> InvocationError:
        what = f"{request.method} {shown_url(request.url)}"
        message, details = f"{what} was not recorded", (*self._nearest(came), RECORD_AGAIN)
        if meant(came) in self._used:
            message, details = f"{what} is asked for more often than it was recorded", (RECORD_AGAIN,)
        self._found.append(Mismatch(pointer="/api", message=message, details=details))
        return InvocationError(f"nothing was sent: {message}", is_unsent=True)

    def _nearest(self, came: JsonObject) -> Details:
        """How the recorded request that is most like it differs from it."""
        if not self._left:
            return ()
        wanted = meant(came)
        nearest = max(self._left, key=lambda one: SequenceMatcher(None, wanted, one.meant).quick_ratio())
        return (("diff", difference(nearest.asked, came)),)
