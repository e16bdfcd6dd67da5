"""Credentials on their way: written into a request where it leaves, and taken out of whatever comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import quote

from auth import Attached, Place, SecretsInUse
from runtimes.base import WireMessage
from runtimes.errors import InvocationError
from runtimes.http import Headers, HttpClient, HttpRequest, HttpResponse

COOKIE = "cookie"
"""The header field of cookies, case folded."""


def _of(place: Place, attached: Iterable[Attached]) -> list[Attached]:
    return [one for one in attached if one.place == place]


def _with_query(url: str, attached: Sequence[Attached]) -> str:
    pairs = "&".join(f"{quote(one.name, safe='')}={quote(one.value.reveal(), safe='')}" for one in attached)
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{pairs}"


def _with_headers(headers: Headers, attached: Sequence[Attached]) -> Headers:
    """The credential's own field stands in for one of its name."""
    names = {one.name.casefold() for one in attached}
    kept = tuple(field for field in headers if field[0].casefold() not in names)
    return (*kept, *((one.name, one.value.reveal()) for one in attached))


def _with_cookies(headers: Headers, attached: Sequence[Attached]) -> Headers:
    if not attached:
        return headers
    own = [value for name, value in headers if name.casefold() == COOKIE]
    others = tuple(field for field in headers if field[0].casefold() != COOKIE)
    return (*others, ("Cookie", "; ".join([*own, *(f"{one.name}={one.value.reveal()}" for one in attached)])))


def _written(headers: Headers, attached: Sequence[Attached]) -> Headers:
    return _with_cookies(_with_headers(headers, _of("header", attached)), _of("cookie", attached))


def _names(attached: Iterable[Attached]) -> frozenset[str]:
    return frozenset(one.name.casefold() for one in attached)


def whole_request(request: HttpRequest) -> HttpRequest:
    """The request as it is sent, with its credentials in it."""
    if not request.attached:
        return request
    return replace(
        request,
        url=_with_query(request.url, _of("query", request.attached)),
        headers=_written(request.headers, request.attached),
        credentials=request.credentials | _names(request.attached),
        attached=(),
    )


def whole_message(message: WireMessage) -> WireMessage:
    """The message as it goes out, with its credentials in it, and with their names among those of secrets."""
    if not message.attached:
        return message
    return replace(
        message,
        url=_with_query(message.url, _of("query", message.attached)),
        headers=_written(message.headers, message.attached),
        secrets=message.secrets | _names(message.attached),
        attached=(),
    )


def masked_error(error: InvocationError, secrets: SecretsInUse) -> InvocationError:
    """The error without secrets; the same object where it has none."""
    reason, quoted = secrets.masked(error.reason), secrets.masked(error.quoted)
    if (reason, quoted) == (error.reason, error.quoted):
        return error
    return InvocationError(
        reason,
        not_executed=error.not_executed,
        is_lost=error.is_lost,
        is_final=error.is_final,
        is_unsent=error.is_unsent,
        quoted=quoted,
    )


class Discreet:
    """An `HttpClient` that takes the secrets it has sent out of all that comes back.

    A service may echo what it was sent, in an error, a link or a file; the model and the person need not see it.
    """

    def __init__(self, inner: HttpClient, secrets: SecretsInUse | None = None) -> None:
        """`secrets` are those of the host; what goes out joins them."""
        self._inner = inner
        self._secrets = secrets if secrets is not None else SecretsInUse()

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """As the client inside. Raises: `InvocationError`."""
        for one in request.attached:
            self._secrets.learn(one.name, *one.hides)
        try:
            response = await self._inner.send(request)
        except InvocationError as error:
            masked = masked_error(error, self._secrets)
            if masked is error:
                raise
        else:
            return self._cleaned(response, request.max_bytes) if self._secrets else response
        raise masked

    def _body(self, body: bytes, limit: int) -> bytes:
        """What is longer than the limit stays so, and nothing else becomes so: that is how a cut is known."""
        if len(body) < limit:
            return self._secrets.masked_bytes(body)[: limit - 1]
        start = self._secrets.stream().feed(body.decode("latin-1"))  # without half a secret at its end
        return self._secrets.masked_bytes(start.encode("latin-1")).ljust(limit)[:limit]

    def _cleaned(self, response: HttpResponse, limit: int) -> HttpResponse:
        masked = self._secrets.masked
        return replace(
            response,
            headers=tuple((masked(name), masked(value)) for name, value in response.headers),
            body=self._body(response.body, limit),
            url=masked(response.url),
            unfollowed=masked(response.unfollowed),
            notes=tuple(masked(note) for note in response.notes),
        )
