"""What requests and answers show of themselves."""

from __future__ import annotations

from runtimes.http import HttpRequest, HttpResponse
from tests.canaries import canary, found_in

KEY = canary("k+")


def test_a_request_shows_where_it_goes_and_nothing_of_what_it_carries() -> None:
    request = HttpRequest(
        method="POST",
        url=f"https://me:{KEY}@login.example/token?key={KEY}",
        headers=(("Authorization", f"Basic {KEY}"),),
        body=f"refresh_token={KEY}".encode(),
    )
    assert f"{request} {request!r}".count("<HttpRequest POST https://login.example/token, 1 headers, 44 bytes>") == 2
    assert found_in(repr(request), {"key": KEY}) == []


def test_an_answer_shows_nothing_of_what_it_brings() -> None:
    answer = HttpResponse(
        status=200,
        headers=(("Set-Cookie", KEY),),
        body=f'{{"access_token": "{KEY}"}}'.encode(),
        url=f"https://login.example/token?key={KEY}",
        unfollowed=KEY,
    )
    assert repr(answer) == "<HttpResponse 200 of https://login.example/token, 1 headers, 50 bytes>"
