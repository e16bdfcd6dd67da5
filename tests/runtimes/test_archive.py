"""Reading inside zip archives: which member is found, and what hostile archives come to."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes import archive
from runtimes.archive import MAX_ARCHIVE_BYTES, MAX_DIRECTORY_BYTES, MAX_MEMBERS, member_names, read_member
from runtimes.errors import FetchError
from runtimes.fetch import SharedClient, fetch_document, resolve_location
from tests.pace import soon

MAX_BYTES = 1024 * 1024
MISSES = 32
"""How many members are asked for that an archive has not."""
MAX_SECONDS = 3.0
"""Seconds that this may take; without a limit it is five, or half a minute."""
MAX_PEAK = 16 * 1024 * 1024
"""Bytes of memory that reading a hostile archive may take."""


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


def written(folder: Path, data: bytes) -> str:
    path = folder / "app.zip"
    path.write_bytes(data)
    return str(path)


def patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """The archive with a field of its first record of that kind changed."""
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
async def test_a_path_leads_into_an_archive(tmp_path: Path, method: int) -> None:
    files = {"plugin.json": b"{}", "api/openapi.yaml": b"openapi: 3.0.4\n" * 10}
    path = written(tmp_path, packed(files, method))
    http = SharedClient()
    for name, data in files.items():
        assert await fetch_document(http, f"{path}/{name}", max_bytes=150) == data
    assert await fetch_document(http, f"{path}/api/../plugin.json", max_bytes=2) == b"{}"
    assert resolve_location(f"{path}/plugin.json", "api/openapi.yaml") == f"{path}/api/openapi.yaml"
    with pytest.raises(FetchError, match="larger than 149 bytes"):
        await fetch_document(http, f"{path}/api/openapi.yaml", max_bytes=149)


@pytest.mark.parametrize("reference", ["../x.json", "api/../../x.json", "/etc/passwd", "https://a.example/x"])
def test_a_reference_does_not_lead_out_of_an_archive(tmp_path: Path, reference: str) -> None:
    path = written(tmp_path, packed({"api/plugin.json": b"{}"}))
    with pytest.raises(FetchError):
        resolve_location(f"{path}/plugin.json", reference, within=path)


def test_within_a_package_a_reference_starts_at_its_document_and_stays_in_the_package() -> None:
    assert resolve_location("app/agents/a.json", "../plugin.json", within="app") == "app/agents/../plugin.json"
    with pytest.raises(FetchError, match="leads out of the package"):
        resolve_location("app/agents/a.json", "../../plugin.json", within="app")


def test_names_written_with_backslashes_are_paths(tmp_path: Path) -> None:
    path = written(tmp_path, packed({"api/x.yaml": b"x"}).replace(b"api/x.yaml", b"api\\x.yaml"))
    assert member_names(path) == ("api/x.yaml",)
    assert read_member(path, "api/x.yaml", 10) == b"x"


def test_names_may_start_at_the_folder_that_was_packed(tmp_path: Path) -> None:
    path = written(tmp_path, packed({"./plugin.json": b"{}", "././/api/x.yaml": b"x", ".hidden": b"h"}))
    assert member_names(path) == ("plugin.json", "api/x.yaml", ".hidden")
    assert read_member(path, "api/x.yaml", 10) == b"x"
    twice = written(tmp_path, packed({"a": b"1", "./a": b"2"}))
    with pytest.raises(FetchError, match="2 members named 'a'"):
        read_member(twice, "a", 10)


@pytest.mark.parametrize(("length", "count"), [(1900, 60), (90, 1000)])
def test_guesses_among_hostile_names_are_bounded(tmp_path: Path, length: int, count: int) -> None:
    """The names are anagrams: the quick comparisons do not tell them apart."""
    letters = [chr(0x100 + at % 60) for at in range(length)]
    random = Random(1)

    def anagram() -> str:
        return "".join(random.sample(letters, length))

    path = written(tmp_path, packed({anagram(): b"" for _ in range(count)}))
    with soon(MAX_SECONDS):
        for _ in range(MISSES):
            with pytest.raises(FetchError, match="there is no file"):
                read_member(path, anagram(), 10)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Plugin.json", "did you mean 'plugin.json'"),
        ("api/openapi.yml", "did you mean 'api/openapi.yaml'"),
        ("nothing like it", "there is no file 'nothing like it'"),
        ("../plugin.json", "there is no file"),
        ("api", "there is no file"),
    ],
)
def test_only_the_exact_name_is_read(tmp_path: Path, name: str, told: str) -> None:
    path = written(tmp_path, packed({"plugin.json": b"{}", "api/openapi.yaml": b"", "api/": b""}))
    with pytest.raises(FetchError, match=told):
        read_member(path, name, 10)


@pytest.mark.parametrize("name", ["/etc/passwd", "../evil.json", "C:\\evil.json"])
async def test_a_member_with_a_name_outside_of_the_archive_is_never_reached(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, packed({name: b"evil"}))
    for asked in (f"{path}/{name}", f"{path}//{name}", f"{path}/x/../../{name}"):
        with pytest.raises(FetchError):
            assert b"evil" not in await fetch_document(SharedClient(), asked, max_bytes=10_000_000)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        link = zipfile.ZipInfo("plugin.json")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
    path = written(tmp_path, buffer.getvalue())
    with pytest.raises(FetchError, match="symbolic link"):
        read_member(path, "plugin.json", 100)


def test_a_name_that_two_members_have_is_refused_and_others_are_read(tmp_path: Path) -> None:
    twin = packed({"plugin.json": b"{}", "plugin.jsom": b"[]", "other": b"x"}).replace(b"plugin.jsom", b"plugin.json")
    path = written(tmp_path, twin)
    with pytest.raises(FetchError, match=r"2 members named 'plugin\.json'"):
        read_member(path, "plugin.json", 100)
    assert read_member(path, "other", 100) == b"x"


ONE = packed({"a": b"some text that is long enough"}, zipfile.ZIP_STORED)
BOMB = packed({"a": b"\0" * 50_000_000})
HOSTILE: dict[str, tuple[bytes, str]] = {
    "bomb": (BOMB, "more than 250 times"),
    "bomb-that-lies": (patched(BOMB, CENTRAL, 24, struct.pack("<L", 1000)), "CRC"),
    "longer-than-it-says": (patched(ONE, CENTRAL, 24, struct.pack("<L", 5)), "CRC"),
    "shorter-than-it-says": (patched(ONE, CENTRAL, 20, struct.pack("<LL", 5000, 5000)), "zip archive"),
    "encrypted": (patched(ONE, CENTRAL, 8, b"\x01\x00"), "encrypted"),
    "method": (patched(ONE, CENTRAL, 10, struct.pack("<H", zipfile.ZIP_LZMA)), "use deflate"),
    "another-name-inside": (patched(ONE, LOCAL, 30, b"b"), "differ"),
    "truncated": (ONE[:-30], "zip archive"),
    "beginning-cut": (ONE[40:], "zip archive"),
    "directory-beyond-the-limit": (
        patched(b"\0" * (2 * MAX_DIRECTORY_BYTES) + ONE, END, 12, struct.pack("<L", MAX_DIRECTORY_BYTES + 1)),
        "directory is longer",
    ),
    "directory-elsewhere": (patched(ONE, END, 12, struct.pack("<L", 2**32 - 1)), "zip archive"),
    "members": (packed({f"{number}": b"" for number in range(MAX_MEMBERS + 1)}), "more than 2000 members"),
    "name-that-is-no-text": (patched(patched(ONE, CENTRAL, 8, b"\x00\x08"), CENTRAL, 46, b"\xff"), "zip archive"),
    "newer": (patched(ONE, CENTRAL, 6, b"\xff\x00"), "zip file version"),
    "empty": (b"", "zip archive"),
    "text": (b"{}", "zip archive"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_one_clear_problem_in_bounded_memory(tmp_path: Path, name: str) -> None:
    """Issue 3, point 9."""
    data, told = HOSTILE[name]
    path = written(tmp_path, data)
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match=told) as caught:
            read_member(path, "a", MAX_BYTES)
        assert tracemalloc.get_traced_memory()[1] < MAX_PEAK
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)


def test_no_more_is_unpacked_than_may_be_read(tmp_path: Path) -> None:
    text = bytes(range(256)) * 40_000
    path = written(tmp_path, packed({"a": text}, zipfile.ZIP_STORED))
    assert read_member(path, "a", 1000) == text[:1001]


def test_an_archive_has_a_largest_size(tmp_path: Path) -> None:
    path = tmp_path / "app.zip"
    with path.open("wb") as file:
        file.truncate(MAX_ARCHIVE_BYTES + 1)
    with pytest.raises(FetchError, match="the limit for archives"):
        member_names(str(path))


async def test_what_is_in_no_archive_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "plugin.json").write_bytes(b"{}")
    with pytest.raises(FetchError, match=r"plugin\.json' is not a zip archive"):
        await fetch_document(SharedClient(), str(tmp_path / "plugin.json" / "x"), max_bytes=10)
    with pytest.raises(FetchError, match="there is no file"):
        await fetch_document(SharedClient(), str(tmp_path / "no" / "x"), max_bytes=10)


def test_an_archive_is_known_by_its_beginning_or_its_name(tmp_path: Path) -> None:
    for name, data, expected in (
        ("a.zip", b"", True),
        ("A.ZIP", b"{}", True),
        ("a.bin", ONE, True),
        ("a.json", b"{}", False),
    ):
        (tmp_path / name).write_bytes(data)
        assert archive.is_archive(str(tmp_path / name)) is expected
    assert not archive.is_archive(str(tmp_path))
    assert not archive.is_archive(str(tmp_path / "none.zip"))
    assert not archive.is_archive("a\0.zip")


def outcome(path: str) -> str:
    """What reading the member `a` came to."""
    try:
        return read_member(path, "a", 1000).decode("latin-1")
    except FetchError as error:
        return str(error)


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: ONE + tail))
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = written(tmp_path_factory.getbasetemp(), data)
    assert "\n" not in outcome(path)


changes = st.lists(st.tuples(st.integers(0, len(ONE) - 1), st.integers(0, 255)), min_size=1, max_size=6)


@given(changes)
def test_an_archive_with_changed_bytes_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(ONE)
    for at, value in changes:
        data[at] = value
    told = outcome(written(tmp_path_factory.getbasetemp(), bytes(data)))
    assert "app.zip" in told or told == "some text that is long enough"
