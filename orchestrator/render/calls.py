"""One line for each call, as much of it as the runtime's progress style asks for (spec 11.3.2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from orchestrator.content import CardAction
from orchestrator.events import (
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallInterrupted,
    CallJudged,
    CallNotExecuted,
    CallRefused,
    CallReturned,
    CallUnknown,
    CallWithdrawn,
    DataSetAside,
    Event,
    QuestionExpired,
    ReplyReceived,
    SignInAsked,
    SignInDone,
    TurnStarted,
)
from orchestrator.render.decisions import data_shown, told_to_person
from orchestrator.render.live_questions import AskedLines
from orchestrator.render.sanitize import clean_line
from orchestrator.render.sign_ins import needed_for
from orchestrator.render.times import TO_THE_SECOND, local_time
from orchestrator.response.unseen import masked, unseen_in
from orchestrator.signals import CallProgress, QuestionClosed, QuestionRaised
from runtimes.values import JsonObject, dump_json

MAX_INPUT_WIDTH = 160
"""Characters of the arguments that a line shows."""
MAX_OUTPUT_WIDTH = 300
"""Characters of the result, or of a message, that a line shows."""
SLOW = 1.0
"""Seconds after which a wait is shown, and how long it took is said."""

UNKNOWN = "sent, but whether it was carried out is unknown"
LOOK_THERE = "It is not sent again by itself: look there first, before you ask for it again"
INTERRUPTED = "broke off before an answer came, and is sent once more: that does no harm"

Tone = Literal["fine", "bad", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLabel:
    """What a person calls a function, and how much of a call its author wants shown."""

    plugin: str
    function: str
    progress_style: str = "ShowUsage"
    """`None`, `ShowUsage`, `ShowUsageWithInput` or `ShowUsageWithInputAndOutput`; any other reads as `ShowUsage`."""


Labels: TypeAlias = Mapping[tuple[str, str], CallLabel]
"""By plugin namespace and function name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """A line of the log of calls, clean."""

    tone: Tone
    text: str
    detail: str = ""
    """What goes on a line of its own below it."""
    call_id: str = ""
    """The call that it tells the end of; empty where it is about none."""


@dataclass(slots=True, kw_only=True)
class _Call:
    label: CallLabel
    arguments: JsonObject = field(default_factory=lambda: JsonObject())
    destination: str = ""
    """Where it went, or would have gone when the person was asked; empty where neither was kept."""
    sent_at: float = 0.0
    """When, in seconds since the epoch; 0 where that was not kept."""
    started: float | None = None
    progress: str = ""
    lacks: str = ""
    """The sign-in that it waits for."""

    @property
    def name(self) -> str:
        names = (clean_line(self.label.plugin), clean_line(self.label.function))
        return " · ".join(name for name in names if name)

    @property
    def title(self) -> str:
        if self.label.progress_style not in ("ShowUsageWithInput", "ShowUsageWithInputAndOutput"):
            return self.name
        return f"{self.name}({cut(_arguments(self.arguments), MAX_INPUT_WIDTH)})"


def cut(text: str, width: int) -> str:
    """The text, or its start and an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"


def what_was_sent(arguments: JsonObject, destination: str) -> str:
    """Where a call went and what with, clean and in short; arguments that were typed unseen are masked before."""
    where = f" to {clean_line(destination)}" if destination else ""
    return f"it went{where} with {cut(_arguments(arguments), MAX_INPUT_WIDTH) or 'no arguments'}"


def _arguments(arguments: JsonObject) -> str:
    return ", ".join(f"{clean_line(name)}={clean_line(dump_json(value))}" for name, value in arguments.items())


class CallLog:
    """Reads the events of a conversation, and says in lines what became of its calls."""

    def __init__(self, labels: Labels, clock: Callable[[], float]) -> None:
        self.labels = labels
        self._clock = clock
        self._calls: dict[str, _Call] = {}
        self._action: CardAction | None = None
        self._set_aside_before: tuple[str, ...] = ()
        self._asked = AskedLines()

    def running(self) -> tuple[str, ...]:
        """The calls that have been waited for longer than `SLOW`, for a status line."""
        now = self._clock()
        slow = [call for call in tuple(self._calls.values()) if call.started is not None and now - call.started > SLOW]
        return tuple(
            f"{call.name}{': ' + call.progress if call.progress else ''} ({now - (call.started or now):.0f} s)"
            for call in slow
            if call.label.progress_style != "None"
        )

    @property
    def is_waiting(self) -> bool:
        """True while a call is running."""
        return any(call.started is not None for call in tuple(self._calls.values()))

    def title(self, call_id: str) -> str:
        """What a call of the turn is called, clean."""
        return self._call(call_id).title

    def read(self, event: Event) -> CallLine | None:
        """The line that this event asks for, if any."""
        match event:
            case TurnStarted():
                self._calls.clear()
                self._asked.clear()
                self._action = event.action
                self._set_aside_before = event.set_aside
            case ReplyReceived():
                for call in event.calls:
                    self._calls[call.call_id] = _Call(label=CallLabel(plugin="", function=call.request.tool))
            case CallJudged():
                return self._judged(event)
            case CallAsked():
                self._call(event.call_id).destination = event.destination
            case CallDispatched():
                self._dispatched(event)
            case CallProgress():
                self._call(event.call_id).progress = cut(clean_line(event.text), MAX_OUTPUT_WIDTH)
            case DataSetAside() | SignInAsked() | SignInDone():
                return self._set_aside(event) if isinstance(event, DataSetAside) else self._sign_in(event)
            case QuestionRaised() | QuestionClosed():
                return self._question(event)
            case _:
                return self._returned(event) if isinstance(event, CallReturned) else self._not_returned(event)
        return None

    def _question(self, event: QuestionRaised | QuestionClosed) -> CallLine | None:
        """What a plugin has asked is said whatever its author wants shown."""
        if (line := self._asked.read(event)) is None:
            return None
        text, why = line
        return CallLine(tone="note", text=f"{self._call(event.call_id).name} {text}", detail=why)

    def _set_aside(self, event: DataSetAside) -> CallLine:
        names = {plugin: label.plugin for (plugin, _), label in self.labels.items()}
        shown = data_shown(self._set_aside_before, event.plugins, lambda plugin: names.get(plugin, plugin))
        return CallLine(tone="note", text=f"{'asked again' if event.call_ids else 'goes on'} {shown}")

    def _sign_in(self, event: SignInAsked | SignInDone) -> CallLine:
        """It says whatever its author wants shown: the person has to do something."""
        if isinstance(event, SignInDone):
            for call in self._calls.values():
                call.lacks = "" if call.lacks == event.name else call.lacks
            return CallLine(tone="fine", text=f"signed in: {clean_line(event.name)}")
        call = self._call(event.call_id)
        call.destination, call.lacks = event.destination or call.destination, event.name
        needed = needed_for(event.name, event.sign_in, event.destination)
        return self._end(event.call_id, "note", f"needs {needed}", event.reason)

    def _label(self, plugin: str, function: str) -> CallLabel:
        return self.labels.get((plugin, function)) or CallLabel(plugin=plugin, function=function)

    def _call(self, call_id: str) -> _Call:
        return self._calls.setdefault(call_id, _Call(label=CallLabel(plugin="", function="call")))

    def _judged(self, event: CallJudged) -> CallLine | None:
        arguments = masked(event.arguments, unseen_in(event.arguments, self._action))
        call = _Call(label=self._label(event.plugin, event.function), arguments=arguments)
        self._calls[event.call_id] = call
        if event.verdict != "deny":
            return None
        why = "; ".join(map(told_to_person, event.reasons))
        return CallLine(tone="bad", text=f"{call.title} not allowed", detail=why, call_id=event.call_id)

    def _dispatched(self, event: CallDispatched) -> None:
        call = self._call(event.call_id)
        call.started = self._clock()
        call.destination = event.destination or call.destination
        call.sent_at = event.at

    def _took(self, call: _Call) -> str:
        took = self._clock() - call.started if call.started is not None else 0.0
        call.started = None
        return f"  {took:.1f} s" if took > SLOW else ""

    def _returned(self, event: CallReturned) -> CallLine | None:
        call = self._call(event.call_id)
        took = self._took(call)
        style = call.label.progress_style
        if style == "None":
            return None
        result = cut(clean_line(event.text), MAX_OUTPUT_WIDTH) if style == "ShowUsageWithInputAndOutput" else ""
        if not event.is_error:
            files = "; ".join(clean_line(file.label) for file in event.attachments)
            answered = f" answered with {files}" if files else ""
            return CallLine(tone="fine", text=call.title + answered + took, detail=result, call_id=event.call_id)
        status = f" (HTTP {event.status})" if event.status else ""
        text = f"{call.title} answered with an error{status}{took}"
        return CallLine(tone="bad", text=text, detail=result, call_id=event.call_id)

    def _not_returned(self, event: Event) -> CallLine | None:
        match event:
            case CallRefused():
                return self._refused(event)
            case CallDecided(left_open=True):
                return self._end(event.call_id, "note", "not answered", event.note)
            case CallDecided(decision="decline"):
                return self._end(event.call_id, "note", "declined", event.note)
            case QuestionExpired():
                what = "signed in" if self._call(event.call_id).lacks else "answered"
                return self._end(event.call_id, "note", f"not run: nobody {what} in time")
            case CallFailed():
                return self._end(event.call_id, "bad", "failed", event.message)
            case CallNotExecuted():
                return self._end(event.call_id, "bad", "not carried out", event.message)
            case CallInterrupted():
                return self._end(event.call_id, "note", INTERRUPTED)
            case CallUnknown():
                return self._unknown(event)
            case CallWithdrawn(disengages=False):
                return self._end(event.call_id, "note", "dropped")
            case _:
                return None

    def _unknown(self, event: CallUnknown) -> CallLine:
        """It says whatever its author wants shown: somebody has to look what became of it."""
        call = self._call(event.call_id)
        call.started = None
        why = cut(clean_line(event.message), MAX_OUTPUT_WIDTH)
        when = f" (sent {local_time(call.sent_at, TO_THE_SECOND)})" if call.sent_at else ""
        detail = f"{why}{when}; {what_was_sent(call.arguments, call.destination)}. {LOOK_THERE}"
        return CallLine(tone="bad", text=f"{call.name} {UNKNOWN}", detail=detail, call_id=event.call_id)

    def _refused(self, event: CallRefused) -> CallLine | None:
        call = self._call(event.call_id)
        if event.function:
            call.label = self._label(event.plugin, event.function)
        if event.code == "sign_in":
            return self._end(event.call_id, "note", "not run", event.message)
        if call.label.progress_style == "None":
            return None
        return self._end(event.call_id, "note", f"refused ({event.code})", event.message)

    def _end(self, call_id: str, tone: Tone, word: str, detail: str = "") -> CallLine:
        call = self._call(call_id)
        call.started = None
        shown = cut(clean_line(detail), MAX_OUTPUT_WIDTH)
        return CallLine(tone=tone, text=f"{call.title} {word}", detail=shown, call_id=call_id)
