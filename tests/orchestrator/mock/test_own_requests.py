"""Our own requests, read by the mock, which shares nothing with what writes them: each is one that it accepts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from orchestrator.mock.api import MockApi
from orchestrator.mock.exchange import Answer, Request
from orchestrator.mock.generate import generated
from orchestrator.mock.schemas import Schemas, compiled
from orchestrator.mock.server import listening
from runtimes.base import CallContext, FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.documents import parse_document
from runtimes.errors import RuntimeUnavailable
from runtimes.fetch import SharedClient
from runtimes.openapi import open_openapi
from runtimes.openapi.document import Description, OperationUnusable, UnreadableDescription
from runtimes.openapi.loading import load_description
from runtimes.openapi.members import object_at
from runtimes.openapi.operations import read_operation
from runtimes.openapi.parameters import InvalidArgument
from runtimes.openapi.request import build_request
from runtimes.values import JsonObject
from tests.runtimes.openapi import test_bodies, test_corpus, test_serialisation
from tests.servers.bodies import description as body_description

AUTHORITY = "http://mock.test"

UNFIT = ("is a required property", "valid under more than one of the schemas", 'is not a "uuid"')
"""What rows of the case tables, which are about bytes, say that does not fit their own schemas."""


def answered(document: JsonObject, arguments: JsonObject) -> Answer | None:
    """What the mock says of the request of a call; None where we send none."""
    description = Description(document, "")
    try:
        operation = read_operation(description, "f", "plugin.json", base_url=AUTHORITY)
        sent = build_request(operation, arguments, "c1")
    except (OperationUnusable, InvalidArgument):
        return None
    target = sent.url.removeprefix(AUTHORITY)
    request = Request(method=sent.method, target=target, headers=sent.headers, body=sent.body or b"")
    return MockApi(description).answer(request)


def parameter_rows() -> Iterator[tuple[JsonObject, JsonObject]]:
    for row in test_serialisation.ROWS:
        name = str(row["name"])
        path = str(row.get("template", f"/items/{{{name}}}/x")) if row["in"] == "path" else "/items"
        operation: JsonObject = {"operationId": "f", "parameters": [test_serialisation.described(row)]}
        yield {"openapi": "3.0.4", "paths": {path: {"get": operation}}}, {name: row["value"]}


def body_rows() -> Iterator[tuple[JsonObject, JsonObject]]:
    for row in test_bodies.ROWS:
        arguments, version = row["arguments"], row.get("version", "3.0.4")
        assert isinstance(arguments, dict)
        document = body_description(row["content"], version=str(version), components=row.get("components"))
        yield document, arguments


def refused(rows: Iterator[tuple[JsonObject, JsonObject]]) -> tuple[int, list[str]]:
    """How many requests were made, and what the mock has against some of them."""
    answers = [answer for document, arguments in rows if (answer := answered(document, arguments)) is not None]
    return len(answers), [f"{one.status} {one.complaints}" for one in answers if one.status >= 400]


def test_every_row_of_the_parameter_table_is_accepted() -> None:
    made, wrong = refused(parameter_rows())
    assert wrong == []
    assert made >= 600


def test_every_row_of_the_body_table_is_accepted_that_fits_its_schema() -> None:
    made, wrong = refused(body_rows())
    assert [one for one in wrong if not any(known in one for known in UNFIT)] == []
    assert len(wrong) <= 10
    assert made >= 150


async def call_all(spec: RuntimeSpec, client: SharedClient) -> tuple[int, list[str]]:
    """Calls every operation of a description over HTTP with made-up arguments; how many, and what went wrong."""
    api = MockApi(await load_description(spec, client.allowing(())))
    wrong: list[str] = []
    async with listening(api.answer) as address:
        services = RuntimeServices(http=client.allowing([address]))
        async with open_openapi(replace(spec, base_url=f"http://{address}"), services) as executor:
            wrong += [f"{name}: {reason}" for name, reason in executor.unusable.items()]
            for name, signature in executor.functions.items():
                arguments = generated(signature.parameters, name)
                assert isinstance(arguments, dict)
                call = FunctionCall(id="c1", function=name, arguments=arguments)
                result = await executor.invoke(call, CallContext(person="me"))
                if result.is_error or (signature.method == "GET" and result.status != 200):
                    wrong.append(f"{spec.location} {name}: {result.status} {result.payload}")
    return len(executor.functions), wrong


def valid_answers(description: Description) -> tuple[int, list[str]]:
    """Answers in JSON that are made up for every GET, by their schemas; how many, and those that are invalid."""
    schemas = Schemas(description)
    checked, wrong = 0, list[str]()
    for entry in description.entries:
        good = (one for status, one in object_at(entry.operation, "responses").items() if status.startswith("2"))
        for response in good if entry.method == "GET" else ():
            for media in object_at(schemas.followed(response), "content").values():
                schema = schemas.standalone(schemas.followed(media).get("schema"), "response")
                value, validator = generated(schema, entry.path), compiled(schema)
                assert validator is not None
                checked += 1
                wrong += [] if validator.is_valid(value) else [f"{entry.path}: {value}"]
    return checked, wrong


def corpus_specs() -> list[RuntimeSpec]:
    """Every description of the corpus once, its placeholders filled."""
    found = [spec for spec in map(test_corpus.built, test_corpus.specs()) if spec is not None]
    return list({str(spec.spec["api_description"]): spec for spec in found}.values())


@pytest.mark.skipif(not test_corpus.CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")
async def test_every_operation_of_the_corpus_is_accepted_and_answered_over_http() -> None:
    client = SharedClient()
    calls, wrong = 0, list[str]()
    try:
        for spec in corpus_specs():
            try:
                count, found = await call_all(spec, client)
            except (RuntimeUnavailable, UnreadableDescription):
                continue
            calls, wrong = calls + count, wrong + found
    finally:
        await client.aclose()
    assert wrong == []
    assert calls >= 100


@pytest.mark.skipif(not test_corpus.CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")
def test_every_get_of_the_corpus_is_answered_with_valid_data() -> None:
    checked, wrong = 0, list[str]()
    for spec in corpus_specs():
        document = parse_document(str(spec.spec["api_description"]).encode(), "openapi.yaml")
        try:
            count, found = valid_answers(Description(document, ""))
        except UnreadableDescription:
            continue
        checked, wrong = checked + count, wrong + found
    assert wrong == []
    assert checked >= 60
