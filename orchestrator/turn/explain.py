"""Why a call ran, asked or was stopped: a paragraph for each call, for the person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from orchestrator.errors import UnknownName
from orchestrator.events import CallDecided, Judgement, Reason, SignInAsked
from orchestrator.phrases import listed
from orchestrator.render.decisions import JUDGED, data_shown, names_listed, told_to_person
from orchestrator.render.sanitize import clean_line
from orchestrator.render.sign_ins import needed_for
from orchestrator.tools.toolbox import BoundFunction, Toolbox
from orchestrator.turn.deciding import USE_AGREED
from orchestrator.turn.last_word import without_unseen
from orchestrator.turn.standing import evidence_of
from orchestrator.turn.state import CallState, Status, TurnState

MAX_MESSAGE = 300
"""Characters of an error, a refusal or a note that a paragraph quotes."""

NO_CALLS = "No function was called."

_SOURCES: Mapping[str, str] = {
    "manifest": "the plugin's manifest",
    "description": "the API's description",
    "method": "the HTTP method",
    "server": "the server's own hints",
    "runtime": "the runtime",
    "host": "the host",
}
"""Who gives a reason, in words; what a person, a rule or the data says needs none."""

_OUTCOMES: Mapping[Status, str] = {
    Status.READY: "It is about to run",
    Status.WANTED: "You are about to be asked",
    Status.ASKED: "It waits for your answer",
    Status.SIGN_IN: "It waits until you have signed in",
    Status.DISPATCHED: "It is running",
    Status.DECLINED: "It did not run, because you declined",
    Status.EXPIRED: "It did not run, because nobody answered in time",
    Status.RETURNED: "It ran",
    Status.FAILED: "It failed",
    Status.UNKNOWN: "It was sent, and whether it was carried out is unknown",
    Status.WITHDRAWN: "It was withdrawn before it ran",
}

_ONCE_SENT = frozenset({Status.RETURNED, Status.FAILED, Status.UNKNOWN})
_QUOTED = frozenset({Status.FAILED, Status.UNKNOWN})
"""Where the message is the host's own, about what went wrong; the answer of a call that ran is not quoted."""


def _listed(parts: Sequence[str]) -> str:
    """Clauses as a phrase: `a`, `a, and b`, `a; b; and c`."""
    return listed(parts, "; ", "; and " if len(parts) > 2 else ", and ")


def _is_lifting(reason: Reason) -> bool:
    """True for what takes a question away that there would be otherwise, where it stands first in an allowance."""
    return reason.source in ("person", "rule")


def _told(reason: Reason) -> str:
    """A reason, and who gives it."""
    whose, text = _SOURCES.get(reason.source, ""), told_to_person(reason)
    return text if not whose or whose in text else f"{text} ({whose})"


def _judged(verdict: Judgement, reasons: Sequence[Reason]) -> str:
    """What the policy said, and why; in an allowance what is overruled comes last."""
    told = list(map(_told, reasons))
    what = "was put to you first" if verdict == "ask" else f"was {JUDGED[verdict]} by the policy"
    if not told:
        return what
    if verdict == "deny":
        return f"{what}: {'; '.join(told)}"
    lifting = len(list(takewhile(_is_lifting, reasons))) if verdict == "allow" else 0
    if 0 < lifting < len(told):
        return f"{what}, because {_listed(told[:lifting])}, although {_listed(told[lifting:])}"
    return f"{what}, because {_listed(told)}"


def _waits_for_others(answer: CallDecided | None) -> str:
    """What is said of a call that may run, in a turn with open questions; not twice that it was allowed."""
    is_told = answer is None or answer.always or answer.note
    return f"{'It' if is_told else 'You allowed it; it'} runs once the other questions are answered"


def _without_sign_in(call: CallState, asked: SignInAsked) -> str:
    """What is said of a call that the person has not signed in for."""
    if call.status is Status.SIGN_IN:
        return f"It needs {needed_for(asked.name, asked.sign_in)}: {_quoted(asked.reason)}"
    if call.status is Status.EXPIRED:
        return "It did not run, because you had to sign in first, and did not in time"
    return _OUTCOMES.get(call.status, "")


def _quoted(text: str) -> str:
    line = clean_line(text).rstrip(". ")
    return line if len(line) <= MAX_MESSAGE else f"{line[: MAX_MESSAGE - 1]}…"


class _Telling:
    """Tells of the calls of one turn."""

    def __init__(self, turn: TurnState, toolbox: Toolbox | None) -> None:
        self._turn = turn
        self._toolbox = toolbox
        self._numbers = {call_id: number for number, call_id in enumerate(turn.calls, start=1)}
        functions = toolbox.functions if toolbox is not None else ()
        self._names = {one.plugin.namespace: clean_line(one.plugin.manifest.name_for_human) for one in functions}

    # --- which

    def chosen(self, which: str | None) -> tuple[CallState, ...]:
        """The calls that are meant. Raises: `UnknownName`."""
        calls = tuple(self._turn.calls.values())
        if which is None:
            return calls
        if which in self._turn.calls:
            return (self._turn.calls[which],)
        if which.isdecimal():
            found = tuple(call for call in calls if str(self._numbers[call.call_id]) == which.lstrip("0"))
        else:
            found = tuple(call for call in calls if which.casefold() in _names_of(call))
        if not found:
            raise UnknownName("call", which, {*map(str, self._numbers.values()), *map(_name, calls)})
        return found

    # --- names

    def _plugin(self, namespace: str) -> str:
        return self._names.get(namespace, clean_line(namespace))

    def _plugins(self, namespaces: Iterable[str]) -> str:
        return names_listed(map(self._plugin, sorted(namespaces)))

    def _function(self, call: CallState) -> BoundFunction | None:
        if self._toolbox is None:
            return None
        if call.function:
            return self._toolbox.at(call.plugin, call.function)
        found = self._toolbox.resolve(call.request.tool)
        return found if isinstance(found, BoundFunction) else None

    def _title(self, call: CallState) -> str:
        """What was to be called, and where it goes."""
        function = self._function(call)
        if function is None:
            return f"`{_name(call)}`"
        destination = call.question.destination if call.question is not None else function.signature.destination
        whose = self._plugin(function.plugin.namespace)
        return f"`{clean_line(function.name)}` of {whose} (to {clean_line(destination)})"

    # --- sentences

    def paragraph(self, call: CallState) -> str:
        """All that there is to say of a call."""
        sentences = [sentence for sentence in self._sentences(call) if sentence]
        number = f"{self._numbers[call.call_id]}. " if len(self._numbers) > 1 else ""
        return number + " ".join(f"{sentence}." for sentence in sentences)

    def _sentences(self, call: CallState) -> Iterator[str]:
        title = self._title(call)
        if call.status is Status.SET_ASIDE:
            shown = data_shown(self._turn.started.set_aside, self._turn.set_aside, self._plugin)
            yield f"{title} was not made: the model was asked again, {shown}"
            return
        if call.edit_of in self._numbers:
            yield f"{title} stands in the place of call {self._numbers[call.edit_of]}, with arguments of your own"
            title = "It"
        if call.verdict is not None:
            yield f"{title} {_judged(call.verdict, call.reasons)}"
        elif call.status is Status.REFUSED:
            yield f"{title} was refused before it ran: {self._said(call)}"
            return
        else:
            yield f"{title} {'ends the conversation' if call.disengages else 'was asked for'}"
        yield self._answer(call)
        yield self._outcome(call)
        if call.across:
            yield (
                f"With your next message the model reads a placeholder in the place of the data of "
                f"{self._plugins(call.across)}, so that the same call can be made there"
            )

    def _answer(self, call: CallState) -> str:
        """What the person said to a question."""
        answer = call.answer
        if answer is None:
            changed = call.status is Status.ASKED and call.approved_fingerprint
            return "What you had said yes to has changed since, so you are asked again" if changed else ""
        if answer.note == USE_AGREED:
            return "Your yes to the use of this plugin, at another call, settled it"
        if answer.left_open:
            return ""
        note = f", with the words “{_quoted(answer.note)}”" if answer.note else ""
        who = "You" if answer.by == self._turn.started.person else clean_line(answer.by)
        if call.status is Status.EDITED:
            new = self._numbers.get(call.replaced_by or "", 0)
            return f"{who} answered with other arguments{note}; what ran in its place is call {new}"
        if answer.decision == "decline":
            return f"{who} said no{note}" if note else ""
        always = ", and allowed this function for always" if answer.always else ""
        return f"{who} said yes{always}{note}" if always or note else ""

    def _outcome(self, call: CallState) -> str:
        """What came of it."""
        if call.status is Status.REFUSED:
            return f"It was stopped before it ran: {self._said(call)}"
        sentence = _OUTCOMES.get(call.status, "")
        if call.status in _ONCE_SENT and call.question is not None:
            sentence += " after you allowed it"
        if call.status in _ONCE_SENT and call.attempts > 1:
            sentence += f", at attempt {call.attempts}"
        if call.answer is not None and call.answer.left_open:
            what = "you had not signed in" if call.lacks_sign_in else "the question was still open"
            return f"It did not run: {what} when the turn was {_quoted(call.message)}"
        if call.lacks_sign_in and call.sign_in is not None and not call.has_outcome:
            return _without_sign_in(call, call.sign_in)
        if call.status is Status.READY and self._turn.with_status(Status.ASKED):
            return _waits_for_others(call.answer)
        if call.status is Status.RETURNED and call.is_error:
            return f"{sentence}, and the answer was an error"
        return f"{sentence}: {self._said(call)}" if call.status in _QUOTED and call.message else sentence

    def _said(self, call: CallState) -> str:
        return _quoted(without_unseen(call.message, self._turn))

    def placeholder(self) -> str:
        """What the model was not shown in this turn; empty where that is nothing."""
        if not self._turn.set_aside:
            return ""
        return (
            f"From what was said before, the model is not shown data of {self._plugins(self._turn.set_aside)}, "
            f"{self._cause()}: in the place of each turn that has some, it reads your words and a placeholder."
        )

    def _cause(self) -> str:
        """Why that data is not shown: its own plugin, or the one that was called, does not say how it handles data."""
        hidden = self._turn.set_aside
        functions = self._toolbox.functions if self._toolbox is not None else ()
        undeclared = {one.plugin.namespace for one in functions if evidence_of(one).is_isolated}
        if hidden.isdisjoint({one.plugin.namespace for one in functions} - undeclared):
            return "which other plugins must not see"
        called = {call.plugin for call in self._turn.calls.values() if call.plugin} - hidden
        return f"which was kept from {self._plugins(called) if called else 'another plugin'}"


def _name(call: CallState) -> str:
    return clean_line(f"{call.plugin}.{call.function}" if call.function else call.request.tool)


def _names_of(call: CallState) -> frozenset[str]:
    """By what a person may name it, in one case of the letters."""
    return frozenset(name.casefold() for name in (call.function, _name(call), call.request.tool) if name)


def explain(turn: TurnState | None, which: str | None = None, toolbox: Toolbox | None = None) -> str:
    """A paragraph for each call of a turn, parted by empty lines, and what the model was not shown in it.

    `which` is a call's id, its number in the turn from 1, or its function: then only of that. `toolbox` knows what
    plugins are called and where calls go. Raises: `UnknownName` where there is no such call.
    """
    if turn is None or not turn.calls:
        return NO_CALLS
    telling = _Telling(turn, toolbox)
    paragraphs = [telling.paragraph(call) for call in telling.chosen(which)]
    return "\n\n".join(part for part in (*paragraphs, telling.placeholder()) if part)
