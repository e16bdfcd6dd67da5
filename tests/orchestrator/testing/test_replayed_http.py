"""Requests to an API are answered as they were recorded, by what they mean, and each once (issue 6)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from auth.masking import Masker
from orchestrator.testing.recordings.cassette import RecordedCallOut
from orchestrator.testing.recordings.http_records import recorded_answer, recorded_failure
from orchestrator.testing.recordings.replayed_http import ReplayedHttp
from runtimes.errors import InvocationError
from runtimes.http import Headers, HttpRequest, HttpResponse
from runtimes.values import dump_json

JSON: Headers = (("Content-Type", "application/json"),)
FORM: Headers = (("Content-Type", "application/x-www-form-urlencoded"),)
NOBODY = Masker({})


def _request(url: str = "/homes?a=1&b=2", body: bytes | None = None, headers: Headers = JSON) -> HttpRequest:
    return HttpRequest(method="POST" if body else "GET", url=f"https://homes.example{url}", headers=headers, body=body)


def _answered(request: HttpRequest, number: int = 1) -> RecordedCallOut:
    body = dump_json({"number": number}).encode()
    response = HttpResponse(status=200, headers=JSON, body=body, url=request.url)
    return recorded_answer(request, response, NOBODY)


def _replayed(recorded: Iterable[RecordedCallOut]) -> ReplayedHttp:
    return ReplayedHttp(tuple(recorded), NOBODY)


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (_request(), _request("/homes?b=2&a=1")),
        (_request("/homes"), _request("/homes#part")),
        (_request(body=b'{"a":1,"b":2}'), _request(body=b'{ "b": 2, "a": 1 }')),
        (_request(body=b"a=1&b=2", headers=FORM), _request(body=b"b=2&a=1", headers=FORM)),
        (_request(), _request(headers=(*JSON, ("Authorization", "Bearer another")))),
        (
            _request(body=b"--xyz\r\none", headers=(("Content-Type", "multipart/form-data; boundary=xyz"),)),
            _request(body=b"--uvw\r\none", headers=(("Content-Type", 'multipart/form-data; boundary="uvw"'),)),
        ),
    ],
)
async def test_a_request_that_means_the_same_is_answered(recorded: HttpRequest, asked: HttpRequest) -> None:
    http = _replayed([_answered(recorded)])
    response = await http.send(asked)
    assert (response.status, response.body, response.url) == (200, b'{"number":1}', asked.url)
    assert response.header("content-type") == "application/json"
    assert http.mismatches == ()


@pytest.mark.parametrize(
    "asked",
    [
        _request("/homes?a=1"),
        _request("/homes?a=1&b=2&b=2"),
        _request("/flats?a=1&b=2"),
        _request(body=b"{}"),
        HttpRequest(method="DELETE", url=_request().url),
    ],
)
async def test_another_request_is_not_answered(asked: HttpRequest) -> None:
    http = _replayed([_answered(_request())])
    with pytest.raises(InvocationError, match=r"nothing was sent: .* was not recorded") as caught:
        await http.send(asked)
    assert caught.value.is_unsent
    [mismatch] = http.mismatches
    assert mismatch.pointer == "/api"
    assert [label for label, _ in mismatch.details] == ["diff", "hint"]


async def test_equal_requests_are_answered_in_the_order_of_recording_and_each_once() -> None:
    http = _replayed([_answered(_request(), 1), _answered(_request("/flats"), 2), _answered(_request(), 3)])
    assert [(await http.send(_request())).body for _ in range(2)] == [b'{"number":1}', b'{"number":3}']
    with pytest.raises(InvocationError, match="asked for more often than it was recorded"):
        await http.send(_request())
    assert [found.message for found in http.mismatches] == [
        "GET https://homes.example/homes is asked for more often than it was recorded"
    ]


async def test_mismatches_are_those_of_the_turn() -> None:
    http = _replayed([])
    with pytest.raises(InvocationError):
        await http.send(_request())
    http.begin()
    assert http.mismatches == ()
    assert not http.is_live


@pytest.mark.parametrize(
    "error",
    [
        InvocationError("cannot connect", not_executed="connect"),
        InvocationError("it broke off", is_lost=True, quoted="half of it"),
        InvocationError("too often", not_executed="rate", is_final=True),
        InvocationError("never", is_unsent=True),
    ],
)
async def test_a_failure_is_the_same_failure(error: InvocationError) -> None:
    http = _replayed([recorded_failure(_request(), error, NOBODY)])
    with pytest.raises(InvocationError) as caught:
        await http.send(_request())
    again = caught.value
    assert (again.reason, again.quoted, again.not_executed) == (error.reason, error.quoted, error.not_executed)
    assert (again.is_lost, again.is_final, again.is_unsent) == (error.is_lost, error.is_final, error.is_unsent)


async def test_what_is_secret_is_masked_before_it_is_compared() -> None:
    recorded = _answered(_request("/homes?note=a-secret-value"))
    http = ReplayedHttp((recorded,), Masker({"key": "a-secret-value"}))
    assert (await http.send(_request("/homes?note=a-secret-value"))).status == 200


async def test_what_is_secret_is_masked_in_the_path_that_is_told() -> None:
    http = ReplayedHttp((), Masker({"key": "a-secret-value"}))
    with pytest.raises(InvocationError) as caught:
        await http.send(_request("/homes/a-secret-value?a=1"))
    assert "a-secret-value" not in f"{caught.value} {http.mismatches}"


async def test_the_recorded_request_that_begins_alike_is_shown_at_once() -> None:
    recorded = [_answered(_request(f"/homes/{number}", body=b'"' + b"y" * 7000 + b'"')) for number in range(500)]
    http = _replayed([*recorded, _answered(_request("/homes/77?a=2"))])
    with pytest.raises(InvocationError):
        await http.send(_request("/homes/77?a=1"))
    assert dict(http.mismatches[0].details)["diff"] == (
        '-request: "GET https://homes.example/homes/77?a=2"\n+request: "GET https://homes.example/homes/77?a=1"'
    )
