"""What `unparsable-reference` says to do about a document that no parser takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtimes.values import Json
from tests.orchestrator.check.referring import manifest_for, problems_of


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("openapi: 3.0.3\npaths:\n\t/a: {}\n", "indent with spaces: YAML takes no tabs"),
        ("openapi: 3.0.3\npaths: {}\npaths: {}\n", "remove one of them"),
        ('{"openapi": "3.0.3",}', "remove the comma before the closing bracket"),
        ('{"openapi": "3.0.3", // stable\n"paths": {}}', "JSON has no comments: remove it"),
    ],
)
async def test_the_obvious_is_said_of_a_file_and_of_a_text_in_the_manifest(
    text: str, hint: str, tmp_path: Path
) -> None:
    (tmp_path / "openapi").write_text(text, encoding="utf-8")
    inline: list[Json] = [{"type": "OpenApi", "spec": {"api_description": text}}]
    for document in (manifest_for("openapi"), manifest_for(runtimes=inline)):
        (found,) = await problems_of(document, tmp_path)
        assert (found.code, found.hint) == ("unparsable-reference", hint)
