"""What a stranger's executor answers is JSON within bounds, or is no answer."""

from __future__ import annotations

from datetime import date

import pytest

from runtimes.base import Attachment, CallResult
from runtimes.foreign.answers import MAX_ATTACHMENTS, MAX_NOTES, checked_result
from runtimes.foreign.words import MAX_LINE_CHARS, Unfit
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.limits import MAX_DEPTH
from runtimes.values import Json
from tests.runtimes.foreign.strangers import spoilt

PICTURE = Attachment(media_type="image/png", data=b"x", name="otter.png")


def answered(**fields: object) -> CallResult:
    return spoilt(CallResult(payload=1), **fields)


def endless() -> list[Json]:
    value: list[Json] = []
    value.append(value)
    return value


def nested(depth: int) -> Json:
    value: Json = 1
    for _ in range(depth):
        value = [value]
    return value


UNFIT: dict[str, tuple[CallResult, str]] = {
    "a set": (answered(payload={5}), "its answer is no JSON: TypeError: "),
    "an object": (answered(payload=object()), "its answer is no JSON: TypeError: "),
    "a lone surrogate": (answered(payload="\ud800"), "its answer is no JSON: UnicodeEncodeError: "),
    "a value in itself": (answered(payload=endless()), "its answer is no JSON: "),
    "too deep": (answered(payload=nested(MAX_DEPTH + 1)), "its answer is no JSON: InvalidJson: nested more than"),
    "much too deep": (answered(payload=nested(100_000)), "its answer is no JSON: "),
    "too long": (answered(payload="x" * MAX_RESPONSE_BYTES), f"and {MAX_RESPONSE_BYTES} is the limit"),
    "odd flags": (
        answered(is_error=None, is_truncated=1),
        "in its answer: its is_error is None, and not a bool; its is_truncated is of the type int, and not a bool",
    ),
    "a status that is true": (answered(status=True), "its status is of the type bool, and not an integer or None"),
    "an explanation in bytes": (answered(explanation=b"x"), "its explanation is of the type bytes, and not a text"),
    "one note": (answered(notes="careful"), "its notes is of the type str, and not a tuple of texts"),
    "one attachment": (answered(attachments=PICTURE), "its attachments is of the type Attachment, and not a tuple"),
    "bytes for an attachment": (answered(attachments=[b"x"]), "attachment 1 is of the type bytes, and no Attachment"),
    "an attachment of text": (
        answered(attachments=(PICTURE, spoilt(Attachment(media_type="text/plain", data=b""), data="x"))),
        "attachment 2: its data is of the type str, and not bytes",
    ),
    "an odd media type": (
        answered(attachments=(Attachment(media_type="png\r\nX: y", data=b""),)),
        "attachment 1: its media_type is not one such as 'image/png'",
    ),
    "too many attachments": (
        answered(attachments=(PICTURE,) * (MAX_ATTACHMENTS + 1)),
        f"it has {MAX_ATTACHMENTS + 1} attachments, and {MAX_ATTACHMENTS} is the limit",
    ),
    "attachments that are too long": (
        answered(attachments=(Attachment(media_type="a/b", data=bytes(MAX_RESPONSE_BYTES)), PICTURE)),
        f"its attachments have {MAX_RESPONSE_BYTES + 1} bytes, and {MAX_RESPONSE_BYTES} is the limit",
    ),
    "a retelling that is none": (answered(retell=5), "its retell is of the type int, and not a function or None"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_an_answer_that_is_no_good_says_why(name: str) -> None:
    result, message = UNFIT[name]
    with pytest.raises(Unfit) as failure:
        checked_result(result)
    assert message in str(failure.value)
    assert len(str(failure.value)) <= 2 * MAX_LINE_CHARS


def test_a_payload_is_a_copy_of_what_it_is_as_json() -> None:
    inside: list[Json] = [1]
    result = checked_result(answered(payload={"a": inside, "day": date(2026, 1, 2), "pair": (1, 2)}))
    inside.append(2)
    assert result.payload == {"a": [1], "day": "2026-01-02", "pair": [1, 2]}


def test_what_is_shown_beside_it_is_bounded() -> None:
    names = ("../a\n.png", "..", "C:\\b")
    files = [Attachment(media_type="image/png", data=b"x", name=name) for name in names]
    words = "\x1b[2Jno\n" + "x" * 1000
    result = checked_result(answered(explanation=words, notes=["a\nb"] * (MAX_NOTES + 1), attachments=files))
    assert result.explanation.startswith("[2Jno xxx")
    assert len(result.explanation) == MAX_LINE_CHARS
    assert result.notes == ("a b",) * MAX_NOTES
    assert [one.name for one in result.attachments] == ["a .png", "", "b"]


def test_an_answer_told_again_is_checked_again() -> None:
    def again(payload: Json) -> CallResult:
        if payload == "bad":
            raise ValueError("oops")
        return answered(payload=payload, explanation="line\nline", notes=None if payload == "odd" else ())

    result = checked_result(answered(explanation="secret", notes=("secret",), retell=again))
    assert result.retell is not None
    assert result.retell([1]).explanation == "line line"
    for payload in ("bad", "odd"):
        assert result.retell(payload) == CallResult(payload=payload)
