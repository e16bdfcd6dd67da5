"""A mock of a small description, and requests to it."""

from __future__ import annotations

from orchestrator.mock.api import MockApi
from orchestrator.mock.exchange import Answer, Request
from runtimes.openapi.document import Description
from runtimes.values import Json, JsonObject, dump_json, parse_json


def mock_of(paths: JsonObject, version: str = "3.0.4", seed: int = 0, **members: Json) -> MockApi:
    return MockApi(Description({"openapi": version, "paths": paths, **members}, ""), seed)


def asked(
    api: MockApi, method: str, target: str, body: Json = None, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    if body is None:
        return api.answer(Request(method=method, target=target, headers=headers))
    fields = (("Content-Type", "application/json"), *headers)
    return api.answer(Request(method=method, target=target, headers=fields, body=dump_json(body).encode()))


def told(answer: Answer) -> JsonObject:
    """The body of an answer in JSON."""
    value = parse_json(answer.body)
    assert isinstance(value, dict)
    return value


def wrong(answer: Answer) -> list[tuple[str, str, str]]:
    """Place, name and pointer of each mistake."""
    errors = told(answer).get("errors", [])
    assert isinstance(errors, list)
    return [
        (str(one.get("in", "")), str(one.get("name", "")), str(one.get("pointer", "")))
        for one in errors
        if isinstance(one, dict)
    ]
