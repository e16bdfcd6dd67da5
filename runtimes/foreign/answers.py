"""What somebody else's executor hands out during a call, checked and bounded: answers, previews, sign-ins. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from auth import Attached, Secret, SignIn
from runtimes.base import Attachment, CallResult, WireMessage
from runtimes.errors import InvocationError, NotExecutedCause
from runtimes.foreign.copies import own, own_json, plain
from runtimes.foreign.kinds import (
    BYTES,
    FLAG,
    PAIRS,
    SEQUENCE,
    STATUS,
    TEXT,
    TEXT_OR_NONE,
    TEXT_SET,
    TEXTS,
    Kind,
    is_sequence,
    misfits,
)
from runtimes.foreign.words import RAISED, Unfit, in_lines, in_one_line, kind_of, words_of
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.values import Json

MAX_NOTES = 20
"""How many notes of an answer are kept."""

MAX_ATTACHMENTS = 20
"""How many files an answer may be."""

MAX_PREVIEWED = 100
"""How many messages the preview of a call may have."""

MAX_PREVIEWED_CHARS = 64 * 1024
"""How much of the body of such a message is shown."""

MAX_HEADERS = 100
"""How many header fields such a message may have, and how many credentials."""

MAX_URL_CHARS = 8192
"""How long its URL may be, and each of its header fields."""

MAX_SCOPES = 100
"""How many scopes a sign-in may ask for."""

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}")
_ATTACHMENT: Mapping[str, Kind] = {"media_type": TEXT, "data": BYTES, "name": TEXT}
_MESSAGE: Mapping[str, Kind] = {
    "method": TEXT,
    "url": TEXT,
    "headers": PAIRS,
    "body": TEXT_OR_NONE,
    "secrets": TEXT_SET,
    "attached": SEQUENCE,
}
_ATTACHED: Mapping[str, Kind] = {
    "place": Kind("'header', 'query' or 'cookie'", lambda value: value in ("header", "query", "cookie")),
    "name": TEXT,
    "value": Kind("a Secret", lambda value: isinstance(value, Secret)),
    "hides": Kind(
        "a tuple of Secret", lambda value: is_sequence(value) and all(isinstance(one, Secret) for one in value)
    ),
}
_SIGN_IN: Mapping[str, Kind] = {
    "name": TEXT,
    "kind": Kind("'login' or 'secret'", lambda value: value in ("login", "secret")),
    "reason": TEXT,
    "scopes": TEXTS,
}
_RESULT: Mapping[str, Kind] = {
    "is_error": FLAG,
    "status": STATUS,
    "is_truncated": FLAG,
    "explanation": TEXT,
    "notes": TEXTS,
    "attachments": SEQUENCE,
    "is_own_words": FLAG,
    "retell": Kind("a function or None", lambda value: value is None or callable(value)),
}
_CAUSES: tuple[NotExecutedCause, ...] = ("connect", "rate", "sign-in")


def _payload(value: Json) -> Json:
    """A copy of our own. Raises: `Unfit`."""
    try:
        return own_json(value, MAX_RESPONSE_BYTES)
    except Unfit as error:
        raise Unfit(f"its answer is no good: {error}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise Unfit(f"its answer is no JSON: {words_of(error)}") from error


def _attachments(given: Sequence[object]) -> tuple[Attachment, ...]:
    """Copies of our own. Raises: `Unfit`, with all that is wrong with them."""
    if len(given) > MAX_ATTACHMENTS:
        raise Unfit(f"it has {len(given)} attachments, and {MAX_ATTACHMENTS} is the limit")
    mistakes: list[str] = []
    attachments: list[Attachment] = []
    for number, one in enumerate(given, start=1):
        if not isinstance(one, Attachment):
            mistakes.append(f"attachment {number} is {kind_of(one)}, and no Attachment")
            continue
        attachments.append(own(one, Attachment))
        mistakes.extend(f"attachment {number}: {mistake}" for mistake in _attachment_mistakes(attachments[-1]))
    if not mistakes and (total := sum(len(one.data) for one in attachments)) > MAX_RESPONSE_BYTES:
        mistakes.append(f"its attachments have {total} bytes, and {MAX_RESPONSE_BYTES} is the limit")
    if mistakes:
        raise Unfit("; ".join(mistakes))
    return tuple(map(_plain_name, attachments))


def _attachment_mistakes(attachment: Attachment) -> Iterator[str]:
    misfitting = [*misfits(attachment, _ATTACHMENT)]
    yield from misfitting
    if not misfitting and _MEDIA_TYPE.fullmatch(attachment.media_type) is None:
        yield "its media_type is not one such as 'image/png'"


def _plain_name(attachment: Attachment) -> Attachment:
    name = attachment.name.replace("\\", "/").rpartition("/")[2]
    return replace(attachment, name="" if name in {".", ".."} else in_one_line(name, 120))


def checked_result(value: object) -> CallResult:
    """An answer with what is shown of it bounded. Raises: `Unfit`."""
    if not isinstance(value, CallResult):
        raise Unfit(f"it answered with what is {kind_of(value)}, and no CallResult")
    result = own(value, CallResult)
    if mistakes := [*misfits(result, _RESULT)]:
        raise Unfit(f"in its answer: {'; '.join(mistakes)}")
    try:
        attachments = _attachments(result.attachments)
    except Unfit as error:
        raise Unfit(f"in its answer: {error}") from error
    kept = replace(
        result,
        payload=_payload(result.payload),
        status=None if result.status is None else int(result.status),
        explanation=in_one_line(result.explanation),
        notes=tuple(in_one_line(note) for note in result.notes[:MAX_NOTES]),
        attachments=attachments,
        retell=None,
    )
    return kept if result.retell is None else replace(kept, retell=_checked_retelling(kept, result.retell))


def _checked_retelling(result: CallResult, retell: Callable[[Json], object]) -> Callable[[Json], CallResult]:
    def again(payload: Json) -> CallResult:
        try:
            return checked_result(retell(payload))
        except RAISED:  # it is somebody else's; without it, nothing that may be redacted is kept
            return replace(result, payload=payload, explanation="", notes=(), retell=None)

    return again


def checked_preview(value: object) -> tuple[WireMessage, ...]:
    """What a call would send. Raises: `Unfit`."""
    if not is_sequence(value):
        raise Unfit(f"its preview is {kind_of(value)}, and no tuple of WireMessage")
    messages: list[WireMessage] = []
    for one in value[:MAX_PREVIEWED]:
        if not isinstance(one, WireMessage):
            raise Unfit(f"its preview has what is {kind_of(one)}, and no WireMessage")
        message = own(one, WireMessage)
        if mistakes := [*misfits(message, _MESSAGE)] or [*_message_mistakes(message)]:
            raise Unfit(f"in its preview: {'; '.join(mistakes)}")
        messages.append(_bounded(message))
    return tuple(messages)


def _message_mistakes(message: WireMessage) -> Iterator[str]:
    """Of one whose fields are of the right kinds: what would be shown otherwise than it is."""
    if len(message.headers) > MAX_HEADERS or len(message.attached) > MAX_HEADERS:
        yield f"it has more than {MAX_HEADERS} header fields or credentials"
        return
    for what, texts in (
        ("method", [message.method]),
        ("url", [message.url]),
        ("headers", [text for pair in message.headers for text in pair]),
    ):
        if not _are_plain(texts):
            yield f"its {what} has control characters, or is longer than {MAX_URL_CHARS} characters"
    for one in message.attached:
        yield from (f"in its attached: {mistake}" for mistake in _attached_mistakes(one))


def _attached_mistakes(value: object) -> Iterator[str]:
    if isinstance(value, Attached):
        yield from misfits(own(value, Attached), _ATTACHED)
    else:
        yield f"one is {kind_of(value)}, and no Attached"


def _are_plain(texts: Iterable[str]) -> bool:
    return all(
        len(text) <= MAX_URL_CHARS and text == in_lines(text, MAX_URL_CHARS) and "\n" not in text for text in texts
    )


def _bounded(message: WireMessage) -> WireMessage:
    return replace(
        message,
        method=plain(message.method),
        url=plain(message.url),
        headers=tuple((plain(name), plain(value)) for name, value in message.headers),
        body=None if message.body is None else in_lines(message.body, MAX_PREVIEWED_CHARS),
        secrets=frozenset(name.casefold() for name in message.secrets),
        attached=tuple(own(one, Attached) for one in message.attached),
    )


def checked_sign_in(value: object) -> SignIn | None:
    """What the person has to do first, if anything. Raises: `Unfit`."""
    if value is None:
        return None
    if not isinstance(value, SignIn):
        raise Unfit(f"its sign_in answered with what is {kind_of(value)}, and neither a SignIn nor None")
    wanted = own(value, SignIn)
    mistakes = [*misfits(wanted, _SIGN_IN)]
    if not mistakes and not _are_plain([wanted.name, *wanted.scopes]):
        mistakes.append("its name or its scopes have control characters, or are too long")
    if mistakes:
        raise Unfit(f"in the answer of its sign_in: {'; '.join(mistakes)}")
    return replace(
        wanted,
        name=plain(wanted.name),
        reason=in_one_line(wanted.reason),
        scopes=tuple(map(plain, wanted.scopes[:MAX_SCOPES])),
    )


def retold_error(error: InvocationError) -> InvocationError:
    """The same, with words that are bounded; one of a class derived from it may lack what it does not set."""
    try:
        cause: object = getattr(error, "not_executed", None)
        return InvocationError(
            in_one_line(str(getattr(error, "reason", error))) or "it gave no reason",
            not_executed=next((one for one in _CAUSES if one == cause), None),
            is_lost=getattr(error, "is_lost", False) is True,
            is_final=getattr(error, "is_final", False) is True,
            is_unsent=getattr(error, "is_unsent", False) is True,
            quoted=in_one_line(str(getattr(error, "quoted", ""))),
        )
    except RAISED as strange:
        return InvocationError(f"its error cannot be read: {words_of(strange)}")
