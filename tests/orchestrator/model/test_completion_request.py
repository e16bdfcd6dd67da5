"""The body of a request, as far as the words of the person go."""

from __future__ import annotations

import json

import pytest

from orchestrator.model.base import RespondingRequest, UserMessage
from orchestrator.model.completion_request import encode_request


@pytest.mark.parametrize("plain_results", [False, True])
def test_what_the_host_adds_stands_below_the_persons_words(plain_results: bool) -> None:
    messages = (UserMessage(text="send it", note="[attached: x]"),)
    data = encode_request("m", RespondingRequest(system="", messages=messages), plain_results=plain_results)
    assert json.loads(data)["messages"] == [{"role": "user", "content": "send it\n\n[attached: x]"}]
