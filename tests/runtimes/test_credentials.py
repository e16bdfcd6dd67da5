"""Credentials are written into requests where these leave, and taken out of what comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auth import Attached, Secret
from runtimes.base import WireMessage
from runtimes.credentials import Discreet, whole_message, whole_request
from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.http import Headers, HttpRequest, HttpResponse
from runtimes.transport import CarrierName
from tests.servers.loopback import Answer, Request, json_response, serve

KEY = "canary-key-1234"
OTHER = "canary-other-99"
HEADER = Attached(place="header", name="X-Key", value=Secret(KEY), hides=(Secret(KEY),))
QUERY = Attached(place="query", name="api key", value=Secret("a&b"), hides=(Secret(OTHER),))
COOKIE = Attached(place="cookie", name="sid", value=Secret("abc"))


class Answering:
    """An `HttpClient` with one answer, or error."""

    def __init__(self, answer: HttpResponse | InvocationError) -> None:
        self.answer = answer

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        if isinstance(self.answer, InvocationError):
            raise self.answer
        return self.answer


def response(body: bytes, headers: Headers = ()) -> HttpResponse:
    return HttpResponse(status=200, headers=headers, body=body, url=f"https://api.example/x?key={KEY}")


@pytest.mark.parametrize(
    ("attached", "url", "headers"),
    [
        ((HEADER,), "https://api.example/x", (("Cookie", "a=b"), ("X-Key", KEY))),
        ((QUERY,), "https://api.example/x?api%20key=a%26b", (("x-key", "by a model"), ("Cookie", "a=b"))),
        ((COOKIE,), "https://api.example/x", (("x-key", "by a model"), ("Cookie", "a=b; sid=abc"))),
        (
            (HEADER, QUERY, COOKIE),
            "https://api.example/x?api%20key=a%26b",
            (("X-Key", KEY), ("Cookie", "a=b; sid=abc")),
        ),
    ],
)
def test_credentials_are_written_where_they_belong(attached: tuple[Attached, ...], url: str, headers: Headers) -> None:
    """What has the name of a credential and is none gives way to it."""
    own: Headers = (("x-key", "by a model"), ("Cookie", "a=b"))
    request = HttpRequest(method="GET", url="https://api.example/x", headers=own, attached=attached)
    whole = whole_request(request)
    assert (whole.url, whole.headers, whole.attached) == (url, headers, ())
    assert {one.name for one in attached} == {name.replace("x-key", "X-Key") for name in whole.credentials}
    message = whole_message(WireMessage(method="GET", url="https://api.example/x", headers=own, attached=attached))
    assert (message.url, message.headers, message.secrets) == (url, headers, whole.credentials)


def test_a_query_goes_on_with_a_credential() -> None:
    request = HttpRequest(method="GET", url="https://api.example/x?a=b", attached=(QUERY,))
    assert whole_request(request).url == "https://api.example/x?a=b&api%20key=a%26b"


def test_a_request_shows_no_credential() -> None:
    assert KEY not in repr(HttpRequest(method="GET", url="https://api.example/x", attached=(HEADER,)))
    assert KEY not in repr(WireMessage(method="GET", url="https://api.example/x", attached=(HEADER,)))


REQUEST = HttpRequest(method="GET", url="https://api.example/x", attached=(HEADER,))


async def test_an_echo_is_masked_wherever_it_is() -> None:
    answer = replace(
        response(f"the key {KEY}".encode(), (("Link", f"<https://api.example/2?key={KEY}>; rel=next"),)),
        unfollowed=f"not {KEY}",
        notes=(f"from {KEY}",),
    )
    came = await Discreet(Answering(answer)).send(REQUEST)
    assert KEY not in repr(came)
    assert came.body == b"the key [secret X-Key]"


async def test_an_echo_is_masked_where_its_letters_are_escaped() -> None:
    escaped = "".join(f"\\u{ord(char):04X}" for char in KEY)
    inner = Answering(response(f'{{"a": "{escaped}"}}'.encode()))
    found = await Discreet(inner).send(HttpRequest(method="GET", url="https://api.example/x", attached=(HEADER,)))
    assert found.body == b'{"a": "[secret X-Key]"}'


async def test_what_went_out_before_is_masked_as_well() -> None:
    """A service may tell later what it was sent once."""
    client = Discreet(Answering(response(f"{KEY} {OTHER}".encode())))
    await client.send(replace(REQUEST, attached=(QUERY,)))
    assert (await client.send(replace(REQUEST, attached=()))).body == f"{KEY} [secret api_key]".encode()
    await client.send(REQUEST)
    assert (await client.send(replace(REQUEST, attached=()))).body == b"[secret X-Key] [secret api_key]"


async def test_an_answer_to_no_credential_is_the_same() -> None:
    answer = response(KEY.encode())
    assert await Discreet(Answering(answer)).send(replace(REQUEST, attached=())) is answer


@pytest.mark.parametrize("size", [19, 20, 21])
async def test_masking_neither_hides_a_cut_nor_makes_one(size: int) -> None:
    """Whoever reads an answer knows by its length that the rest is missing."""
    body = KEY.encode().ljust(size, b".")
    came = await Discreet(Answering(response(body))).send(replace(REQUEST, max_bytes=20))
    assert (len(came.body) >= 20) is (size >= 20)
    assert came.body.startswith(b"[secret X-Key]")


async def test_an_error_keeps_what_it_knows_and_loses_the_secret() -> None:
    error = InvocationError(
        f"a line {KEY}", not_executed="rate", is_lost=True, is_final=True, is_unsent=True, quoted=KEY
    )
    with pytest.raises(InvocationError) as raised:
        await Discreet(Answering(error)).send(REQUEST)
    assert str(raised.value) == "a line [secret X-Key]; it says: [secret X-Key]"
    assert raised.value.__context__ is None
    flags = (raised.value.not_executed, raised.value.is_lost, raised.value.is_final, raised.value.is_unsent)
    assert flags == ("rate", True, True, True)


async def test_another_error_is_the_same() -> None:
    error = InvocationError("cannot connect")
    with pytest.raises(InvocationError) as raised:
        await Discreet(Answering(error)).send(REQUEST)
    assert raised.value is error


async def test_credentials_stay_within_an_origin_and_go_to_no_other(carrier: CarrierName) -> None:
    """Issue 9, point 3: never across a redirect."""
    attached = (HEADER, replace(QUERY, value=Secret(OTHER)), COOKIE)

    async def elsewhere(request: Request) -> Answer:
        del request
        return json_response({})

    async with serve(elsewhere) as other:

        async def redirecting(request: Request) -> Answer:
            place = {"/a": "/b?c=d", "/b": f"{other.url}/c?key={OTHER}&api%20key={OTHER}"}[request.path]
            return replace(json_response({}, 302), headers=(("Location", place),))

        async with serve(redirecting) as server:
            client = SharedClient(carrier=carrier)
            request = HttpRequest(method="GET", url=f"{server.url}/a", attached=attached, max_redirects=3)
            try:
                await client.allowing(["127.0.0.1"]).send(request)
            finally:
                await client.aclose()
            first, second = server.requests
    [last] = other.requests
    assert first.target == f"/a?api%20key={OTHER}"
    assert second.target == "/b?c=d"
    assert [(one.header("x-key"), one.header("cookie")) for one in (first, second)] == [(KEY, "sid=abc")] * 2
    assert (last.header("x-key"), last.header("cookie"), last.target) == (None, None, f"/c?key={OTHER}")
