"""Requests to APIs and their answers as a cassette has them, and back. Pure.

An answer comes back as it was recorded: with JSON spelled anew, secrets masked, and few headers. Whoever records hands
on that answer too, so that what comes of it is the same when it is replayed. Each request of a redirect is one of its
own.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from textwrap import wrap

from auth.masking import Masker
from orchestrator.testing.recordings.cassette import RecordedAnswer, RecordedBody, RecordedCallOut, RecordedFailure
from orchestrator.testing.recordings.hiding import hidden_url, in_url, is_exact, masked_data
from runtimes.errors import InvocationError
from runtimes.http import Headers, HttpRequest, HttpResponse
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

KEPT_HEADERS = ("Location", "Retry-After", "Content-Disposition")
"""Headers of an answer that the runtimes look at, besides its media type."""

BASE64_WIDTH = 76
"""Characters of a line of base64."""

BOUNDARY = "boundary"
"""What stands between the parts of a form, in the place of what was made up for one call."""

_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)"?', re.IGNORECASE)


def _media_type(headers: Headers) -> str:
    return next((value for name, value in headers if name.casefold() == "content-type"), "")


def _json(data: bytes, media_type: str) -> Json:
    """The object or array that the body is; None for any other."""
    if "json" not in media_type.casefold():
        return None
    try:
        value = parse_json(data)
    except InvalidJson:
        return None
    return value if isinstance(value, dict | list) and is_exact(value) else None


def _is_form(media_type: str) -> bool:
    return media_type.casefold().startswith("application/x-www-form-urlencoded")


def recorded_body(data: bytes | None, media_type: str, masker: Masker) -> RecordedBody | None:
    """A body in the form that reads best; None where there is none."""
    if not data:
        return None
    found = _BOUNDARY.search(media_type) if media_type.casefold().startswith("multipart/") else None
    if found is not None:
        data = data.replace(found[1].encode(), BOUNDARY.encode())
        media_type = media_type.replace(found[1], BOUNDARY)
    form: JsonObject = {"media_type": masker.masked(media_type)}
    value = _json(data, media_type)
    if value is not None:
        return RecordedBody.model_validate({**form, "json": masked_data(value, masker)})
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        masked = in_url(text, masker) if _is_form(media_type) else masker.masked(text)
        return RecordedBody.model_validate({**form, "text": masked})
    encoded = base64.b64encode(masker.masked_bytes(data)).decode("ascii")
    return RecordedBody.model_validate({**form, "base64": wrap(encoded, BASE64_WIDTH)})


def recorded_request(request: HttpRequest, masker: Masker) -> JsonObject:
    """A request, without its headers."""
    url = hidden_url(request.url.partition("#")[0], masker, request.credentials)
    members: JsonObject = {"request": f"{request.method} {url}"}
    body = recorded_body(request.body, _media_type(request.headers), masker)
    if body is not None:
        members["body"] = _dumped(body)
    return members


def recorded_anew(recorded: RecordedCallOut, masker: Masker) -> JsonObject:
    """The request of a recorded exchange, without what is secret to whoever replays it."""
    method, _, url = recorded.request.partition(" ")
    members: JsonObject = {"request": f"{method} {hidden_url(url, masker)}"}
    if recorded.body is not None:
        body = recorded_body(recorded.body.data, recorded.body.media_type, masker)
        members["body"] = _dumped(recorded.body if body is None else body)
    return members


def _dumped(part: RecordedBody | RecordedAnswer | RecordedFailure) -> JsonObject:
    value: JsonObject = part.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return value


def _headers(response: HttpResponse, masker: Masker) -> Mapping[str, str]:
    found = ((name, response.header(name)) for name in KEPT_HEADERS)
    return {
        name: hidden_url(value, masker) if name == "Location" else masker.masked(value)
        for name, value in found
        if value is not None
    }


def recorded_answer(request: HttpRequest, response: HttpResponse, masker: Masker) -> RecordedCallOut:
    """A request and its answer."""
    answer = RecordedAnswer(
        status=response.status,
        headers=dict(_headers(response, masker)),
        body=recorded_body(response.body, _media_type(response.headers), masker),
    )
    return RecordedCallOut.model_validate({**recorded_request(request, masker), "answer": _dumped(answer)})


def recorded_failure(request: HttpRequest, error: InvocationError, masker: Masker) -> RecordedCallOut:
    """A request that had no answer."""
    failure = RecordedFailure(
        message=masker.masked(error.reason),
        quoted=masker.masked(error.quoted),
        not_executed=error.not_executed,
        is_lost=error.is_lost,
        is_final=error.is_final,
        is_unsent=error.is_unsent,
    )
    return RecordedCallOut.model_validate({**recorded_request(request, masker), "failure": _dumped(failure)})


def answered(recorded: RecordedCallOut, request: HttpRequest) -> HttpResponse:
    """The answer that is recorded, to a request. Raises: `InvocationError` where that is what is recorded."""
    if recorded.failure is not None:
        raise InvocationError(
            recorded.failure.message,
            not_executed=recorded.failure.not_executed,
            is_lost=recorded.failure.is_lost,
            is_final=recorded.failure.is_final,
            is_unsent=recorded.failure.is_unsent,
            quoted=recorded.failure.quoted,
        )
    answer = recorded.answer
    assert answer is not None
    media_type = answer.body.media_type if answer.body is not None else ""
    return HttpResponse(
        status=answer.status,
        headers=(*answer.headers.items(), *([("Content-Type", media_type)] if media_type else [])),
        body=(answer.body.data if answer.body is not None else b"")[: request.max_bytes],
        url=request.url,
    )


def _meant_body(body: Json) -> Json:
    """A body of a request; of a form, the pairs in any order."""
    if isinstance(body, dict) and _is_form(str(body.get("media_type", ""))):
        return [*sorted(str(body.get("text", "")).split("&"))]
    return {name: value for name, value in body.items() if name != "media_type"} if isinstance(body, dict) else body


def compared(request: JsonObject) -> JsonObject:
    """What of a recorded request is compared: the same value where parameters stand in another order."""
    address, _, query = str(request["request"]).partition("?")
    parameters = "&".join(sorted(query.split("&")))
    value: JsonObject = {"request": f"{address}?{parameters}" if parameters else address}
    body = _meant_body(request.get("body"))
    return value if body is None else {**value, "body": body}
