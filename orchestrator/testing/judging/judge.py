"""Judges a turn: what the file expects against what happened. Pure; it never raises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import indent

from orchestrator.event_json import encode
from orchestrator.events import Event
from orchestrator.model.base import Usage
from orchestrator.reply import Reply, reply_of
from orchestrator.testing.format.conversation import Step, Turn
from orchestrator.testing.format.expectations import EndExpectation, Expect, PromptExpectation
from orchestrator.testing.format.matching import MAX_SHOWN, cut, described, difference, shown
from orchestrator.testing.format.parts import Text
from orchestrator.testing.format.patterns import Pattern
from orchestrator.testing.format.places import Where
from orchestrator.testing.judging.call_kinds import CALLS, QUESTIONS
from orchestrator.testing.judging.listing import list_mismatches
from orchestrator.testing.judging.mismatch import (
    Mismatch,
    on_one_line,
    plain_mismatch,
    text_mismatch,
    text_mismatches,
    value_mismatch,
)
from orchestrator.testing.judging.observed import AskedQuestion, ModelRequest, Observed, function_of, questions_of
from orchestrator.testing.judging.request_kind import REQUESTS
from orchestrator.testing.judging.shown_kinds import CITATIONS, cards_kind
from orchestrator.turn.state import Status, TurnState
from runtimes.positions import pointer_to
from runtimes.values import Json, parse_json

_USUAL = ("answered", "disengaged")
"""How a turn may end that is not said to end otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One expectation that was not met."""

    kind: str
    """The member of the turn, or of its `expect`, that it is about: `calls`, `text`, `model`."""
    pointer: str
    """From the root of the file to the expectation."""
    line: int
    """1-based; 0 where the expectation stands in no file."""
    column: int
    message: str
    details: tuple[tuple[str, str], ...] = ()
    """Labels and texts: what was expected, what came, where they differ."""

    @property
    def text(self) -> str:
        """All of it for people, one line and a line for each detail; one of several lines stands below its label."""
        place = f"{self.line}:{self.column}: " if self.line else ""
        width = max((len(label) for label, _ in self.details), default=0) + 1
        lines = (
            f"\n    {label}:\n{indent(text, ' ' * 6)}" if "\n" in text else f"\n    {label + ':':<{width}} {text}"
            for label, text in self.details
        )
        return f"{place}{self.kind}: {self.message}{''.join(lines)}"


def _step_shown(step: Step) -> str:
    if step.phrase is not None:
        return f"phrase {shown(step.phrase)}"
    calls = [f"call {call.call!r}" for call in step.every_call]
    return ", ".join([*([shown(step.text)] if step.text else []), *calls]) or "nothing"


def _end_of(prompt: str) -> str:
    """The end of a prompt, where it says what is asked for."""
    left_out = "…" * (len(prompt) > MAX_SHOWN)
    return on_one_line(left_out + prompt[len(left_out) - MAX_SHOWN :]) if left_out else on_one_line(prompt)


def _of_steps(steps: Sequence[Step], requests: Sequence[ModelRequest]) -> Iterator[Mismatch]:
    """Steps that nobody asked for, requests without a step, and steps in another state than theirs."""
    used = {request.step for request in requests}
    for number, request in enumerate(requests, start=1):
        if request.step is None or not 0 <= request.step < len(steps):
            message = f"request {number} ({request.state}) finds no step; there are {len(steps)}"
            yield Mismatch(pointer="/model", message=message, details=(("prompt", _end_of(request.prompt)),))
            continue
        pointer = pointer_to("model", request.step, "in")
        asked = f"step {request.step + 1} was asked for in another state"
        yield from _some(plain_mismatch(steps[request.step].in_, request.state, pointer, asked))
    for index, step in enumerate(steps):
        if index not in used:
            message = f"step {index + 1} was not asked for"
            yield Mismatch(pointer=pointer_to("model", index), message=message, details=(("step", _step_shown(step)),))


def _some(found: Mismatch | None) -> tuple[Mismatch, ...]:
    return () if found is None else (found,)


def _of_decisions(turn: Turn, questions: Sequence[AskedQuestion]) -> Iterator[Mismatch]:
    """Answers for which there was no question."""
    left = list(questions)
    for index, decision in enumerate(turn.decide):
        fitting = (
            question
            for question in left
            if question.answer == decision.answer and decision.call in (None, function_of(question.call))
        )
        answered = next(fitting, None)
        if answered is not None:
            left.remove(answered)
        elif not decision.every:
            about = f" about {decision.call!r}" if decision.call else ""
            asked = ", ".join(f"{function_of(question.call)} ({question.answer})" for question in questions)
            message = f"nothing was asked{about} that {decision.answer!r} answers"
            yield Mismatch(
                pointer=pointer_to("decide", index), message=message, details=(("asked", asked or "nothing"),)
            )


def _of_end(expected: EndExpectation | None, reply: Reply) -> Iterator[Mismatch]:
    came = reply.end or "waiting"
    detail = f" ({cut(reply.detail)})" if reply.detail else ""
    if expected is None:
        if came == "waiting":
            names = ", ".join(question.function for question in reply.pending)
            message = f"a question about {names} is open; answer it with 'decide', or expect 'end: waiting'"
            unsigned = ", ".join(one.function for one in reply.sign_ins)
            needs = f"{unsigned} needs a sign-in; give the credential, or expect 'end: waiting'"
            yield Mismatch(pointer="/decide", message=message if names or not unsigned else needs)
        elif came not in _USUAL:
            yield Mismatch(pointer="/expect", message=f"the turn ended otherwise than answered: {came}{detail}")
        return
    if expected.reason != came:
        details = (("expected", expected.reason), ("came", f"{came}{detail}"))
        yield Mismatch(pointer="/expect/end", message="the turn ended otherwise", details=details)
        return
    yield from text_mismatches(expected.detail, reply.detail, "/expect/end/detail", "what the person is told")


def _event_json(event: Event) -> Json:
    """The event as a value; of one that is no JSON, what it is."""
    try:
        return parse_json(encode(event))
    except ValueError:
        return {"kind": event.kind}


def _of_events(patterns: Sequence[Pattern], events: Sequence[Event]) -> Iterator[Mismatch]:
    """Each after the one before it."""
    values: list[Json] = [_event_json(event) for event in events] if patterns else []
    at = 0
    for index, pattern in enumerate(patterns):
        following = next((one for one in range(at, len(values)) if difference(pattern.node, values[one]) is None), None)
        if following is None:
            after = "after the events before it " if index else ""
            message = f"there is no event {described(pattern.node)} {after}in the turn".replace("  ", " ")
            came = ", ".join(event.kind for event in events[at:])
            yield Mismatch(
                pointer=pointer_to("expect", "events", index), message=message, details=(("came", cut(came)),)
            )
            return
        at = following + 1


def _tokens(usage: Usage | None) -> Json:
    if usage is None:
        return None
    total = usage.input_tokens + usage.output_tokens
    return {"input": usage.input_tokens, "output": usage.output_tokens, "total": total}


def _of_prompt(expected: PromptExpectation, requests: Sequence[ModelRequest], pointer: str) -> Iterator[Mismatch]:
    chosen = [
        request
        for number, request in enumerate(requests, start=1)
        if expected.request in (None, number) and expected.state in (None, request.state)
    ]
    if not chosen:
        states = ", ".join(request.state for request in requests) or "none"
        yield Mismatch(pointer=pointer, message="there is no such request to the model", details=(("came", states),))
        return
    wanted = Text(contains=expected.contains, regex=expected.regex)
    refusals = [text_mismatch(wanted, request.prompt, pointer, "no prompt is as expected: it") for request in chosen]
    if None not in refusals:
        yield from _some(refusals[-1])
    for request in chosen:
        unwanted = Text.model_validate({"not": expected.not_, "not_regex": expected.not_regex})
        yield from text_mismatches(unwanted, request.prompt, pointer, "a prompt")


def _of_lists(expect: Expect, observed: Observed, turn: TurnState, reply: Reply) -> Iterator[Mismatch]:
    if expect.calls is not None:
        calls = tuple(call for call in turn.calls.values() if call.status is not Status.SET_ASIDE)
        yield from list_mismatches(CALLS, expect.calls, calls, "/expect/calls")
    if expect.questions is not None:
        yield from list_mismatches(QUESTIONS, expect.questions, questions_of(observed, turn), "/expect/questions")
    if expect.requests is not None:
        yield from list_mismatches(REQUESTS, expect.requests, observed.requests, "/expect/requests")
    if expect.citations is not None:
        yield from list_mismatches(CITATIONS, expect.citations, reply.citations, "/expect/citations")
    if expect.cards is not None:
        yield from list_mismatches(cards_kind(observed.snapshots), expect.cards, reply.cards, "/expect/cards")


def _of_expect(expect: Expect, observed: Observed, turn: TurnState, reply: Reply) -> Iterator[Mismatch]:
    yield from _of_end(expect.end, reply)
    yield from _of_lists(expect, observed, turn, reply)
    yield from text_mismatches(expect.text, reply.text or reply.partial, "/expect/text", "the answer")
    yield from _of_events(expect.events, observed.events)
    came = observed.last_state() or ""
    yield from _some(plain_mismatch(expect.state, came, "/expect/state", "the last state is another"))
    count = len(observed.model_requests)
    pointer = "/expect/model_requests"
    yield from _some(
        value_mismatch(expect.model_requests, count, pointer, "the model was asked another number of times")
    )
    yield from _some(value_mismatch(expect.tokens, _tokens(reply.usage), "/expect/tokens", "other tokens were counted"))
    for index, prompt in enumerate(expect.prompts):
        yield from _of_prompt(prompt, observed.model_requests, pointer_to("expect", "prompts", index))


def _mismatches(turn: Turn, observed: Observed) -> Iterator[Mismatch]:
    state = observed.turn()
    if state is None:
        yield Mismatch(pointer="", message="the turn did not start")
        return
    yield from observed.mismatches
    if observed.is_scripted:
        yield from _of_steps(turn.model, observed.model_requests)
    yield from _of_decisions(turn, questions_of(observed, state))
    yield from _of_expect(turn.expect, observed, state, reply_of(state))


def _kind(pointer: str) -> str:
    steps = pointer.split("/")[1:] or ["turn"]
    return steps[1] if steps[0] == "expect" and len(steps) > 1 else "end" if steps[0] == "expect" else steps[0]


def judge(turn: Turn, observed: Observed, where: Where | None = None) -> tuple[Failure, ...]:
    """Everything that is not as the turn expects; nothing where all is well.

    `where` is the place of the turn (`Placed.turn`), by which each failure names its own.
    """
    start = where or Where()
    places = [(found, start.place(found.pointer)) for found in _mismatches(turn, observed)]
    return tuple(
        Failure(
            kind=_kind(found.pointer),
            pointer=start.pointer + found.pointer,
            line=place.line,
            column=place.column,
            message=found.message,
            details=found.details,
        )
        for found, place in places
    )
