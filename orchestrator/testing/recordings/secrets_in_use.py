"""Which secrets a conversation that is played has in use, so that none of them gets into a file. Pure.

They are known by where they stand: the key of the model, the credentials of the file, what a request marks as its
credentials, the user of a URL, cookies that are set, and variables that look like credentials. A parameter that is
called like a secret tells nothing about its value elsewhere: `hiding` hides that where it stands. A token that an API
hands out, and that no request carries, is not known.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from auth.masking import Masker
from orchestrator.testing.format.settings import Settings
from runtimes.http import Headers, HttpRequest, HttpResponse
from runtimes.secret_variables import is_secret
from runtimes.values import Json

Named = tuple[str, str]
"""The name of a secret, and its value."""

_AUTHORIZATIONS = frozenset({"authorization", "proxy-authorization"})
"""Headers whose credentials come after the name of a scheme."""

_NO_SECRETS = frozenset(
    {
        "DBUS_SESSION_BUS_ADDRESS",
        "DESKTOP_SESSION",
        "GNOME_DESKTOP_SESSION_ID",
        "OLDPWD",
        "PWD",
        "SECURITYSESSIONID",
        "SESSIONNAME",
        "SESSION_MANAGER",
        "SSH_AUTH_SOCK",
        "TERM_SESSION_ID",
        "XDG_SESSION_CLASS",
        "XDG_SESSION_DESKTOP",
        "XDG_SESSION_ID",
        "XDG_SESSION_TYPE",
    }
)
"""Variables that sound like secrets and name folders, sockets and desktops."""


def is_secret_name(name: str) -> bool:
    """True for a header or a parameter that is called like a secret."""
    return is_secret(name.replace("-", "_"), "")


def _of_user(url: str, name: str) -> Iterator[Named]:
    """What a URL says of its user."""
    try:
        parts = urlsplit(url)
        userinfo = (parts.username, parts.password)
    except ValueError:
        return
    for value in userinfo:
        if value:
            yield name, unquote(value)


def _of_query(url: str) -> Iterator[Named]:
    """The parameters of a URL."""
    yield from parse_qsl(url.partition("#")[0].partition("?")[2], keep_blank_values=True)


def secrets_of_environment(environ: Mapping[str, str]) -> Iterator[Named]:
    """The key of the model, what its URL carries, and variables that look like credentials."""
    yield "OPENAI_API_KEY", environ.get("OPENAI_API_KEY", "").strip()
    url = environ.get("OPENAI_BASE_URL", "").strip()
    yield from _of_user(url, "OPENAI_BASE_URL")
    yield from (pair for pair in _of_query(url) if is_secret_name(pair[0]))
    variables = ((name, value.strip()) for name, value in environ.items() if name not in _NO_SECRETS)
    yield from ((name, value) for name, value in variables if is_secret(name, value))


def secrets_of_settings(settings: Settings) -> Iterator[Named]:
    """The credentials of a conversation, and the values for placeholders that look like some."""
    yield from settings.credentials.items()
    yield from ((name, value) for name, value in settings.environment.items() if is_secret(name, value))


def _basic(value: str) -> Iterator[str]:
    """The password of a user, as `Basic` has it."""
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    yield text.partition(":")[2]


def _of_authorizations(headers: Headers) -> Iterator[Named]:
    for name, value in headers:
        if name.casefold() not in _AUTHORIZATIONS:
            continue
        scheme, _, rest = value.strip().partition(" ")
        yield name, rest.strip() or scheme
        yield from ((name, password) for password in (_basic(rest.strip()) if scheme.lower() == "basic" else ()))


def _of_cookies(headers: Headers) -> Iterator[Named]:
    for name, value in headers:
        if name.casefold() == "cookie":
            yield from ((name, pair.partition("=")[2].strip()) for pair in value.split(";"))


def credentials_of_request(request: HttpRequest) -> Iterator[Named]:
    """What a request marks as credentials, its authorization, and the user of its URL."""
    yield from ((one.name, secret.reveal()) for one in request.attached for secret in one.hides)
    yield from _of_user(request.url, "user")
    yield from (pair for pair in _of_query(request.url) if pair[0].casefold() in request.credentials)
    yield from _of_authorizations(request.headers)


def _is_named_secret(header: str) -> bool:
    return header.casefold() not in (*_AUTHORIZATIONS, "cookie") and is_secret_name(header)


def secrets_of_request(request: HttpRequest) -> Iterator[Named]:
    """The same, its cookies, and what is called like a secret: for what is never compared."""
    yield from credentials_of_request(request)
    yield from (pair for pair in _of_query(request.url) if is_secret_name(pair[0]))
    yield from _of_cookies(request.headers)
    yield from ((name, value.strip()) for name, value in request.headers if _is_named_secret(name))


def secrets_of_response(response: HttpResponse) -> Iterator[Named]:
    """The cookies that an answer sets, and the user of the URL that it leads to."""
    for name, value in response.headers:
        if name.casefold() == "set-cookie":
            yield name, value.partition(";")[0].partition("=")[2].strip()
        elif name.casefold() == "location":
            yield from _of_user(value, "user")


def masker_of(secrets: Iterable[Named]) -> Masker:
    """Finds these secrets; of several with one name, the second is called `NAME-2`."""
    names: dict[str, str] = {}
    for name, value in secrets:
        if value and value not in names.values():
            number = sum(1 for known in names if known == name or known.startswith(f"{name}-"))
            names[name if not number else f"{name}-{number + 1}"] = value
    return Masker(names)


class Maskers:
    """Makes maskers, and no new one for the same secrets."""

    def __init__(self) -> None:
        self._secrets: tuple[Named, ...] = ()
        self._masker = Masker({})

    def of(self, secrets: Iterable[Named]) -> Masker:
        """Finds these secrets."""
        known = tuple(dict.fromkeys(secrets))
        if known != self._secrets:
            self._secrets, self._masker = known, masker_of(known)
        return self._masker


def masked_value(value: Json, masker: Masker) -> Json:
    """A value without secrets, in texts, in the names of members, and in numbers."""
    if isinstance(value, dict):
        return {masker.masked(name): masked_value(item, masker) for name, item in value.items()}
    if isinstance(value, list):
        return [masked_value(item, masker) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    text = value if isinstance(value, str) else repr(value)
    masked = masker.masked(text)
    return value if masked == text else masked
