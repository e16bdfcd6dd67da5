"""How answers reach a conversation, and those that were given before there was a question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from orchestrator.answers_file import AnswersUnreadable
from orchestrator.conversation import Conversation
from orchestrator.events import CallDecided, Event
from orchestrator.render.calls import Labels
from orchestrator.render.sanitize import clean_line
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.answers import Answer
from orchestrator.repl.confirm import numbered, show_questions
from orchestrator.reply import Question
from orchestrator.turn.answering import Decision
from runtimes.values import JsonObject

APPROVED = "approved by --yes"
YES = Answer(choice="approve")

_TOO_LATE = "too late, your answer does not count: {}"

Show = Callable[[Event], None]
"""Shows an event to whoever follows the conversation."""

Outcome = Decision | Literal["not_remembered"]
"""What became of an answer; the last of them was accepted for this once."""


class Answering(Protocol):
    """Answers what is open in a conversation."""

    async def __call__(self, chat: Conversation, /) -> bool:
        """Returns when everything is answered; False when something is left open."""
        ...


def _decided(question: Question, answer: Answer, person: str, outcome: Outcome) -> CallDecided:
    """The decision as it is shown; the one that is kept was made by the conversation."""
    return CallDecided(
        call_id=question.call_id,
        decision="decline" if answer.choice == "decline" else "approve",
        by=person,
        note=answer.note,
        always=answer.choice == "always" and outcome == "accepted",
    )


async def pass_on(
    answer: Answer,
    question: Question,
    chat: Conversation,
    view: TerminalView,
    show: Show,
    *,
    arguments: JsonObject | None = None,
) -> Outcome:
    """Answers the question, and shows the decision if it counts. Raises: `UsageError` for arguments that do not fit."""
    outcome: Outcome
    approve, always = answer.choice != "decline", answer.choice == "always"
    try:
        outcome = await chat.decide(question, approve, arguments, answer.note, always=always)
    except AnswersUnreadable as error:  # the decision counts, as far as it is about this call
        view.notice(clean_line(str(error)), style="yellow")
        outcome = "not_remembered"
    if outcome in ("accepted", "not_remembered"):
        show(_decided(question, answer, chat.person, outcome))
    return outcome


async def who_answered(chat: Conversation, call_id: str) -> str:
    """Whose answer to a question counts, where it is not the one that was just given."""
    for fact in await chat.facts():
        if isinstance(fact, CallDecided) and fact.call_id == call_id:
            if fact.left_open:
                return _TOO_LATE.format("the turn has ended without an answer")
            by = "you" if fact.by == chat.person else clean_line(fact.by)
            return _TOO_LATE.format(f"{by} {'approved' if fact.decision == 'approve' else 'declined'} it")
    return _TOO_LATE.format("the turn has ended")


class Beforehand:
    """A yes to every question, given before there was one."""

    def __init__(self, view: TerminalView, labels: Labels, show: Show) -> None:
        """`show` is told of the decisions."""
        self._view = view
        self._labels = labels
        self._show = show

    async def __call__(self, chat: Conversation, /) -> bool:
        """Shows the questions, and says how they were answered."""
        questions = chat.pending
        show_questions(self._view, numbered(questions), self._labels)
        self._view.notice(APPROVED if len(questions) == 1 else f"all {len(questions)} {APPROVED}")
        for question in questions:
            await pass_on(YES, question, chat, self._view, self._show)
        return True
