"""Every OpenAPI file of the corpus, named by a manifest or not: its operations are tools that can be called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest

from orchestrator.mock.generate import generated
from orchestrator.tools.arguments import ArgumentChecker
from runtimes.base import FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.documents import DocumentError, parse_document
from runtimes.http import HttpRequest, HttpResponse
from runtimes.openapi import open_openapi
from runtimes.values import JsonObject
from tests.runtimes.openapi.test_corpus import CORPUS

ORIGIN = "https://filled.example"


class Offline:
    """An HTTP client that must not be used."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        raise NotImplementedError(request)


def description_files() -> Iterator[Path]:
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix in (".json", ".yaml", ".yml") and path.is_file():
            try:
                document = parse_document(path.read_bytes(), path.name)
            except DocumentError:
                continue
            if isinstance(document, dict) and document.keys() & {"openapi", "swagger"}:
                yield path


def spec_of(path: Path) -> RuntimeSpec:
    """The description with its placeholders filled, called at a server of ours: some name none."""
    filled = re.sub(r"\$\{\{\w+\}\}", ORIGIN, path.read_text(encoding="utf-8")).replace(
        "<your-web-api>", "your-web-api"
    )
    document: JsonObject = {"api_description": filled}
    return RuntimeSpec(plugin="corpus", type="OpenApi", spec=document, location=str(path), base_url=ORIGIN)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")
async def test_every_operation_of_every_file_is_a_tool_and_a_request_from_made_up_arguments() -> None:
    files, tools, wrong = 0, 0, list[str]()
    for path in description_files():
        files += 1
        async with open_openapi(spec_of(path), RuntimeServices(http=Offline())) as executor:
            wrong += [f"{path.name} {name}: {reason}" for name, reason in executor.unusable.items()]
            for name, signature in executor.functions.items():
                tools += 1
                jsonschema_rs.meta.validate(signature.parameters)
                arguments = generated(signature.parameters, name)
                assert isinstance(arguments, dict)
                checked = ArgumentChecker(signature.parameters, signature.rules, signature.left_out).check(arguments)
                (message,) = executor.preview(FunctionCall(id="1", function=name, arguments=checked))
                assert message.url.startswith(ORIGIN)
    assert wrong == []
    assert files >= 80
    assert tools >= 200
