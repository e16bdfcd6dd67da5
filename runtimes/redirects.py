"""Follows redirects: within the origin as they come, to another origin to read only, and with nothing of the call.

What a call sends was meant, and judged, for the origin it names. Another one gets a GET or HEAD of the URL that the
first server gave, without any header of the call but `Accept`, and without its body.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urljoin, urlsplit

from runtimes.credentials import whole_request
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, HttpResponse
from runtimes.network import ContactRefused, origin_of

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses of answers that lie elsewhere, as their `Location` says."""

SEE_OTHER = 303
"""The request was carried out, and what came of it is read elsewhere, whatever its method was."""

READING = frozenset({"GET", "HEAD"})
"""Methods of requests that a redirect repeats."""

_MOVED = frozenset({301, 302})
"""After a POST these mean what `SEE_OTHER` does, or that the address is a wrong one: nobody can tell."""

SAME_AGAIN = frozenset({307, 308})
"""The same request is made elsewhere, method and body included: it was not carried out."""

_SENT_ANYWHERE = frozenset({"accept"})
_OF_BODIES = frozenset({"content-type", "content-encoding", "content-language", "content-location", "content-length"})

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
"""Sends one request and follows nothing. Raises: `InvocationError`, `ContactRefused`."""


def _target(request: HttpRequest, response: HttpResponse) -> str:
    """The URL that a redirect leads to; empty where it leads nowhere."""
    location = response.header("location")
    if response.status not in REDIRECTS or not location:
        return ""
    try:
        return urljoin(request.url, location).partition("#")[0]
    except ValueError:
        return location


def _obstacle(request: HttpRequest, status: int, target: str) -> str:
    """Why a redirect is not followed; empty when it is."""
    try:
        here, there = origin_of(request.url), origin_of(target)
    except ContactRefused as refusal:
        return str(refusal)
    if (here.scheme, there.scheme) == ("https", "http"):
        return "it leads from https to http"
    if status in SAME_AGAIN and here != there and (request.method not in READING or request.body is not None):
        return "it asks for the whole request, and no method but GET or HEAD and no body goes to another origin"
    if status in _MOVED and request.method not in {*READING, "POST"}:
        return f"{request.method} is not sent to another place than the one that was asked for"
    return ""


def _without_credentials(target: str, request: HttpRequest) -> str:
    """The URL without the credentials in the query of the request, where a server repeats them."""
    whole = whole_request(request)
    sent = parse_qsl(urlsplit(whole.url).query, keep_blank_values=True)
    secrets = {pair for pair in sent if pair[0].casefold() in whole.credentials}
    address, mark, query = target.partition("?")
    kept = [pair for pair in query.split("&") if secrets.isdisjoint(parse_qsl(pair, keep_blank_values=True))]
    return address + (mark + "&".join(kept) if kept else "")


def _further(asked: HttpRequest, request: HttpRequest, status: int, target: str) -> HttpRequest:
    """The request that a redirect of `request` asks for, of which nothing stands in the way."""
    here, there = origin_of(request.url), origin_of(target)
    method = request.method if request.method in READING or status in SAME_AGAIN else "GET"
    if here != there:
        headers = tuple(field for field in request.headers if field[0].lower() in _SENT_ANYWHERE)
        url, meant = _without_credentials(target, asked), origin_of(asked.url)
        via = "" if there == meant else str(meant)
        return replace(request, method=method, url=url, headers=headers, body=None, via=via, attached=())
    request = replace(request, attached=tuple(one for one in request.attached if one.place != "query"))
    if status != SEE_OTHER and method == request.method:
        return replace(request, url=target)
    headers = tuple(field for field in request.headers if field[0].lower() not in _OF_BODIES)
    return replace(request, method=method, url=target, headers=headers, body=None)


def _notes(asked: HttpRequest, request: HttpRequest, done: HttpResponse | None) -> tuple[str, ...]:
    """What there is to know of an answer to `request`, which redirects made of the one that was `asked`."""
    place = origin_of(request.url)
    elsewhere = [f"the answer came from {place}, to which {request.via} redirected"] if request.via else []
    if done is None or done.status == SEE_OTHER:
        return tuple(elsewhere)
    doubt = f"{asked.method} was answered with a redirect (HTTP {done.status}), and this was read with GET"
    return (*elsewhere, f"{doubt}: whether the call was carried out is not certain")


async def send_following(send: Send, asked: HttpRequest) -> HttpResponse:
    """The answer after at most `max_redirects` redirects, all within the time of the request.

    A redirect that is not followed is the answer, with the reason; so is one that says that the request was carried
    out, where its result cannot be read. Raises: `InvocationError`, `ContactRefused`.
    """
    deadline = time.monotonic() + asked.timeout
    request, redirect, done = asked, None, None
    for left in range(asked.max_redirects, -1, -1):
        try:
            timed = request if redirect is None else replace(request, timeout=deadline - time.monotonic())
            response = await send(timed)
        except ContactRefused as refusal:
            if redirect is None:
                raise
            return replace(done or redirect, unfollowed=str(refusal))
        except InvocationError as error:
            if done is None:
                raise
            return replace(done, unfollowed=str(error))
        target = _target(request, response)
        obstacle = _obstacle(request, response.status, target) if target else ""
        if target and not left and not obstacle:
            obstacle = f"no more than {asked.max_redirects} redirects are followed"
        if not target or obstacle:
            if done is not None and response.status >= 300:
                return replace(done, unfollowed=obstacle or f"it answers HTTP {response.status}")
            return replace(response, unfollowed=obstacle, notes=_notes(asked, request, done))
        further = _further(asked, request, response.status, target)
        done = response if further.method != request.method else done
        request, redirect = further, response
    raise AssertionError("the last redirect is not followed")
