"""Documents from files and URLs, and where references lead."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from runtimes.errors import FetchError
from runtimes.fetch import SharedClient, fetch_document, resolve_location
from runtimes.http import HttpClient
from tests.servers.loopback import Answer, Request, Response, serve, text_response


@asynccontextmanager
async def open_client(*hosts: str) -> AsyncGenerator[HttpClient]:
    client = SharedClient()
    try:
        yield client.allowing(hosts or ("127.0.0.1",))
    finally:
        await client.aclose()


async def redirecting(request: Request) -> Answer:
    if request.path == "/end":
        return text_response("arrived")
    location = {"/near": "/end", "/two": "/near", "/loop": "/loop", "/scheme": "ftp://127.0.0.1/x"}.get(request.path)
    return Response(status=302, headers=(("Location", location or request.query),), body=b"moved")


async def test_a_document_comes_from_a_file_or_a_url(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"{}")
    async with serve(redirecting) as server, open_client() as http:
        assert await fetch_document(http, str(file), max_bytes=2, accept="*/*") == b"{}"
        assert await fetch_document(http, f"{server.url}/near", max_bytes=100, accept="text/plain") == b"arrived"
    assert server.requests[0].header("accept") == "text/plain"


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="there are no files here that hide their size")
async def test_a_file_is_read_to_its_end_whatever_size_it_states() -> None:
    assert os.stat("/proc/version").st_size == 0
    async with open_client() as http:
        whole = await fetch_document(http, "/proc/version", max_bytes=100_000)
        assert whole.startswith(b"Linux version")
        assert whole.endswith(b"\n")
        with pytest.raises(FetchError, match="larger than 5 bytes"):
            await fetch_document(http, "/proc/version", max_bytes=5)


async def test_a_document_that_cannot_be_had_has_its_reason_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * 11)
    os.mkfifo(tmp_path / "pipe")

    async def handler(request: Request) -> Answer:
        if request.path == "/long":
            return text_response("x" * 11)
        return Response(status=404) if request.path == "/missing" else await redirecting(request)

    async with serve(handler) as server, open_client() as http:
        cases = {
            str(tmp_path / "none"): "there is no file",
            str(tmp_path): "is a directory",
            str(tmp_path / "pipe"): "is not a regular file",
            str(tmp_path / "long"): "larger than 10 bytes",
            "a\0b": "cannot read",
            f"{server.url}/long?key=secret": "larger than 10 bytes",
            f"{server.url}/missing?key=secret": "HTTP status 404",
            f"{server.url}/far?http://example.com/": "redirects to another place",
            "http://127.0.0.1:1/": "cannot connect",
            "http://10.0.0.1/": "--allow-host 10.0.0.1",
        }
        for location, reason in cases.items():
            with pytest.raises(FetchError, match=reason) as caught:
                await fetch_document(http, location, max_bytes=10)
            assert "\n" not in str(caught.value)
            assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "reference", "target"),
    [
        ("https://a.example/p/plugin.json", "openapi.yaml", "https://a.example/p/openapi.yaml"),
        ("https://a.example/p/plugin.json", "../x.yaml?v=1", "https://a.example/x.yaml?v=1"),
        ("https://a.example/p/plugin.json", "//b.example/x", "https://b.example/x"),
        ("https://a.example/p/plugin.json", "HTTPS://b.example/x", "HTTPS://b.example/x"),
        ("dir/plugin.json", "https://b.example/x", "https://b.example/x"),
        ("dir/plugin.json", "api/my%20file.yaml", "dir/api/my file.yaml"),
        ("dir/plugin.json", "./api\\x.yaml#frag", "dir/api/x.yaml"),
        ("plugin.json", "a/../x.yaml", "a/../x.yaml"),
    ],
)
def test_a_reference_is_read_relative_to_the_manifest(base: str, reference: str, target: str) -> None:
    assert resolve_location(base, reference) == target


@pytest.mark.parametrize(
    ("base", "reference"),
    [
        ("https://a.example/plugin.json", "file:///etc/passwd"),
        ("https://a.example/plugin.json", "http:///["),
        ("https://a.example/plugin.json", "//["),
        ("dir/plugin.json", "/etc/passwd"),
        ("dir/plugin.json", "\\\\host\\share"),
        ("dir/plugin.json", "C:\\windows\\x"),
        ("dir/plugin.json", "file:x.yaml"),
        ("dir/plugin.json", "../x.yaml"),
        ("dir/plugin.json", "..\\x.yaml"),
        ("dir/plugin.json", "a/%2e%2e/%2E%2e/x.yaml"),
        ("dir/plugin.json", "a\0b"),
        ("dir/plugin.json", "#frag"),
        ("dir/plugin.json", ""),
    ],
)
def test_a_reference_that_leaves_the_manifest_is_refused(base: str, reference: str) -> None:
    if reference == "http:///[":
        assert resolve_location(base, reference) == reference
        return
    with pytest.raises(FetchError):
        resolve_location(base, reference)


def test_a_reference_does_not_lead_into_an_archive_beside_the_manifest(tmp_path: Path) -> None:
    """In an archive it would not either."""
    (tmp_path / "in.zip").write_bytes(b"PK\x05\x06" + b"\0" * 18)
    with pytest.raises(FetchError, match="leads into a file"):
        resolve_location(str(tmp_path / "plugin.json"), "in.zip/openapi.yaml")
    inside = str(tmp_path / "in.zip" / "plugin.json")
    assert resolve_location(inside, "api/openapi.yaml") == str(tmp_path / "in.zip" / "api" / "openapi.yaml")


def test_a_symbolic_link_does_not_lead_out_of_the_manifest_s_folder(tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("x", encoding="utf-8")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "inner.yaml").symlink_to(folder / "real.yaml")
    with pytest.raises(FetchError, match="leads out"):
        resolve_location(str(folder / "plugin.json"), "link.yaml")
    assert resolve_location(str(folder / "plugin.json"), "inner.yaml") == str(folder / "inner.yaml")
