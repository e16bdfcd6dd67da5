"""Which secrets a conversation that is played has in use, so that none of them gets into a file. Pure.

They are found by where they stand (the key of the model, credentials of the file, headers and parameters that carry
credentials) and by what they are called. A token that an API hands out, and that no request carries, is not known.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from auth.masking import Masker
from orchestrator.testing.format.settings import Settings
from runtimes.http import Headers, HttpRequest, HttpResponse
from runtimes.secret_variables import is_secret
from runtimes.values import Json, JsonObject

Named = tuple[str, str]
"""The name of a secret, and its value."""

_HIDDEN = "***"
"""What stands for the value of a parameter that is secret by its name."""

_AUTHORIZATIONS = frozenset({"authorization", "proxy-authorization"})
"""Headers whose credentials come after the name of a scheme."""


_FOLDERS = frozenset({"PWD", "OLDPWD"})
"""Variables that sound like passwords and name folders."""


def _is_secret_name(name: str) -> bool:
    return is_secret(name.replace("-", "_"), "")


def _of_url(url: str, name: str, marked: frozenset[str] = frozenset()) -> Iterator[Named]:
    """The user of a URL, and the parameters that carry credentials."""
    try:
        parts = urlsplit(url)
        userinfo = (parts.username, parts.password)
    except ValueError:
        return
    for value in userinfo:
        if value:
            yield name, unquote(value)
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key.casefold() in marked or _is_secret_name(key):
            yield key, value


def secrets_of_environment(environ: Mapping[str, str]) -> Iterator[Named]:
    """The key of the model, what its URL carries, and variables that look like credentials."""
    yield "OPENAI_API_KEY", environ.get("OPENAI_API_KEY", "").strip()
    yield from _of_url(environ.get("OPENAI_BASE_URL", "").strip(), "OPENAI_BASE_URL")
    variables = ((name, value.strip()) for name, value in environ.items() if name not in _FOLDERS)
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


def _of_headers(headers: Headers) -> Iterator[Named]:
    for name, value in headers:
        key = name.casefold()
        if key == "cookie":
            yield from ((name, pair.partition("=")[2].strip()) for pair in value.split(";"))
        elif key == "set-cookie":
            yield name, value.partition(";")[0].partition("=")[2].strip()
        elif key in _AUTHORIZATIONS:
            scheme, _, rest = value.strip().partition(" ")
            yield name, rest.strip() or scheme
            yield from ((name, password) for password in (_basic(rest.strip()) if scheme.lower() == "basic" else ()))
        elif _is_secret_name(name):
            yield name, value.strip()


def secrets_of_request(request: HttpRequest) -> Iterator[Named]:
    """What a request carries."""
    yield from ((one.name, secret.reveal()) for one in request.attached for secret in one.hides)
    yield from _of_url(request.url, "user", request.credentials)
    yield from _of_headers(request.headers)


def secrets_of_response(response: HttpResponse) -> Iterator[Named]:
    """The cookies that an answer sets."""
    yield from _of_headers(tuple(one for one in response.headers if one[0].casefold() == "set-cookie"))


def masker_of(secrets: Iterable[Named]) -> Masker:
    """Finds these secrets; of several with one name, the second is called `NAME-2`.

    They are looked for as they stand in a URL, too: one that is encoded there may be encoded again, as in base64.
    """
    names: dict[str, str] = {}
    for name, value in secrets:
        if value and value not in names.values():
            number = sum(1 for known in names if known == name or known.startswith(f"{name}-"))
            names[name if not number else f"{name}-{number + 1}"] = value
    quoted = {f"{name} in a URL": quote(value, safe="") for name, value in names.items()}
    return Masker(names | {name: value for name, value in quoted.items() if value not in names.values()})


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


def masked_object(value: JsonObject, masker: Masker) -> JsonObject:
    """An object without secrets."""
    masked = masked_value(value, masker)
    assert isinstance(masked, dict)
    return masked


def masked_url(request: HttpRequest, masker: Masker) -> str:
    """The URL of a request without its user, without credentials, and with other secrets hidden."""
    address, mark, query = request.url.partition("#")[0].partition("?")
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    kept = [
        f"{name}={_HIDDEN}" if _is_secret_name(unquote(name)) else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in query.split("&"))
        if unquote(name).casefold() not in request.credentials
    ]
    shown = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return masker.masked(f"{shown}{mark}{'&'.join(kept)}" if any(kept) else shown)
