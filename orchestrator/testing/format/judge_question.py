"""Questions that `orchestrator test --live` puts to a model about a turn, as a file writes them. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from orchestrator.testing.format.parts import Part, many, short

MAX_QUESTION_CHARS = 2000
"""The longest question."""


def _asked(question: str) -> str:
    if not question.strip() or len(question) > MAX_QUESTION_CHARS:
        raise ValueError(f"a question has from 1 to {MAX_QUESTION_CHARS} characters")
    return question


class JudgeQuestion(Part):
    """A question about a turn that is answered with yes or no; a text alone in the place of the object asks for yes."""

    question: Annotated[str, AfterValidator(_asked)]
    answer: Literal["yes", "no"] = "yes"
    """The answer that is expected."""


JudgeQuestions = Annotated[
    tuple[
        Annotated[JudgeQuestion, BeforeValidator(short("question"), json_schema_input_type=str | JudgeQuestion)], ...
    ],
    BeforeValidator(many, json_schema_input_type=str | JudgeQuestion | tuple[str | JudgeQuestion, ...]),
]
"""One question or several."""
