"""What is shown where nobody can be asked: which calls would have been questions, and how they can be allowed."""

from __future__ import annotations

from contextlib import AbstractContextManager

from orchestrator.content import CardAction
from orchestrator.events import CallJudged, Event, TurnEnded, TurnStarted
from orchestrator.host import Orchestrator
from orchestrator.policy.decide import NOBODY_TO_ASK
from orchestrator.render.calls import MAX_INPUT_WIDTH, cut
from orchestrator.render.sanitize import clean_line
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.turns import Audience
from orchestrator.response.unseen import masked, unseen_in
from runtimes.values import dump_json

HINT = "nobody is here to ask; --yes says yes beforehand"


class Unattended:
    """Passes the events on, and says of each call that only a person could have allowed what it would have sent."""

    def __init__(self, audience: Audience, view: TerminalView, host: Orchestrator) -> None:
        """`view` is where people read, whoever the audience is."""
        self._audience = audience
        self._view = view
        self._host = host
        self._action: CardAction | None = None
        self._is_told = True

    def following(self) -> AbstractContextManager[None]:
        """Entered while events come."""
        return self._audience.following()

    def show(self, event: Event, /) -> None:
        """Shows one event; the hint comes once, before the end of the turn."""
        match event:
            case TurnStarted():
                self._action, self._is_told = event.action, True
            case TurnEnded() if not self._is_told:
                self._view.notice(HINT, style="yellow")
            case _:
                pass
        self._audience.show(event)
        if isinstance(event, CallJudged) and event.verdict == "deny" and event.reasons[:1] == (NOBODY_TO_ASK,):
            self._view.line(f"  {self._unsent(event)}", style="yellow")
            self._is_told = False

    def stopped(self) -> None:
        """Says that the person has stopped the turn."""
        self._audience.stopped()

    def _unsent(self, call: CallJudged) -> str:
        function = self._host.toolbox.at(call.plugin, call.function)
        where = f" to {clean_line(function.signature.destination)}" if function is not None else ""
        arguments = clean_line(dump_json(masked(call.arguments, unseen_in(call.arguments, self._action))))
        what = f"{clean_line(call.function)} of {clean_line(call.plugin)}"
        return f"not sent: {what}{where} with {cut(arguments, MAX_INPUT_WIDTH) if call.arguments else 'no arguments'}"
