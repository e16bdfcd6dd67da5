"""What is told of a file, and how a call names it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.turn.files import (
    MAX_FILE_BYTES,
    MAX_NAME_CHARS,
    MAX_NAMED_BYTES,
    Unsendable,
    described,
    files_to_send,
    filled,
    is_file,
)
from runtimes.base import Attachment, FunctionSignature
from runtimes.values import Json, JsonObject

SIGNATURE = FunctionSignature(
    name="upload",
    destination="nowhere",
    method="POST",
    parameters={
        "type": "object",
        "properties": {"files": {"type": "array", "items": {"type": "string", "format": "byte"}}},
    },
)


def file(data: bytes = b"x", name: str = "", media_type: str = "") -> Attachment:
    return Attachment(media_type=media_type, data=data, name=name)


@given(name=st.text(max_size=300), media_type=st.text(max_size=30) | st.just("image/png"))
def test_what_is_told_of_a_name_and_a_type_is_plain(name: str, media_type: str) -> None:
    told = described(file(name=name, media_type=media_type), "1")
    assert told.name.isprintable()
    assert len(told.name) <= MAX_NAME_CHARS
    assert not set("/\\") & set(told.name)
    assert told.name not in (".", "..")
    assert told.media_type in ("", media_type)
    assert " " not in told.media_type


@given(data=st.binary(), other=st.binary())
def test_bytes_are_those_of_a_file_or_are_not(data: bytes, other: bytes) -> None:
    assert is_file(other, described(file(data), "1")) == (data == other)


def test_a_file_that_is_named_twice_is_read_once_and_sent_twice() -> None:
    arguments: JsonObject = {"files": ["attachment:1", "attachment:2", "attachment:1"]}
    known = {id: described(file(id.encode()), id) for id in "123"}
    assert files_to_send(arguments, SIGNATURE, known) == (known["1"], known["2"])
    held = {id: file(id.encode()) for id in "12"}
    assert filled(arguments, SIGNATURE, held) == {"files": ["MQ==", "Mg==", "MQ=="]}


def test_a_call_names_no_more_than_can_be_sent_at_once() -> None:
    known = {"1": described(file(bytes(MAX_FILE_BYTES)), "1")}
    most: list[Json] = ["attachment:1"] * (MAX_NAMED_BYTES // MAX_FILE_BYTES)
    assert files_to_send({"files": most}, SIGNATURE, known) == (known["1"],)
    with pytest.raises(Unsendable, match="nothing was sent: the files that it names are longer than"):
        files_to_send({"files": [*most, "attachment:1"]}, SIGNATURE, known)


def test_a_call_is_not_sent_without_a_file_that_it_names() -> None:
    with pytest.raises(Unsendable, match="nothing was sent: 'files' is a file whose bytes are not kept"):
        filled({"files": ["attachment:1"]}, SIGNATURE, {})
