"""Files that a person names in the arguments of `orchestrator call`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.attachments import with_files
from orchestrator.errors import UsageError
from runtimes.openapi.files import MAX_FILE_BYTES
from runtimes.values import Json, JsonObject

PNG = b"\x89PNG\r\n\x1a\n"
PARAMETERS: JsonObject = {
    "type": "object",
    "properties": {
        "photo": {"type": "string", "format": "binary"},
        "more": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "text64": {"type": "string", "format": "byte"},
        "title": {"type": "string"},
    },
}


def test_a_path_becomes_the_content_and_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a b.png").write_bytes(PNG)
    (tmp_path / "notes").write_bytes(b"hi")
    photo, notes = f"@{tmp_path / 'a b.png'}", f"@{tmp_path / 'notes'}"
    arguments: JsonObject = {"photo": photo, "more": [notes, "aGk="], "text64": notes, "title": "@home", "other": "@x"}
    assert with_files(arguments, PARAMETERS) == {
        "photo": "data:image/png;name=a%20b.png;base64,iVBORw0KGgo=",
        "more": ["data:;name=notes;base64,aGk=", "aGk="],
        "text64": "aGk=",
        "title": "@home",
        "other": "@x",
    }


def test_a_file_that_cannot_be_sent_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(MAX_FILE_BYTES + 1))
    for name, words in (("none", "No such file"), (".", "directory"), ("large", f"longer than {MAX_FILE_BYTES} bytes")):
        with pytest.raises(UsageError, match=words) as caught:
            with_files({"photo": f"@{tmp_path / name}"}, PARAMETERS)
        assert "of argument 'photo'" in str(caught.value)
        assert "\n" not in str(caught.value)


def called(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", "call", "plugin.json", "upload", *arguments, "--dry-run"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_dry_run_shows_the_file_that_would_be_sent(tmp_path: Path) -> None:
    photo: Json = {"type": "string", "format": "binary"}
    content: JsonObject = {"multipart/form-data": {"schema": {"type": "object", "properties": {"photo": photo}}}}
    operation: JsonObject = {"operationId": "upload", "requestBody": {"content": content}}
    description: JsonObject = {
        "openapi": "3.0.4",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example"}],
        "paths": {"/x": {"post": operation}},
    }
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": "mine",
        "description_for_human": "A plugin.",
        "functions": [{"name": "upload"}],
        "runtimes": [{"type": "OpenApi", "spec": {"url": "api.json"}, "run_for_functions": ["upload"]}],
    }
    (tmp_path / "plugin.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "api.json").write_text(json.dumps(description), encoding="utf-8")
    (tmp_path / "cat.png").write_bytes(PNG)
    as_json = called(tmp_path, '{"photo": "@cat.png"}', "--json")
    (request,) = json.loads(as_json.stdout)["requests"]
    assert set(request) == {"method", "url", "headers", "body"}
    assert request["body"].startswith("data:multipart/form-data;boundary=part-")
    shown = called(tmp_path, '{"photo": "@cat.png"}')
    assert 'filename="cat.png"' in shown.stdout
    assert "\ufffdPNG" in shown.stdout
    missing = called(tmp_path, '{"photo": "@dog.png"}')
    assert missing.returncode == 2
    assert "'dog.png'" in missing.stderr.strip().splitlines()[-1]
    assert "Traceback" not in missing.stderr
