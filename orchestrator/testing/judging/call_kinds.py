"""How calls, and questions about them, are held against what was expected. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.testing.format.expectations import (
    CallExpectation,
    QuestionExpectation,
)
from orchestrator.testing.format.matching import cut, shown
from orchestrator.testing.judging.listing import Kind
from orchestrator.testing.judging.mismatch import Mismatch, plain_mismatch, ranked, text_mismatch, value_mismatch
from orchestrator.testing.judging.observed import AskedQuestion, arguments_of, function_of, status_of
from orchestrator.turn.state import CallState


def _same_name(expected: str, came: str) -> Mismatch | None:
    return None if expected == came else Mismatch(pointer="/call", message=f"{came!r} is another function")


def _reasons(call: CallState) -> str:
    return "; ".join((*(reason.text for reason in call.reasons), *([call.message] if call.refusal else [])))


def _status(expectation: CallExpectation, call: CallState) -> Mismatch | None:
    came = status_of(call)
    if expectation.status in (came, "any"):
        return None
    why = f" ({cut(call.message)})" if call.message and came != "returned" else ""
    details = (("expected", expectation.status), ("came", f"{came}{why}"))
    return Mismatch(pointer="/status", message=f"the call of {expectation.call!r} ended otherwise", details=details)


def _explain_call(expectation: CallExpectation, call: CallState) -> Mismatch | None:
    of = f"the call of {expectation.call!r}"

    def checks() -> Iterator[Mismatch | None]:
        yield _same_name(expectation.call, function_of(call))
        yield value_mismatch(expectation.with_, arguments_of(call), "/with", f"{of} has other arguments")
        yield _status(expectation, call)
        yield plain_mismatch(expectation.code, call.refusal or "", "/code", f"{of} was refused for another cause")
        yield text_mismatch(expectation.reason, _reasons(call), "/reason", f"the reason at {of}")
        yield text_mismatch(expectation.result, call.message, "/result", f"what the model was told of {of}")

    return ranked(checks())


def _call_shown(call: CallState) -> str:
    return f"{function_of(call)} {shown(arguments_of(call))} ({status_of(call)})"


CALLS: Kind[CallExpectation, CallState] = Kind(
    explain=_explain_call,
    expected=lambda expectation: expectation.call,
    came=_call_shown,
    missing=lambda expectation: f"{expectation.call!r} was not called",
    noun="call",
)


def _explain_question(expectation: QuestionExpectation, question: AskedQuestion) -> Mismatch | None:
    call, asked, of = question.call, question.asked, f"the question about {expectation.call!r}"

    def checks() -> Iterator[Mismatch | None]:
        yield _same_name(expectation.call, function_of(call))
        yield value_mismatch(expectation.with_, arguments_of(call), "/with", f"{of} shows other arguments")
        yield text_mismatch(expectation.title, asked.title, "/title", f"the title of {of}")
        yield text_mismatch(expectation.body, asked.body, "/body", f"the body of {of}")
        yield text_mismatch(expectation.destination, asked.destination, "/destination", f"the destination of {of}")
        yield text_mismatch(expectation.reason, _reasons(call), "/reason", f"the reason of {of}")
        yield plain_mismatch(expectation.answer, question.answer, "/answer", f"{of} was answered otherwise")

    return ranked(checks())


def _question_shown(question: AskedQuestion) -> str:
    return f"{function_of(question.call)} ({question.answer})"


QUESTIONS: Kind[QuestionExpectation, AskedQuestion] = Kind(
    explain=_explain_question,
    expected=lambda expectation: expectation.call,
    came=_question_shown,
    missing=lambda expectation: f"nobody was asked about {expectation.call!r}",
    noun="question",
)
