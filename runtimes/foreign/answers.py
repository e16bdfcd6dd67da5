"""What somebody else's executor hands out during a call, checked and bounded: answers, previews, sign-ins. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from auth import SignIn
from runtimes.base import Attachment, CallResult, WireMessage
from runtimes.errors import InvocationError, NotExecutedCause
from runtimes.foreign.kinds import (
    BYTES,
    FLAG,
    PAIRS,
    SEQUENCE,
    STATUS,
    TEXT,
    TEXT_OR_NONE,
    TEXTS,
    Kind,
    is_sequence,
    misfits,
)
from runtimes.foreign.words import Unfit, in_one_line, kind_of, words_of
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.values import Json, dump_json, parse_json

MAX_NOTES = 20
"""How many notes of an answer are kept."""

MAX_ATTACHMENTS = 20
"""How many files an answer may be."""

MAX_PREVIEWED = 100
"""How many messages the preview of a call may have."""

MAX_SCOPES = 100
"""How many scopes a sign-in may ask for."""

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}")
_ATTACHMENT: Mapping[str, Kind] = {"media_type": TEXT, "data": BYTES, "name": TEXT}
_MESSAGE: Mapping[str, Kind] = {"method": TEXT, "url": TEXT, "headers": PAIRS, "body": TEXT_OR_NONE}
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
        text = dump_json(value).encode()
        if len(text) > MAX_RESPONSE_BYTES:
            raise Unfit(f"its answer has {len(text)} bytes, and {MAX_RESPONSE_BYTES} is the limit")
        return parse_json(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise Unfit(f"its answer is no JSON: {words_of(error)}") from error


def _attachment_mistakes(attachments: Sequence[object]) -> Iterator[str]:
    if len(attachments) > MAX_ATTACHMENTS:
        yield f"it has {len(attachments)} attachments, and {MAX_ATTACHMENTS} is the limit"
        return
    total = 0
    for number, one in enumerate(attachments, start=1):
        if not isinstance(one, Attachment):
            yield f"attachment {number} is {kind_of(one)}, and no Attachment"
            continue
        misfitting = [*misfits(one, _ATTACHMENT)]
        yield from (f"attachment {number}: {mistake}" for mistake in misfitting)
        if not misfitting:
            total += len(one.data)
            if _MEDIA_TYPE.fullmatch(one.media_type) is None:
                yield f"attachment {number}: its media_type is not one such as 'image/png'"
    if total > MAX_RESPONSE_BYTES:
        yield f"its attachments have {total} bytes, and {MAX_RESPONSE_BYTES} is the limit"


def _plain_name(attachment: Attachment) -> Attachment:
    name = attachment.name.replace("\\", "/").rpartition("/")[2]
    return replace(attachment, name="" if name in {".", ".."} else in_one_line(name, 120))


def checked_result(value: object) -> CallResult:
    """An answer with what is shown of it bounded. Raises: `Unfit`."""
    if not isinstance(value, CallResult):
        raise Unfit(f"it answered with what is {kind_of(value)}, and no CallResult")
    mistakes = [*misfits(value, _RESULT)] or [*_attachment_mistakes(value.attachments)]
    if mistakes:
        raise Unfit(f"in its answer: {'; '.join(mistakes)}")
    return replace(
        value,
        payload=_payload(value.payload),
        explanation=in_one_line(value.explanation),
        notes=tuple(in_one_line(note) for note in value.notes[:MAX_NOTES]),
        attachments=tuple(_plain_name(one) for one in value.attachments),
        retell=None if value.retell is None else _checked_retelling(value, value.retell),
    )


def _checked_retelling(result: CallResult, retell: Callable[[Json], object]) -> Callable[[Json], CallResult]:
    def again(payload: Json) -> CallResult:
        try:
            return checked_result(retell(payload))
        except Exception:  # noqa: BLE001  it is somebody else's; without it, nothing that may be redacted is kept
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
        if mistakes := [*misfits(one, _MESSAGE)]:
            raise Unfit(f"in its preview: {'; '.join(mistakes)}")
        messages.append(one)
    return tuple(messages)


def checked_sign_in(value: object) -> SignIn | None:
    """What the person has to do first, if anything. Raises: `Unfit`."""
    if value is None:
        return None
    if not isinstance(value, SignIn):
        raise Unfit(f"its sign_in answered with what is {kind_of(value)}, and neither a SignIn nor None")
    if mistakes := [*misfits(value, _SIGN_IN)]:
        raise Unfit(f"in the answer of its sign_in: {'; '.join(mistakes)}")
    return replace(value, reason=in_one_line(value.reason), scopes=tuple(value.scopes[:MAX_SCOPES]))


def retold_error(error: InvocationError) -> InvocationError:
    """The same, with words that are bounded."""
    cause: object = error.not_executed
    return InvocationError(
        in_one_line(str(error.reason)) or "it gave no reason",
        not_executed=next((one for one in _CAUSES if one == cause), None),
        is_lost=error.is_lost is True,
        is_final=error.is_final is True,
        is_unsent=error.is_unsent is True,
        quoted=in_one_line(str(error.quoted)),
    )
