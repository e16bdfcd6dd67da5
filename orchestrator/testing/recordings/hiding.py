"""What of a request or an answer is hidden on a cassette: known secrets anywhere, others where they stand. Pure.

Only values are masked, never the words that a conversation is held together by: states, names of tools and members.
All of it can be done twice: what is hidden already stays as it is, so that a replay hides what it sees and compares.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

from auth.masking import Masker
from orchestrator.testing.recordings.secrets_in_use import Named, is_secret_name, masker_of
from runtimes.limits import MAX_DEPTH, MAX_KEY_CHARS
from runtimes.values import Json, JsonObject, depth_of, dump_json

DIGEST_CHARS = 8
"""Hexadecimal digits that stand for a value which is secret by its name: few, so that they fit many values."""

MAX_BODY_DEPTH = MAX_DEPTH - 28
"""How deep a value on a cassette may be; what is around it there is not as deep as the rest."""

_SIGNS = frozenset({"sig", "code", "signature", "x-amz-signature", "hmac", "otp", "assertion", "ticket"})
"""Parameters that are secret, in lower case, besides those whose names say so."""

_DIGEST = re.compile(rf"hidden-[0-9a-f]{{{DIGEST_CHARS}}}")
_LABEL = re.compile(r"(?:\[|%5B)secret(?:(?: |\+|%20|:|%3A)((?:[\w.:-]|%3A)+))?(?:\]|%5D)", re.IGNORECASE | re.ASCII)
"""What a masker puts in the place of a secret, as it may stand in a URL."""

_WORDS = frozenset({"state", "call", "name"})
"""Members outside of data that hold a request to the model together."""

_DATA = frozenset({"with", "result", "data", "parameters", "json"})
"""Members whose own members are not those of a cassette."""

_EXACT = range(-(2**63), 2**64)
"""Integers that a document keeps."""


def _label(found: re.Match[str]) -> str:
    name = found[1]
    return f"[secret:{unquote_plus(name)}]" if name else "[secret]"


def in_url(text: str, masker: Masker) -> str:
    """A URL, or a form, with `[secret:NAME]` in the place of secrets: without a blank, however it was encoded."""
    return _LABEL.sub(_label, masker.masked(text))


def _digest(name: str, value: str) -> str:
    """The same for the same value of a parameter; it keeps no secret that can be guessed."""
    found = hmac.new(name.casefold().encode(), unquote_plus(value).encode(errors="replace"), hashlib.sha256)
    return f"hidden-{found.hexdigest()[:DIGEST_CHARS]}"


def _is_hidden(name: str, value: str) -> bool:
    if not value or _DIGEST.fullmatch(value) or _LABEL.fullmatch(value):
        return False
    return name.casefold() in _SIGNS or is_secret_name(name)


def _pairs(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return "&".join(
        f"{name}={_digest(unquote_plus(name), value)}"
        if _is_hidden(unquote_plus(name), value)
        else f"{name}{equals}{value}"
        for name, equals, value in pairs
    )


def _without(query: str, credentials: frozenset[str]) -> str:
    pairs = query.split("&")
    return "&".join(pair for pair in pairs if unquote_plus(pair.partition("=")[0]).casefold() not in credentials)


def hidden_url(url: str, masker: Masker, credentials: frozenset[str] = frozenset()) -> str:
    """A URL without its user, without the parameters of these names, and with other secrets hidden."""
    rest, _, fragment = url.partition("#")
    rest, _, query = rest.partition("?")
    scheme, slashes, place = rest.partition("//")
    if slashes and (not scheme or scheme.endswith(":")):
        host, slash, path = place.partition("/")
        rest = f"{scheme}//{host.rpartition('@')[2]}{slash}{path}"
    query = _pairs(in_url(_without(query, credentials), masker))
    fragment = _pairs(in_url(fragment, masker))
    return f"{in_url(rest, masker)}{f'?{query}' if query else ''}{f'#{fragment}' if fragment else ''}"


def masked_data(value: Json, masker: Masker) -> Json:
    """A value without secrets in its texts and numbers; the names of members stay."""
    if isinstance(value, dict):
        return {name: masked_data(item, masker) for name, item in value.items()}
    if isinstance(value, list):
        return [masked_data(item, masker) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    text = value if isinstance(value, str) else repr(value)
    masked = masker.masked(text)
    return value if masked == text else masked


def _masked(name: str, value: Json, masker: Masker) -> Json:
    if name in _WORDS:
        return value
    if name in _DATA:
        return masked_data(value, masker)
    if isinstance(value, dict):
        return masked_exchange(value, masker)
    if isinstance(value, list):
        return [_masked("", item, masker) for item in value]
    return masked_data(value, masker)


def masked_exchange(value: JsonObject, masker: Masker) -> JsonObject:
    """A request to the model, or its reply, without secrets in what is said."""
    return {name: _masked(name, item, masker) for name, item in value.items()}


def _texts(value: Json, *, is_data: bool = False) -> Iterator[str]:
    """All that is said on a cassette; not the names of its own members."""
    if isinstance(value, dict):
        for name, item in value.items():
            if is_data:
                yield name
            if is_data or name != "state":
                yield from _texts(item, is_data=is_data or name in _DATA)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, is_data=is_data)
    elif value is not None and not isinstance(value, bool):
        yield value if isinstance(value, str) else repr(value)


def names_found(secrets: Iterable[Named], value: Json) -> tuple[str, ...]:
    """The names of the secrets that stand in a cassette, or in a part of one."""
    text = "\n".join(_texts(value))
    known = tuple(dict.fromkeys(secrets))
    if masker_of(known).masked(text) == text:
        return ()
    return tuple(dict.fromkeys(name for name, one in known if Masker({name: one}).masked(text) != text))


def is_exact(value: Json) -> bool:
    """True for what a document gives back as it is; a longer integer, or a name, is kept within a text."""
    if depth_of(value) > MAX_BODY_DEPTH:
        return False
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if any(len(dump_json(name).encode("ascii", "backslashreplace")) > MAX_KEY_CHARS for name in one):
                return False
            left += one.values()
        elif isinstance(one, list):
            left += one
        elif isinstance(one, int) and one not in _EXACT:
            return False
    return True
