"""What the command line keeps of large descriptions between two runs."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from runtimes.values import Json, JsonObject
from tests.servers import warm

FILLER: Json = {"enum": [f"value {number}" for number in range(30_000)]}
SECRET = "correct-horse-battery"


def description(path: str = "/look", **operation: Json) -> JsonObject:
    return {
        "openapi": "3.0.4",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example"}],
        "paths": {path: {"get": {"operationId": "look", **operation}}},
        "components": {"schemas": {"Filler": FILLER}},
    }


MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Mine",
    "namespace": "mine",
    "description_for_human": "A plugin.",
    "functions": [{"name": "look"}],
    "runtimes": [
        {
            "type": "OpenApi",
            "auth": {"type": "None"},
            "spec": {"url": "api.json"},
            "run_for_functions": ["look"],
        }
    ],
}


def write(folder: Path, document: JsonObject) -> None:
    (folder / "plugin.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    (folder / "api.json").write_text(json.dumps(document), encoding="utf-8")


def sent(folder: Path, *options: str, cache: str = "cache") -> str:
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / cache)}
    command = [sys.executable, "-m", "orchestrator", "call", "plugin.json", "look", "--dry-run", *options]
    done = warm.run(command, folder=folder, environ=environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()[0]


def entries(folder: Path) -> list[Path]:
    return sorted((folder / "cache" / "orchestrator" / "descriptions").glob("*"))


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the folder is named by XDG_CACHE_HOME on Linux only")


@linux_only
def test_a_second_run_uses_what_the_first_has_kept_until_the_description_changes(tmp_path: Path) -> None:
    write(tmp_path, description())
    assert sent(tmp_path) == "GET https://api.example/look"
    (entry,) = entries(tmp_path)
    assert entry.parent.stat().st_mode & 0o077 == 0
    text = entry.read_bytes()[64:].replace(b'"/look"', b'"/kept"')  # so that its use can be seen
    entry.write_bytes(hashlib.sha256(text).hexdigest().encode() + text)
    assert sent(tmp_path) == "GET https://api.example/kept"
    assert sent(tmp_path, "--no-cache") == "GET https://api.example/look"
    write(tmp_path, description("/new"))
    assert sent(tmp_path) == "GET https://api.example/new"
    assert len(entries(tmp_path)) == 2


@linux_only
def test_nothing_is_kept_where_nothing_is_wanted_or_nothing_can_be(tmp_path: Path) -> None:
    write(tmp_path, description())
    sent(tmp_path, "--no-cache")
    assert not (tmp_path / "cache").exists()
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert sent(tmp_path, cache="file") == "GET https://api.example/look"


@linux_only
def test_no_value_of_a_placeholder_is_ever_kept(tmp_path: Path) -> None:
    write(tmp_path, description(summary="the key is ${{PASSWORD}}"))
    (tmp_path / "env").write_text(f"PASSWORD={SECRET}\n", encoding="utf-8")
    assert sent(tmp_path, "--env", "env") == "GET https://api.example/look"
    assert entries(tmp_path) == []
    manifest = json.dumps({**MANIFEST, "description_for_model": "${{PASSWORD}}"}).replace("api.json", "${{FILE}}.json")
    write(tmp_path, description())
    (tmp_path / "plugin.json").write_text(manifest, encoding="utf-8")
    (tmp_path / "env").write_text(f"PASSWORD={SECRET}\nFILE=api\n", encoding="utf-8")
    sent(tmp_path, "--env", "env")
    (entry,) = entries(tmp_path)
    assert SECRET not in entry.read_text(encoding="utf-8")
