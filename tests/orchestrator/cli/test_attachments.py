"""Files that a person names in the arguments of `orchestrator call`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.attachments import with_files
from orchestrator.errors import UsageError
from runtimes.base import RAW_BYTES, FunctionSignature
from runtimes.openapi.files import MAX_FILE_BYTES
from runtimes.values import Json, JsonObject
from tests.servers import warm

PNG = b"\x89PNG\r\n\x1a\n"
SIGNATURE = FunctionSignature(
    name="upload",
    destination="here",
    parameters={
        "type": "object",
        "properties": {
            "photo": {"type": "string", **RAW_BYTES},
            "more": {"type": "array", "items": {"type": "string", **RAW_BYTES}},
            "text64": {"type": "string", "format": "byte"},
            "url64": {"type": "string", "contentEncoding": "base64url"},
            "title": {"type": "string"},
        },
    },
)


def test_a_path_becomes_the_content_and_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a b.png").write_bytes(PNG)
    (tmp_path / "notes").write_bytes(b"hi")
    (tmp_path / "odd").write_bytes(b"\xfb\xff")
    photo, notes = f"@{tmp_path / 'a b.png'}", f"@{tmp_path / 'notes'}"
    arguments: JsonObject = {"photo": photo, "more": [notes, "aGk="], "text64": notes, "title": "@home", "other": "@x"}
    assert with_files(arguments | {"url64": f"@{tmp_path / 'odd'}"}, SIGNATURE) == {
        "url64": "-_8=",
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
            with_files({"photo": f"@{tmp_path / name}"}, SIGNATURE)
        assert "of argument 'photo'" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["~nobody-of-that-name/x", "a\0b", "a\ud800b"])
def test_what_can_be_no_path_is_told_in_one_line(path: str) -> None:
    with pytest.raises(UsageError, match=r"^the file of argument 'photo': .*(no path|home folder)"):
        with_files({"photo": f"@{path}"}, SIGNATURE)


def called(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orchestrator", "call", "plugin.json", "upload", *arguments, "--dry-run"]
    return warm.run(command, folder=folder)


def write_plugin(folder: Path, path: str, media_type: str, schema: Json, **more: Json) -> None:
    content: JsonObject = {media_type: {"schema": schema}}
    operation: JsonObject = {"operationId": "upload", "requestBody": {"content": content}, **more}
    description: JsonObject = {
        "openapi": "3.1.1",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example"}],
        "paths": {path: {"post": operation}},
        "components": {"schemas": {"Bytes": {"type": "string", "format": "byte"}}},
    }
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": "mine",
        "description_for_human": "A plugin.",
        "functions": [{"name": "upload"}],
        "runtimes": [{"type": "OpenApi", "spec": {"url": "api.json"}, "run_for_functions": ["upload"]}],
    }
    (folder / "plugin.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "api.json").write_text(json.dumps(description), encoding="utf-8")
    (folder / "cat.png").write_bytes(PNG)


def form_of(photo: Json) -> JsonObject:
    return {"type": "object", "properties": {"photo": photo}}


def test_a_dry_run_shows_the_file_that_would_be_sent(tmp_path: Path) -> None:
    write_plugin(tmp_path, "/x", "multipart/form-data", form_of({"type": "string", "format": "binary"}))
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


def test_json_has_a_file_as_its_base64_text_wherever_the_schema_takes_one(tmp_path: Path) -> None:
    string: JsonObject = {"type": "string"}
    properties: JsonObject = {
        "any": {"anyOf": [{"$ref": "#/components/schemas/Bytes"}, {"type": "null"}]},
        "plain": {**string, "contentEncoding": "base64", "contentMediaType": "image/png"},
        "safe": {**string, "contentEncoding": "base64url"},
        "raw": {**string, "format": "binary"},
        "named": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Bytes"}},
        "listed": {"type": "array", "prefixItems": [string, {"$ref": "#/components/schemas/Bytes"}]},
        "text": string,
    }
    write_plugin(tmp_path, "/x", "application/json", {"type": "object", "properties": properties})
    given: JsonObject = dict.fromkeys(properties, "@cat.png")
    given |= {"named": {"a": "@cat.png"}, "listed": ["@cat.png", "@cat.png"]}
    for arguments in (given, {"body": given}):
        (request,) = json.loads(called(tmp_path, json.dumps(arguments), "--json").stdout)["requests"]
        assert json.loads(request["body"]) == {
            **dict.fromkeys(properties, "iVBORw0KGgo="),
            "named": {"a": "iVBORw0KGgo="},
            "listed": ["@cat.png", "iVBORw0KGgo="],
            "text": "@cat.png",
        }


def test_a_form_that_is_one_argument_keeps_the_names_of_its_files(tmp_path: Path) -> None:
    parameter: JsonObject = {"name": "photo", "in": "path", "required": True, "schema": {"type": "string"}}
    schema = form_of({"type": "string", "format": "binary"})
    write_plugin(tmp_path, "/x/{photo}", "multipart/form-data", schema, parameters=[parameter])
    shown = called(tmp_path, '{"photo": "@me", "body": {"photo": "@cat.png"}}')
    assert "https://api.example/x/%40me" in shown.stdout
    assert 'filename="cat.png"' in shown.stdout
