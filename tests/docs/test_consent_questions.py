"""`docs/consent.md`: what it shows and says of the questions of a running plugin is what the code does."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from auth import SecretsInUse
from orchestrator.live_forms import FORMATS, MAX_FIELDS, read_form
from orchestrator.render.calls import CallLabel
from orchestrator.render.console import console_for
from orchestrator.render.sanitize import clean
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.live_questions import LivePrompt
from orchestrator.turn.live_questions import (
    MAX_TOLD,
    MAX_TOLD_CHARS,
    MAX_URL_CHARS,
    PluginQuestion,
    presentable,
)
from runtimes.questions import (
    ANSWER_SECONDS,
    MAX_QUESTION_CHARS,
    MAX_QUESTIONS,
    MAX_TITLE_CHARS,
    LiveAnswer,
    LiveQuestion,
)
from runtimes.values import JsonObject

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "consent.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
WIDTH = 76
FORM: JsonObject = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Your name"},
        "nights": {"type": "integer", "default": 2},
    },
    "required": ["name"],
}


class Typing:
    """Somebody whose keys are seen, as at a terminal."""

    def __init__(self, view: TerminalView, *answers: str) -> None:
        self._view = view
        self._answers = list(answers)

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """The next answer."""
        del is_secret, draft
        typed = self._answers.pop(0)
        self._view.line(f"{prompt}{typed}")
        return typed


async def test_the_page_shows_what_a_terminal_shows() -> None:
    file = StringIO()
    labels = {("travel", "book"): CallLabel(plugin="Travel Desk", function="book")}
    view = TerminalView(console_for(file, is_live=True, width=WIDTH, environ={}), labels, is_live=True)
    asked = PluginQuestion(
        plugin="travel",
        function="book",
        call_id="c",
        number=1,
        person="ada",
        question=LiveQuestion(text="Whom is the room for?", form=FORM),
    )
    answer = await LivePrompt(view, labels, Typing(view, "Ada", "3", "y"))(asked)
    assert answer == LiveAnswer(action="accept", content={"name": "Ada", "nights": 3})
    shown = "".join(f"{line.rstrip()}\n" for line in clean(file.getvalue()).splitlines())
    assert f"```text\n{shown}```\n" in PAGE


def test_the_limits_are_those_in_the_code() -> None:
    for limit in (
        f"| questions of one call | {MAX_QUESTIONS}; more are declined |",
        f"| time for an answer | {ANSWER_SECONDS:g} seconds,",
        f"| text, title | {MAX_QUESTION_CHARS} and {MAX_TITLE_CHARS} characters,",
        f"| form | {MAX_FIELDS} members:",
        f"at most {MAX_URL_CHARS} characters |",
        f"the words of the first {MAX_TOLD} questions in quotes, each cut to {MAX_TOLD_CHARS} characters",
    ):
        assert limit in TEXT
    assert all(f"`{one}`" in PAGE for one in FORMATS)


def test_the_form_of_the_page_is_one_that_is_put() -> None:
    assert [one.name for one in read_form(FORM)] == ["name", "nights"]
    assert presentable(LiveQuestion(text="Whom?"), SecretsInUse()).text == "Whom?"
