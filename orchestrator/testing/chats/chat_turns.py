"""A turn of a chat as a turn of a conversation file: what was said, what the model replied, how it was answered. Pure.

What the facts of a conversation tell is all that is needed, but for the bytes of files and what a model was asked to
phrase. A turn that could not come out the same again is refused, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDecided,
    CallWithdrawn,
    Fact,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnStarted,
    TurnUndone,
)
from orchestrator.reply import Reply, reply_of
from orchestrator.testing.chats.chat_said import Keep, Unrepeatable, said
from orchestrator.testing.format.patterns import escaped
from orchestrator.testing.judging.observed import (
    AskedQuestion,
    Observed,
    arguments_of,
    function_of,
    questions_of,
    status_of,
)
from orchestrator.turn.folding import fold
from orchestrator.turn.state import CallState, Status, TurnState
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_WORDS = 80
"""Characters of an answer that are expected of it."""

MIN_SENTENCE = 10
"""Characters before the end of a sentence that is taken for one: `1. Oak Street` has none."""

_SENTENCE_END = re.compile(r"[.:!?]+(?:\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTurn:
    """A turn of a chat, without what ended it from outside."""

    state: TurnState
    facts: tuple[Fact, ...]
    is_left_waiting: bool = False
    """True where the next message came while a question was open."""

    @property
    def reply(self) -> Reply:
        """Where it stands."""
        return reply_of(self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the facts of a turn do not tell."""

    phrases: Mapping[str, Sequence[str]]
    """What the model was asked to phrase for the question about a call, by call id."""
    plain: frozenset[str]
    """The names of functions that one plugin alone has."""
    keep: Keep


def _without_superseding(facts: tuple[Fact, ...]) -> tuple[Fact, ...] | None:
    """The facts of a turn that waited until something else was said, up to there; None for any other turn."""
    end = facts[-1]
    if not isinstance(end, TurnEnded) or end.reason != "cancelled" or not end.detail:
        return None
    kept = list(facts[:-1])
    while isinstance(kept[-1], CallWithdrawn) or (isinstance(kept[-1], CallDecided) and kept[-1].left_open):
        kept.pop()
    return tuple(kept)


def _turn(started: TurnStarted, facts: tuple[Fact, ...]) -> ChatTurn:
    waited = _without_superseding(facts) if facts else None
    told = facts if waited is None else waited
    state = reduce(fold, told, TurnState(started=started))
    return ChatTurn(state=state, facts=(started, *told), is_left_waiting=waited is not None)


def turns_of(facts: Iterable[Fact]) -> tuple[ChatTurn, ...]:
    """The turns of a conversation that were not taken back."""
    found: list[tuple[TurnStarted, list[Fact]]] = []
    for fact in facts:
        match fact:
            case TurnStarted():
                found.append((fact, []))
            case TurnUndone():
                found.pop()
            case _:
                found[-1][1].append(fact)
    return tuple(_turn(started, tuple(others)) for started, others in found)


def refuse_unrepeatable(turn: ChatTurn) -> None:
    """Raises: `Unrepeatable` for a turn that was ended by what no file can say."""
    ended, action = turn.state.ended, turn.state.started.action
    if action is not None and action.secret:
        raise Unrepeatable("something was typed unseen in it")
    if ended is not None and ended.reason in ("cancelled", "error"):
        raise Unrepeatable("it was stopped" if ended.reason == "cancelled" else "it ended by an error")
    if any(call.lacks_sign_in for call in turn.state.calls.values()):
        raise Unrepeatable("a call of it waited for a sign-in that was not done")
    open_calls = [call for call in turn.state.calls.values() if not call.is_settled]
    if ended is None and (not open_calls or any(call.status is not Status.ASKED for call in open_calls)):
        raise Unrepeatable("it was left in the middle")


# --- what the model does


def _argument_text(text: str) -> Json:
    try:
        value: Json = parse_json(text or "{}")
    except InvalidJson:
        return text
    return value if isinstance(value, dict) else text


def _call(requested: RequestedCall, calls: Mapping[str, CallState], plain: frozenset[str]) -> JsonObject:
    made, request = calls[requested.call_id], requested.request
    name = made.function if made.function in plain else request.tool
    return {"call": name, "with": _argument_text(request.arguments)}


def _reply(reply: ReplyReceived, turn: ChatTurn, words: Words) -> JsonObject:
    calls: list[Json] = [_call(one, turn.state.calls, words.plain) for one in reply.calls]
    step: JsonObject = {"text": reply.text} if reply.text or not calls else {}
    if len(calls) == 1 and isinstance(calls[0], dict):
        step |= calls[0]
    elif calls:
        step["calls"] = calls
    return step | ({"in": reply.state} if reply.state != "reasoning" else {})


def _is_void(reply: ReplyReceived, turn: ChatTurn) -> bool:
    """True for a reply after which the model was asked again."""
    return any(turn.state.calls[one.call_id].status is Status.SET_ASIDE for one in reply.calls)


def _wish(reply: ReplyReceived) -> tuple[object, ...]:
    return (reply.text, *((one.request.tool, one.request.arguments) for one in reply.calls))


def _is_made_again(void: ReplyReceived, turn: ChatTurn) -> bool:
    """True where the reply that came in its place is the same: one step then stands for both."""
    replies = [fact for fact in turn.facts if isinstance(fact, ReplyReceived)]
    following = replies[replies.index(void) + 1 :][:1]
    return [_wish(one) for one in following] == [_wish(void)]


def _steps(turn: ChatTurn, words: Words) -> Iterator[JsonObject]:
    disengages = any(call.disengages for call in turn.state.calls.values())
    for fact in turn.facts[1:]:
        match fact:
            case ReplyReceived(is_from_card=True):
                pass
            case ReplyReceived() if not _is_void(fact, turn):
                yield _reply(fact, turn, words)
            case ReplyReceived() if not _is_made_again(fact, turn):
                yield {**_reply(fact, turn, words), "set_aside": True}
            case CallAsked():
                for phrase in words.phrases.get(fact.call_id, ()):
                    yield {"phrase": phrase}
            case AnswerReceived():
                yield {"text": fact.text, "in": "disengaging" if disengages else "responding"}
            case _:
                pass


# --- what the person answers


def _decision(fact: CallDecided, calls: Mapping[str, CallState]) -> JsonObject:
    decision: JsonObject = {"answer": fact.decision, "call": function_of(calls[fact.call_id])}
    if fact.edited is not None:
        decision |= {"answer": "edit", "with": parse_json(fact.edited.request.arguments)}
    decision |= {"always": True} if fact.always else {}
    return decision | ({"note": fact.note} if fact.note else {})


def _decisions(turn: ChatTurn) -> Json:
    """One word where all questions were answered with it."""
    made = [_decision(fact, turn.state.calls) for fact in turn.facts if isinstance(fact, CallDecided)]
    answers = {str(decision["answer"]) for decision in made if decision.keys() <= {"answer", "call"}}
    is_plain = len(answers) == 1 and not any({"with", "note", "always"} & decision.keys() for decision in made)
    return answers.pop() if is_plain else [*made]


# --- what is expected


def some_words(text: str) -> str:
    """The beginning of a text, within one line and not in the middle of a word."""
    line = next((line for line in text.splitlines() if line.strip()), "").strip()
    return line if len(line) <= MAX_WORDS else line[: MAX_WORDS + 1].rpartition(" ")[0].rstrip() or line[:MAX_WORDS]


def first_words(text: str) -> str:
    """The first sentence of those, without what ends it: a model words the rest otherwise each time."""
    words = some_words(text)
    end = _SENTENCE_END.search(words, MIN_SENTENCE)
    return words[: end.start()] if end else words


def expected_call(call: CallState) -> JsonObject:
    """A call, its arguments, and where it ended."""
    status = status_of(call)
    expected: JsonObject = {"call": function_of(call), "with": escaped(arguments_of(call))}
    ended: JsonObject = {} if status == "returned" else {"status": status}
    return {**expected, **ended, **({"code": call.refusal} if call.refusal else {})}


def expected_questions(asked: Iterable[AskedQuestion]) -> list[Json]:
    """The questions, and how they were answered."""
    return [{"call": function_of(one.call), "answer": one.answer} for one in asked]


def _expected(turn: ChatTurn) -> JsonObject:
    reply = turn.reply
    made = (call for call in turn.state.calls.values() if call.status is not Status.SET_ASIDE)
    calls: list[Json] = [expected_call(call) for call in made]
    questions = expected_questions(questions_of(Observed(events=turn.facts), turn.state))
    end = reply.end or "waiting"
    expected: JsonObject = {"calls": calls}
    expected |= {"questions": questions} if questions else {}
    expected |= {"text": first_words(reply.text)} if reply.text.strip() else {}
    return expected | ({} if end in ("answered", "disengaged") else {"end": end})


def written_turn(turn: ChatTurn, before: ChatTurn | None, words: Words) -> JsonObject:
    """The turn as a conversation file has it; `before` is the turn that is written before it.

    Raises: `Unrepeatable`.
    """
    refuse_unrepeatable(turn)
    model: list[Json] = [*_steps(turn, words)]
    decide = _decisions(turn)
    cards = before.reply.cards if before is not None else ()
    written: JsonObject = {"say": said(turn.state.started, cards, words.keep)}
    written |= {"model": model} if model else {}
    written |= {"decide": decide} if decide else {}
    written["expect"] = _expected(turn)
    return written
