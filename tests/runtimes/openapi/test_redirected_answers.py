"""What a call comes to whose server redirects it."""

from __future__ import annotations

import pytest

from runtimes.base import CallContext, FunctionCall
from tests.runtimes.openapi.answering import answered
from tests.servers.descriptions import api, opened
from tests.servers.loopback import Answer, Raw, Request, Response, json_response, serve


@pytest.mark.parametrize(
    ("status", "location", "said"),
    [
        (302, "http://169.254.169.254/", "redirects to http://169.254.169.254 (HTTP 302), which is not followed: "),
        (302, "/x", "(HTTP 302), which is not followed: no more than 3 redirects are followed"),
        (300, "/x", "(HTTP 300), which is not followed"),
        (300, "", "the server answered with a redirect (HTTP 300) that names no place"),
    ],
)
async def test_a_redirect_that_is_not_followed_is_an_error_that_says_why(status: int, location: str, said: str) -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Response(status=status, headers=(("Location", location),) if location else ())

    result = await answered(handler)
    assert (result.status, result.is_error) == (status, True)
    assert said in str(result.payload)


async def test_an_answer_from_another_origin_and_one_of_doubt_say_so_in_notes() -> None:
    async def made(request: Request) -> Answer:
        return json_response({"method": request.method})

    async with serve(made) as other:

        async def handler(request: Request) -> Answer:
            del request
            return Response(status=302, headers=(("Location", f"{other.url}/s3cret?token=s3cret"),))

        result = await answered(handler, "post")
    assert result.payload == {"method": "GET"}
    came, doubt = result.notes
    assert came.startswith(f"the answer came from {other.url}, to which http://127.0.0.1:")
    assert doubt.endswith("whether the call was carried out is not certain")
    assert "s3cret" not in came + doubt


async def test_what_came_of_a_post_is_read_where_the_server_says() -> None:
    """RFC 9110, 15.4.4: within the origin, with a GET that has no body."""

    async def handler(request: Request) -> Answer:
        if request.path == "/x":
            return Response(status=303, headers=(("Location", "/made/7"),))
        return json_response({"method": request.method, "body": request.body.decode()})

    result = await answered(handler, "post")
    assert result.payload == {"method": "GET", "body": ""}


@pytest.mark.parametrize("status", [302, 303])
@pytest.mark.parametrize("then", [Response(status=429), Response(status=503), Response(status=404), Raw(), None])
async def test_a_post_whose_result_cannot_be_read_elsewhere_is_not_sent_again(then: Answer | None, status: int) -> None:
    """What happens while its result is read must not have it sent again."""

    async def handler(request: Request) -> Answer:
        place = "/made/7" if then else "http://elsewhere.example/made/7"
        return then if then and request.path == "/made/7" else Response(status=status, headers=(("Location", place),))

    async with serve(handler) as server:
        description = api({"/x": {"post": {"operationId": "f"}}}, servers=[{"url": server.url}])
        async with opened(description) as executor:
            call = FunctionCall(id="1", function="f", arguments={})
            result = await executor.invoke(call, CallContext(person="me"))
    place = server.url if then else "http://elsewhere.example"
    done, unsure = f"done; what came of it is at {place} and was not read: ", "the call was carried out is not certain"
    assert (result.status, result.is_error) == (status, status == 302)
    assert str(result.payload).startswith(done) if status == 303 else str(result.payload).endswith(unsure)
    assert [request.method for request in server.requests] == ["POST", "GET"][: 2 if then else 1]
