"""`orchestrator local` as people run it, in a folder and with a home of its own."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from runtimes.values import Json, JsonObject
from tests.servers import warm


@dataclass(frozen=True, slots=True)
class Place:
    """A folder to run commands in; the person's own file lies below it, too."""

    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "orchestrator.toml"

    @property
    def personal(self) -> Path:
        return self.folder / "config" / "orchestrator" / "orchestrator.toml"

    def run(self, *arguments: str, **environ: str) -> CompletedProcess[str]:
        own = {"HOME": str(self.folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        folders = {f"XDG_{kind.upper()}_HOME": str(self.folder / kind) for kind in ("config", "data", "cache")}
        command = [sys.executable, "-m", "orchestrator", "local", *arguments]
        return warm.run(command, folder=self.folder, environ={**own, **folders, **environ})

    def told(self, *arguments: str) -> JsonObject:
        """What a command prints for machines."""
        value: Json = json.loads(self.run(*arguments, "--json").stdout)
        assert isinstance(value, dict)
        return value

    def plugin(self, namespace: str, *endpoints: str) -> str:
        """The path of a manifest whose runtimes name these local plugins."""
        functions: list[Json] = [{"name": f"f{number}"} for number, _ in enumerate(endpoints)]
        runtimes: list[Json] = [
            {"type": "LocalPlugin", "run_for_functions": [f"f{number}"], "spec": {"local_endpoint": name}}
            for number, name in enumerate(endpoints)
        ]
        manifest: JsonObject = {
            "schema_version": "v2.2",
            "name_for_human": namespace,
            "namespace": namespace,
            "description_for_human": "A plugin.",
            "functions": functions,
            "runtimes": runtimes,
        }
        path = self.folder / f"{namespace}.json"
        path.write_text(json.dumps(manifest), encoding="utf-8")
        return str(path)
