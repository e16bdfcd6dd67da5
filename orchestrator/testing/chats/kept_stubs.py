"""What an API has answered in a chat, as the stubs of a conversation file. Pure.

A stub names the method, the path and what else tells requests apart, and gives the status and the body that came; of
header fields it has the media type of what is no JSON, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator.testing.chats.kept_answers import KeptAnswer
from orchestrator.testing.format.expectations import query_of
from orchestrator.testing.format.patterns import escaped
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, HttpResponse
from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json

MAX_STUB_CHARS = 16 * 1024
"""Characters of a body that stand in the file itself; a longer one is put beside it."""

KeepBody = Callable[[bytes, str], str]
"""Puts a body of a media type beside the file, and gives its name."""

_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\b", re.IGNORECASE)
_TEXT = re.compile(r"text/|application/(?:xml|x-www-form-urlencoded)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """A request, as far as stubs tell requests apart, and its answer."""

    request: JsonObject
    answer: JsonObject


def _json_of(body: bytes) -> Json:
    """The value that a body is; null where it is none."""
    try:
        return parse_json(body)
    except InvalidJson:
        return None


def _query(request: HttpRequest) -> JsonObject:
    """The parameters but for credentials: these are not sent to a stub."""
    found = query_of(urlsplit(request.url).query)
    return {name: value for name, value in found.items() if name.casefold() not in request.credentials}


def _requested(kept: KeptAnswer) -> JsonObject:
    request = kept.exchange.request
    told: JsonObject = {"method": request.method, "path": kept.path}
    if query := _query(request):
        told["query"] = escaped(query)
    body = _json_of(request.body or b"")
    return told if body is None else told | {"json": escaped(body)}


def _body(response: HttpResponse, keep: KeepBody) -> JsonObject:
    media_type = response.header("content-type") or ""
    if not response.body:
        return {}
    value = _json_of(response.body) if _JSON.match(media_type) else None
    if value is not None and len(dump_json(value)) <= MAX_STUB_CHARS:
        return {"json": value}
    headers: JsonObject = {"headers": {"Content-Type": media_type}} if media_type else {}
    if _TEXT.match(media_type) and len(response.body) <= MAX_STUB_CHARS:
        try:
            return {**headers, "body": response.body.decode()}
        except UnicodeDecodeError:
            pass
    return {**headers, "file": keep(response.body, media_type)}


def _fault(error: InvocationError | None) -> JsonObject:
    if error is not None and (error.not_executed == "connect" or error.is_unsent):
        return {"fault": "refuse"}
    return {"fault": "reset" if error is not None and error.is_lost else "hang"}


def _answer(kept: KeptAnswer, keep: KeepBody) -> JsonObject:
    response = kept.exchange.response
    if response is None:
        return _fault(kept.exchange.error)
    status: JsonObject = {"status": response.status} if response.status != 200 else {}
    return {**status, **_body(response, keep)}


def _stubs_of(request: JsonObject, answers: Sequence[JsonObject]) -> Iterable[JsonObject]:
    """One for each answer but those that are as the one before; the last holds for as long as it is asked."""
    runs: list[tuple[JsonObject, int]] = []
    for answer in answers:
        last, count = runs[-1] if runs else (None, 0)
        if last == answer:
            runs[-1] = (answer, count + 1)
        else:
            runs.append((answer, 1))
    for index, (answer, count) in enumerate(runs):
        times: JsonObject = {"times": count} if index < len(runs) - 1 else {}
        yield {**request, **times, "answer": answer or {"status": 200}}


def stubs_of(kept: Iterable[KeptAnswer], keep: KeepBody) -> list[Json]:
    """Stubs that give these answers again, in their order where the same was asked several times."""
    answered = [_Answered(request=_requested(one), answer=_answer(one, keep)) for one in kept]
    groups: dict[str, list[_Answered]] = {}
    for one in answered:
        groups.setdefault(dump_json(one.request), []).append(one)
    # the first that fits answers: those that ask for more come before those that take any
    told = sorted(groups.values(), key=lambda group: -len(group[0].request))
    return [stub for group in told for stub in _stubs_of(group[0].request, [one.answer for one in group])]
