"""The answers of the services are what their OpenAPI descriptions say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from runtimes.values import Json, JsonObject
from tests.servers.example_service import EXAMPLES, Answered, start_service

SONG: tuple[str, str, Json] = ("POST", "/songs", {"prompt": "a march"})
REQUESTS: dict[str, list[tuple[str, str, Json]]] = {
    "contoso_real_estate": [
        ("GET", "/listings", None),
        ("GET", "/listings?amenities=helipad", None),
        ("POST", "/searches", {"city": "Tacoma"}),
        ("POST", "/searches", {"bedrooms": 2}),
        ("DELETE", "/searches/{id}", None),
    ],
    "donations": [
        ("GET", "/npos?npo_name_query=trust", None),
        ("GET", "/npos", None),
        ("PUT", "/donations/pending", {"npo_name": "Nobody"}),
        ("PUT", "/donations/pending", {"npo_name": "er"}),
        ("PUT", "/donations/pending", {"npo_name": "Bridge Builders"}),
        ("PUT", "/donations/pending", {"npo_name": "Bridge Builders", "amount": 1}),
        ("PUT", "/donations/pending", {"npo_name": "Bridge Builders", "amount": 1, "payment_card_hint": "5100"}),
        ("POST", "/donations", None),
        ("POST", "/donations", None),
        ("GET", "/donations", None),
    ],
    "suno": [
        *[SONG] * 6,  # the last one is one too many
        ("POST", "/songs", {}),
        ("GET", "/songs", None),
    ],
}


def _at(value: Json, *names: str) -> Json:
    for name in names:
        assert isinstance(value, dict)
        value = value[name]
    return value


def _response(description: JsonObject, method: str, path: str, status: int) -> Json:
    responses = _at(description, "paths", path.partition("?")[0], method.lower(), "responses")
    response = _at(responses, str(status))
    if isinstance(response, dict) and "$ref" in response:
        return _at(description, *str(response["$ref"]).removeprefix("#/").split("/"))
    return response


def _check(description: JsonObject, method: str, path: str, answer: Answered) -> None:
    schema = _at(_response(description, method, path, answer.status), "content", "application/json", "schema")
    assert isinstance(schema, dict)
    jsonschema_rs.validate({**schema, "components": description["components"]}, json.loads(answer.body))


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_every_answer_is_described(name: str) -> None:
    description: Json = yaml.safe_load(Path(EXAMPLES / name / "openapi.yaml").read_bytes())
    assert isinstance(description, dict)
    with start_service(name) as service:
        for method, path, body in REQUESTS[name]:
            target = path.replace("{id}", "1")
            answer = service.send(method, target) if body is None else service.give(method, target, body)
            _check(description, method, path, answer)
