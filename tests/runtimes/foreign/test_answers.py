"""What a stranger's executor answers is JSON within bounds, or is no answer."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

import pytest

from auth import Attached, Secret, SignIn
from runtimes.base import Attachment, CallResult, WireMessage
from runtimes.errors import InvocationError
from runtimes.foreign.answers import (
    MAX_ATTACHMENTS,
    MAX_HEADERS,
    MAX_NOTES,
    MAX_PREVIEWED_CHARS,
    MAX_URL_CHARS,
    checked_preview,
    checked_result,
    checked_sign_in,
    retold_error,
)
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
    "a number that JSON has not": (answered(payload=[float("nan")]), "it has the number nan, which JSON has not"),
    "a number beyond all": (answered(payload={"a": (1, 9e999)}), "it has the number inf, which JSON has not"),
    "keys that are the same": (answered(payload=[{1: 1, "1": 2}]), "two of its keys are the same as texts"),
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


class Rows(CallResult):
    """Of a class of its own, which is made in another way."""

    def __init__(self, *rows: Json) -> None:
        super().__init__(payload=[*rows], status=HTTPStatus.OK, attachments=(Picture(b"x"),))


class Picture(Attachment):
    """As `Rows`."""

    def __init__(self, data: bytes) -> None:
        super().__init__(media_type="image/png", data=data, name="dir/otter.png")


def test_an_answer_of_a_class_of_its_own_is_kept_as_one_of_ours() -> None:
    kept = checked_result(Rows(1, 2))
    assert type(kept) is CallResult
    assert kept == CallResult(payload=[1, 2], status=200, attachments=(PICTURE,))
    assert (type(kept.status), type(kept.attachments[0])) == (int, Attachment)


def sending(**fields: object) -> list[object]:
    return [spoilt(WireMessage(method="GET", url="https://zoo.example/"), **fields)]


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [
        ({"secrets": None}, "its secrets is None, and not a set of texts"),
        ({"secrets": {5}}, "its secrets is of the type set, and not a set of texts"),
        ({"attached": ["x"]}, "in its attached: one is of the type str, and no Attached"),
        ({"attached": None}, "its attached is None, and not a tuple"),
        (
            {"attached": [spoilt(Attached(place="header", name="key", value=Secret("x")), value="x")]},
            "in its attached: its value is of the type str, and not a Secret",
        ),
        ({"headers": [("A", "b\r\nC: d")]}, "its headers has control characters"),
        ({"headers": [("A\n", "b")]}, "its headers has control characters"),
        ({"headers": [("A", "\x1b[2J")]}, "its headers has control characters"),
        ({"headers": [("A", "b")] * (MAX_HEADERS + 1)}, f"it has more than {MAX_HEADERS} header fields"),
        ({"method": "G\x1b[31mET"}, "its method has control characters"),
        ({"url": "https://zoo.example/\x07"}, "its url has control characters"),
        ({"url": "x" * (MAX_URL_CHARS + 1)}, f"its url has control characters, or is longer than {MAX_URL_CHARS}"),
    ],
)
def test_a_preview_that_would_be_shown_otherwise_than_it_is_says_why(fields: dict[str, object], mistake: str) -> None:
    with pytest.raises(Unfit) as failure:
        checked_preview(sending(**fields))
    assert mistake in str(failure.value)


def test_a_preview_is_kept_as_one_of_ours_and_bounded() -> None:
    secret = Attached(place="query", name="key", value=Secret("x"))
    fields = {"secrets": {"KEY"}, "attached": [secret], "body": "\x1b[2J\n" + "x" * (2 * MAX_PREVIEWED_CHARS)}
    (kept,) = checked_preview(sending(**fields))
    assert (kept.secrets, kept.attached) == (frozenset({"key"}), (secret,))
    assert kept.body is not None
    assert kept.body.startswith(" [2J\nxx")
    assert len(kept.body) == MAX_PREVIEWED_CHARS


class Nameless(SignIn):
    """As `Rows`."""

    def __init__(self, *scopes: str) -> None:
        super().__init__(name="zoo", kind="login", reason="never given", scopes=scopes)


def test_a_sign_in_of_a_class_of_its_own_is_kept_as_one_of_ours() -> None:
    kept = checked_sign_in(Nameless("feed"))
    assert type(kept) is SignIn
    assert kept == SignIn(name="zoo", kind="login", reason="never given", scopes=("feed",))
    with pytest.raises(Unfit, match="its name or its scopes have control characters"):
        checked_sign_in(Nameless("a\nb"))


def test_an_error_of_a_class_of_its_own_may_lack_what_ours_has() -> None:
    class Hungry(InvocationError):
        def __init__(self) -> None:
            Exception.__init__(self, "no\nfish")

    class Wordless(Hungry):
        def __str__(self) -> str:
            raise ValueError("oops")

    assert str(retold_error(Hungry())) == "no fish"
    assert str(retold_error(Wordless())) == "its error cannot be read: ValueError: oops"


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
