"""References that lead to files outside the manifest's folder are refused in every reading."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import ManifestError, load_plugin
from orchestrator.manifest.escapes import why_a_card_path_escapes, why_it_escapes
from orchestrator.manifest.load import read_document
from runtimes.errors import FetchError
from runtimes.fetch import resolve_location
from runtimes.values import Json, JsonObject
from tests.servers.loopback import Request, Response, json_response, serve

MINIMAL: JsonObject = {
    "schema_version": "v2.4",
    "name_for_human": "Mine",
    "namespace": "mine",
    "description_for_human": "A plugin.",
}
ESCAPING = [
    "/etc/passwd",
    "//host/openapi.yaml",
    "../openapi.yaml",
    "a/../../openapi.yaml",
    "..",
    "./../x",
    "%2e%2e/x",
    "a/%2E%2e/%2e./x",
    "%2fetc/passwd",
    "..\\x",
    "\\\\host\\share",
    "a%5c..%5c..%5cx",
    "C:\\x",
    "file:///etc/passwd",
    "ftp://a.example/x",
    "data:,x",
    "http:x",
    "x\0y",
]
INSIDE = [
    "openapi.yaml",
    "./a/b.yaml",
    "a/../b.yaml",
    "..a/b",
    "a..b",
    "a/b.yaml?x=../../y",
    "b.yaml#/../../c",
    "%252e%252e/x",
]


@pytest.mark.parametrize("reference", ESCAPING)
def test_a_reference_out_of_the_folder_is_refused(reference: str, tmp_path: Path) -> None:
    """Issue 3, point 2; what opens the file refuses it as well."""
    assert why_it_escapes(reference, is_remote=False)
    with pytest.raises(FetchError):
        resolve_location(str(tmp_path / "plugin.json"), reference)


@pytest.mark.parametrize("reference", INSIDE)
def test_a_reference_into_the_folder_is_followed(reference: str, tmp_path: Path) -> None:
    assert why_it_escapes(reference, is_remote=False) == ""
    assert resolve_location(str(tmp_path / "plugin.json"), reference).startswith(str(tmp_path))


steps = st.lists(st.sampled_from(["..", ".", "", "a", "%2e%2e", "%2E.", "\\", "..\\..", "%5c", "?", "#"]), max_size=6)


@given(steps)
def test_what_is_let_through_stays_in_the_folder(parts: list[str]) -> None:
    reference = "/".join(parts)
    try:
        target = Path(resolve_location("/none/folder/plugin.json", reference)).resolve()
    except FetchError:
        return
    assert why_it_escapes(reference, is_remote=False) == "" or not target.is_relative_to("/none/folder")


@given(st.text(max_size=20))
def test_a_percent_encoded_climb_is_a_climb(name: str) -> None:
    assert why_it_escapes("../" + quote(name, safe=""), is_remote=False)
    assert why_it_escapes("%2e%2e%2f" + quote(name, safe=""), is_remote=False)


@pytest.mark.parametrize("written", ["$.cards[0]", "$..card", "$['../x']", "card", "cards/sign-in.json"])
def test_a_card_path_may_be_any_query(written: str) -> None:
    """The M365 document does not say what `oauth_card_path` is; the schemas say JSONPath, and Kiota says a file."""
    assert why_a_card_path_escapes(written, is_remote=False) == ""


async def test_from_a_url_relative_references_are_urls() -> None:
    """Spec 3.1."""
    runtimes: list[Json] = [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": "../openapi.yaml"}}]
    document: JsonObject = {**MINIMAL, "runtimes": runtimes}

    async def handler(request: Request) -> Response:
        return json_response(document)

    async with serve(handler) as server:
        plugin = await load_plugin(f"{server.url}/a/plugin.json", allowed_hosts=["127.0.0.1"])
    assert plugin.problems == ()
    with pytest.raises(ManifestError, match="leads out of the manifest's folder"):
        read_document(document, location="plugin.json")


@pytest.mark.parametrize("reference", ["file:///etc/passwd", "C:\\x", "data:,x"])
def test_from_a_url_other_schemes_are_refused_all_the_same(reference: str) -> None:
    assert why_it_escapes(reference, is_remote=True)


def test_what_the_environment_has_still_to_fill_is_judged_when_it_is_filled() -> None:
    assert why_it_escapes("${{FOLDER:/etc}}/openapi.yaml", is_remote=False) == ""
    assert why_it_escapes("https://${{HOST}}/../openapi.yaml", is_remote=False) == ""
