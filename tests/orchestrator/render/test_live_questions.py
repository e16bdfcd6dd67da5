"""What is said of the questions of a running plugin once they are over."""

from __future__ import annotations

import pytest

from orchestrator.render.live_questions import AskedLines
from orchestrator.signals import QuestionClosed, QuestionRaised
from runtimes.questions import Action


@pytest.mark.parametrize(
    ("action", "reason", "said"),
    [
        ("accept", "", "you said yes"),
        ("accept", "on the phone", "you said yes"),
        ("decline", "", "you said no"),
        ("decline", "nobody is present", "not answered"),
        ("cancel", "", "not answered"),
        ("cancel", "too late", "not answered"),
    ],
)
def test_only_a_yes_is_told_as_one_and_every_yes_is(action: Action, reason: str, said: str) -> None:
    lines = AskedLines()
    assert lines.read(QuestionRaised(call_id="c", number=1, plugin="p", function="f", text="Sure?")) is None
    closed = QuestionClosed(call_id="c", number=1, action=action, reason=reason)
    assert lines.read(closed) == (f'asked "Sure?": {said}', reason)
