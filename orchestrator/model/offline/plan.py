"""Decides what to do about the last thing a person said: a call, a question back, or words.

A question that is open is not remembered but found again: the turns before are decided once more, and where the
answer that stands there is the question that would be asked, the person's next words are the reply to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from orchestrator.model.offline.choose import WITHDRAW, Choice, Index, read_sentence
from orchestrator.model.offline.conversation import Turn, goes_on, points_back, recall_from, recall_nothing
from orchestrator.model.offline.draft import Draft, quotes_in
from orchestrator.model.offline.fill import fill
from orchestrator.model.offline.intent import is_leading, sense_of
from orchestrator.model.offline.question import question_for
from orchestrator.model.offline.reply import is_stopping, take_reply
from orchestrator.model.offline.schema import Kind, Parameter, is_valid
from orchestrator.model.offline.topics import sensitive_topics, touches
from orchestrator.model.offline.words import words_of
from runtimes.values import JsonObject

MAX_QUESTIONS = 12
"""Questions in a row whose replies are put together."""
MAX_CLAUSES = 4
"""Requests in one sentence that are looked at."""

MAX_COMPLETION = 4
"""Words that are taken for the one optional argument that was left out."""

DROPPED = "All right, nothing was done."
UNFIT = "That does not fit."

_COMPLETION = re.compile(r"\s*(?:(?:use|take|with)\b|(?:the|my)\b(?=\W+\w+[\s.!]*\Z))", re.IGNORECASE)
_CLAUSE = re.compile(r"\s*(?:;|,?\s+and then\b|\s+and\b|,?\s+then\b)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Calls:
    """Call these, with these arguments."""

    calls: tuple[tuple[str, JsonObject], ...]
    """Tool names and arguments."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the person for one argument; the draft holds the others."""

    draft: Draft
    parameter: Parameter
    question: str


@dataclass(frozen=True, slots=True)
class Say:
    """Say this."""

    text: str


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No function is meant."""


Decision = Calls | Ask | Say | NoMatch


class Planner:
    """Decides over one set of functions."""

    def __init__(self, index: Index, system: str, today: date) -> None:
        self._index = index
        self._today = today
        self._topics = sensitive_topics(system, WITHDRAW) if index.offers_withdraw else ()

    def decide(self, turns: Sequence[Turn]) -> Decision:
        """What to do about the last turn."""
        first = len(turns) - 1
        while first > 0 and len(turns) - first <= MAX_QUESTIONS and not turns[first - 1].made:
            first -= 1
        decision: Decision = NoMatch()
        pending: Ask | None = None
        for place in range(first, len(turns)):
            decision = self._step(pending, turns[: place + 1])
            is_asked = isinstance(decision, Ask) and decision.question in turns[place].answer
            pending = decision if isinstance(decision, Ask) and is_asked else None
        return decision

    def _step(self, pending: Ask | None, turns: Sequence[Turn]) -> Decision:
        decision = self._decided(pending, turns)
        tools = _tools_of(decision) | (_tools_of(pending) if pending else frozenset[str]())
        if self._topics and touches(turns[-1].said, self._topics, tools):
            return Calls(((WITHDRAW, {}),))
        return decision

    def _decided(self, pending: Ask | None, turns: Sequence[Turn]) -> Decision:
        text = turns[-1].said
        if pending is None:
            return self._request(turns)
        if is_stopping(text) and pending.parameter.kind not in (Kind.BOOLEAN, Kind.CHOICE):
            return Say(DROPPED)
        if self._is_request(text, pending):
            return self._request(turns)
        if take_reply(pending.draft, pending.parameter, text, self._today):
            return self._finish(pending.draft)
        if is_stopping(text):
            return Say(DROPPED)
        question = f"{UNFIT} {question_for(pending.draft.tool, pending.parameter)}"
        return Ask(pending.draft, pending.parameter, question)

    def _is_request(self, text: str, pending: Ask) -> bool:
        """Whether the words are no reply but a request of their own: they begin with a verb or a question word."""
        choice = self._index.choose(text)
        if choice is None or read_sentence(text).sense is None:
            return False
        if pending.parameter.is_text:
            return True
        trial = fill(pending.draft.tool, pending.draft.text, self._today, recall_nothing)
        return not take_reply(trial, pending.parameter, text, self._today)

    def _request(self, turns: Sequence[Turn]) -> Decision:
        text = turns[-1].said
        several = self._several(text)
        if several:
            return Calls(several)
        choice = self._index.choose(text)
        going_on = self._going_on(turns, choice) if goes_on(text) else self._completing(turns, choice)
        if going_on is not None:
            return self._finish(going_on)
        if choice is None:
            return NoMatch()
        recall = recall_from(turns[:-1]) if points_back(text) else recall_nothing
        return self._finish(fill(choice.tool, text, self._today, recall))

    def _going_on(self, turns: Sequence[Turn], choice: Choice | None) -> Draft | None:
        """`and in Rome?` asks for the same function again, with the arguments that are not said anew."""
        made = next((turn.made[-1] for turn in reversed(turns[:-1]) if turn.made), None)
        tool = next((tool for tool in self._index.tools if made and tool.definition.name == made.tool), None)
        if tool is None or (choice is not None and choice.tool is not tool):
            return None
        said = fill(tool, turns[-1].said, self._today, recall_nothing)
        if not said.arguments():
            return None
        return fill(tool, turns[-1].said, self._today, recall_from(turns[:-1]))

    def _completing(self, turns: Sequence[Turn], choice: Choice | None) -> Draft | None:
        """`the Visa card`, right after a call that could have been given one: the same call with it."""
        text = turns[-1].said
        made = turns[-2].made[-1] if len(turns) > 1 and turns[-2].made else None
        tool = next((tool for tool in self._index.tools if made and tool.definition.name == made.tool), None)
        sentence = read_sentence(text)
        if made is None or tool is None or sentence.is_negated or sentence.sense is not None:
            return None
        if choice is not None and choice.tool is not tool:
            return None
        draft = fill(tool, text, self._today, lambda parameter: made.arguments.get(parameter.name))
        if draft.arguments().keys() - made.arguments.keys():
            return draft
        is_open = draft.open(lambda p: p.is_text and not p.is_free_form)
        is_short = len(words_of(text)) <= MAX_COMPLETION and _COMPLETION.match(text) is not None
        is_taken = is_short and len(is_open) == 1 and take_reply(draft, is_open[0], text, self._today)
        return draft if is_taken else None

    def _several(self, text: str) -> tuple[tuple[str, JsonObject], ...]:
        """Two requests in one sentence, when each begins with a verb, means another function and lacks nothing.

        Quoted text may hold anything, so a sentence with some is one request.
        """
        clauses = [clause for clause in _CLAUSE.split(text) if clause]
        if not 2 <= len(clauses) <= MAX_CLAUSES or quotes_in(text):
            return ()
        found: list[tuple[str, JsonObject]] = []
        for clause in clauses:
            choice = self._index.choose(clause) if _begins_with_verb(clause) else None
            decision = self._finish(fill(choice.tool, clause, self._today, recall_nothing)) if choice else None
            if not isinstance(decision, Calls):
                return ()
            found += decision.calls
        return tuple(found) if len({name for name, _ in found}) == len(found) else ()

    def _finish(self, draft: Draft) -> Decision:
        missing = draft.missing()
        if missing is not None:
            return Ask(draft, missing, question_for(draft.tool, missing))
        arguments = draft.arguments()
        if not is_valid(arguments, draft.root, draft.root):
            return Say("I know which function you mean, but I cannot put its arguments together from words.")
        return Calls(((draft.tool.definition.name, arguments),))


def _tools_of(decision: Decision) -> frozenset[str]:
    if isinstance(decision, Calls):
        return frozenset(name for name, _ in decision.calls)
    return frozenset({decision.draft.tool.definition.name}) if isinstance(decision, Ask) else frozenset()


def _begins_with_verb(clause: str) -> bool:
    told = [word for word in words_of(clause) if not is_leading(word.lower)]
    return bool(told) and sense_of(told[0].stem) is not None
