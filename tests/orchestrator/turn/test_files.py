"""Which files a conversation holds, and what they are called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.turn.files import MAX_FILE_BYTES, MAX_FILES_AT_ONCE, MAX_NAME_CHARS, HeldFiles
from runtimes.base import Attachment


def file(data: bytes = b"x", name: str = "", media_type: str = "") -> Attachment:
    return Attachment(media_type=media_type, data=data, name=name)


def test_ids_that_the_journal_has_are_given_to_no_other_file() -> None:
    files = HeldFiles()
    files.pass_over(["3", "1", "x", "²"])
    assert [one.id for one in files.keep([file(), file()])] == ["4", "5"]
    files.pass_over(["2"])
    assert [one.id for one in files.keep([file()])] == ["6"]


def test_of_many_files_at_once_the_first_are_kept() -> None:
    files = HeldFiles()
    assert len(files.keep([file()] * (MAX_FILES_AT_ONCE + 5))) == MAX_FILES_AT_ONCE


def test_a_file_that_is_too_large_is_told_of_and_not_held() -> None:
    files = HeldFiles()
    small, large = files.keep([file(), file(bytes(MAX_FILE_BYTES + 1), "film")])
    assert (large.name, large.size) == ("film", MAX_FILE_BYTES + 1)
    assert files.held([large, small]) == (file(),)


@given(name=st.text(max_size=300), media_type=st.text(max_size=30) | st.just("image/png"))
def test_what_is_kept_of_a_name_and_a_type_is_plain(name: str, media_type: str) -> None:
    (kept,) = HeldFiles().keep([file(name=name, media_type=media_type)])
    assert kept.name.isprintable()
    assert len(kept.name) <= MAX_NAME_CHARS
    assert not set("/\\") & set(kept.name)
    assert kept.name not in (".", "..")
    assert kept.media_type in ("", media_type)
    assert " " not in kept.media_type
