"""What was decided of each call, and why, in a line for transcripts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from orchestrator.events import (
    CallDecided,
    CallJudged,
    CallRefused,
    DataSetAside,
    Event,
    Judgement,
    QuestionExpired,
    Reason,
    TurnStarted,
)
from orchestrator.phrases import listed
from orchestrator.render.sanitize import clean_line

JUDGED: Mapping[Judgement, str] = {"allow": "allowed", "ask": "asked", "deny": "not allowed"}
"""What was said of a call, in a word."""


def names_listed(names: Iterable[str]) -> str:
    """Names that may come from outside, as a phrase on one line: `a, b and c`."""
    return listed(map(clean_line, names))


def data_shown(before: Collection[str], now: Collection[str], name: Callable[[str], str] = str) -> str:
    """What a model is shown, where data was set aside `before` and some is `now`: `without earlier data of a`.

    `name` is what a plugin is called, by its namespace.
    """
    back, hidden = (names_listed(map(name, sorted(one))) for one in (set(before) - set(now), set(now)))
    if not back:
        return f"without earlier data of {hidden}"
    return f"with earlier data of {back}" + (f", but not of {hidden}" if hidden else "")


def told_to_person(reason: Reason) -> str:
    """A reason on one line, as it is told to the person themselves."""
    text = clean_line(reason.text)
    if reason.source != "person":
        return text
    return text.replace("the person has ", "you have ").replace("the person ", "you ")


def _answer(fact: CallDecided) -> str:
    if fact.left_open:
        return f"not answered: {clean_line(fact.note)}"
    if fact.decision == "decline":
        return "you said no"
    if fact.edited is not None:
        return "you gave other arguments"
    return "you said yes, always" if fact.always else "you said yes"


@dataclass(slots=True, kw_only=True)
class _Decided:
    judged: str
    answer: str = ""

    @property
    def line(self) -> str:
        return "; ".join(part for part in (self.judged, self.answer) if part)


class Decisions:
    """Reads the events of a conversation, and says in a line for each call what was decided of it."""

    def __init__(self) -> None:
        self._calls: dict[str, _Decided] = {}
        self._before: tuple[str, ...] = ()

    def read(self, event: Event) -> None:
        """Takes one event in."""
        match event:
            case TurnStarted():
                self._before = event.set_aside
            case CallJudged():
                why = "; ".join(map(told_to_person, event.reasons))
                word = JUDGED[event.verdict]
                asked = "no answer yet" if event.verdict == "ask" else ""
                self._calls[event.call_id] = _Decided(judged=f"{word}: {why}" if why else word, answer=asked)
            case CallDecided():
                self._answered(event.call_id, _answer(event))
            case QuestionExpired():
                self._answered(event.call_id, "nobody answered in time")
            case CallRefused(code="forbidden"):
                self._answered(event.call_id, "stopped before it left")
            case DataSetAside():
                line = f"not made: the model was asked again {data_shown(self._before, event.plugins)}"
                self._calls |= {call_id: _Decided(judged=line) for call_id in event.call_ids}
            case _:
                pass

    def _answered(self, call_id: str, answer: str) -> None:
        if call_id in self._calls:
            self._calls[call_id].answer = answer

    def line(self, call_id: str) -> str:
        """What was decided of a call; empty where nothing was, as for a call that cannot be made."""
        decided = self._calls.get(call_id)
        return decided.line if decided is not None else ""
