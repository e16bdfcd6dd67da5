"""The limits that docs/answers.md names are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.response.rich_response import MAX_RICH
from orchestrator.response.templates import ANSWER_OUTPUT, ANSWER_SECONDS, MAX_CARD, MAX_CARDS
from orchestrator.tools.card_files import MAX_CARD_FILES
from orchestrator.tools.visual_templates import MAX_TEMPLATE_BYTES, MAX_TEMPLATES
from orchestrator.turn.actions import MAX_DATA, MAX_WORDS
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.openapi.executor import MAX_REDIRECTS
from runtimes.openapi.repeats import FIRST_DELAY, MAX_ATTEMPTS, MAX_DELAY, PASSING
from runtimes.openapi.xml_value import TEXT
from runtimes.queues import MAX_EXCHANGES_PER_ORIGIN
from runtimes.transport import MAX_CONNECTIONS, MAX_HEADER_BYTES

DOCUMENT = " ".join((Path(__file__).parents[2] / "docs" / "answers.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    "words",
    [
        f"At most {MAX_ATTEMPTS} attempts",
        f"{FIRST_DELAY:g} seconds, doubled each time, with as much again at random, and at most {MAX_DELAY:g};",
        f"| {', '.join(str(status) for status in sorted(PASSING - {429}))} |",
        f"Redirects are followed, at most {MAX_REDIRECTS},",
        f"Header fields of {MAX_HEADER_BYTES} bytes, a body of {MAX_RESPONSE_BYTES} bytes",
        f"{MAX_EXCHANGES_PER_ORIGIN} requests to an origin at once",
        f"one of the {MAX_CONNECTIONS} connections",
        f"is `{TEXT}`",
        f"gives at most {MAX_CARDS} cards",
        f"of {MAX_CARD:_} characters each; all of them share {ANSWER_SECONDS:g} seconds and".replace("_", " "),
        f"and {ANSWER_OUTPUT:_} characters of work".replace("_", " "),
        f"{MAX_CARD_FILES} files of a plugin",
        f"up to {MAX_RICH:_} characters".replace("_", " "),
        f"{MAX_TEMPLATES} files of {MAX_TEMPLATE_BYTES // 1024} KiB",
        f"have at most {MAX_WORDS} characters, data {MAX_DATA:_}".replace("_", " "),
    ],
)
def test_a_limit_is_named_as_it_is(words: str) -> None:
    assert words in DOCUMENT
