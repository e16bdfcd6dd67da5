"""What becomes of the questions that a running plugin asks, a line for each."""

from __future__ import annotations

from orchestrator.render.sanitize import clean_line
from orchestrator.signals import QuestionClosed, QuestionRaised

MAX_QUOTED = 80
"""Characters of a question's words that a line quotes."""


def _became(closed: QuestionClosed, *, has_form: bool) -> str:
    if closed.action == "accept":
        return "you answered" if has_form else "you said yes"
    return "not answered" if closed.reason or closed.action == "cancel" else "you said no"


class AskedLines:
    """Reads the signals of a conversation."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], QuestionRaised] = {}

    def clear(self) -> None:
        """A turn begins."""
        self._open.clear()

    def read(self, event: QuestionRaised | QuestionClosed) -> tuple[str, str] | None:
        """What to say of a question that is over, and why nobody answered it; both are clean."""
        key = (event.call_id, event.number)
        if isinstance(event, QuestionRaised):
            self._open[key] = event
            return None
        raised = self._open.pop(key, None)
        words = clean_line(raised.text or raised.title) if raised is not None else ""
        quoted = f' "{words if len(words) <= MAX_QUOTED else f"{words[: MAX_QUOTED - 1]}…"}"' if words else ""
        became = _became(event, has_form=raised is not None and raised.form is not None)
        return f"asked{quoted}: {became}", clean_line(event.reason)
