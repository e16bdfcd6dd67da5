"""One person at one host: the conversation that is going on, what it is started with, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.cells import cell_len

from orchestrator.content import CardAction
from orchestrator.conversation import Conversation
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.events import EndReason
from orchestrator.host import Orchestrator
from orchestrator.journal.base import ConversationId
from orchestrator.manifest.model import ConversationStarter
from orchestrator.model.open import OFFLINE
from orchestrator.policy.answers import MemoryAnswers
from orchestrator.render.calls import CallLabel, Labels, cut
from orchestrator.render.card_view import Offer
from orchestrator.render.sanitize import clean_line
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.answering import Answering, Beforehand
from orchestrator.repl.asking import Asking
from orchestrator.repl.cards import NOT_HERE, fill_in, list_offers
from orchestrator.repl.going_on import Carrying, Revisit, is_over, show_again, show_last
from orchestrator.repl.input import PersonInput
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.keeping import Keeper
from orchestrator.repl.live_questions import LiveAsking
from orchestrator.repl.signing_in import SigningIn, SignsIn, how_to
from orchestrator.repl.turns import Audience, Turns
from orchestrator.repl.unattended import Unattended
from orchestrator.testing.chats.chat_start import ChatStart
from runtimes.base import Attachment

MAX_STARTERS = 9
"""How many conversation starters are offered."""
MAX_STARTER = 60
"""Characters of a starter that are shown."""
OFFLINE_NOTICE = (
    "Offline: a stand-in without a language model answers, by matching words. For a real model start with "
    "--model openai:MODEL and set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server."
)
LEFT_OPEN = "left open: none of it has run, and your next message puts it aside"
SIGN_IN_LEFT_OPEN = "the call waits until you have signed in with {}; your next message puts it aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """A conversation starter of a plugin (spec 12.2)."""

    title: str
    text: str
    """What is said when it is picked."""


def labels_of(host: Orchestrator) -> Labels:
    """What a person calls each function."""
    return {
        (function.plugin.namespace, function.name): CallLabel(
            plugin=function.plugin.manifest.name_for_human,
            function=function.name,
            progress_style=function.progress_style,
        )
        for function in host.toolbox.functions
    }


def _offered(starters: Iterable[ConversationStarter]) -> list[Starter]:
    return [
        Starter(title=starter.title or starter.text, text=starter.text) for starter in starters if starter.text.strip()
    ]


def starters_of(host: Orchestrator, first: Sequence[ConversationStarter] = ()) -> tuple[Starter, ...]:
    """Those of an agent, then the first of every plugin, each of which has its share of `MAX_STARTERS`."""
    share = max(1, MAX_STARTERS // max(1, len(host.plugins)))
    starters = _offered(first)
    said = {starter.text for starter in starters}  # agents often repeat what their plugins offer
    for plugin in host.plugins:
        offered = _offered(plugin.manifest.capabilities.conversation_starters)[:share]
        starters += [starter for starter in offered if starter.text not in said]
    return tuple(starters[:MAX_STARTERS])


class Dialogue:
    """The state of a session at a terminal or a pipe."""

    def __init__(  # noqa: PLR0913  # what a session is made of, the choices by name and with a default
        self,
        host: Orchestrator,
        view: TerminalView,
        person: PersonInput,
        interrupts: Interrupts,
        *,
        approve_all: bool = False,
        starters: Sequence[ConversationStarter] = (),
        start: ChatStart | None = None,
        revisit: Revisit | None = None,
        signs_in: SignsIn | None = None,
    ) -> None:
        """`signs_in` leads through a sign-in that a call waits for; without it the person is told what to run."""
        self.host = host
        self.view = view
        view.takes_choices = person.is_interactive
        self.labels = labels_of(host)
        self.starters = starters_of(host, starters)
        self._by_number = {str(number): starter for number, starter in enumerate(self.starters, start=1)}
        self.is_over = False
        self._person = person
        self._approve_all = approve_all
        self._is_attended = approve_all or person.is_interactive
        self._revisit = revisit or Revisit()
        self._resumed = self._revisit.resumed
        id = self._resumed.conversation if self._resumed is not None else None
        is_present = person.is_interactive and not approve_all
        self._live = LiveAsking(view, self.labels, person, interrupts) if is_present else None
        self.chat = self._conversation(id)
        self.talked: Conversation | None = None
        """The last conversation in which something was said; None where there is none."""
        audience: Audience = view if self._is_attended else Unattended(view, view, host)
        can_sign_in = signs_in is not None and person.is_interactive
        signing_in = SigningIn(view, person, interrupts, signs_in) if signs_in is not None and can_sign_in else None
        self._turns = Turns(audience, self._answering(), interrupts, signing_in, self._live)
        self._carrying = Carrying(self._turns, view.notice, partial(show_again, view))
        self.keeper = Keeper(host, self.labels, start, is_resumed=self._resumed is not None)
        self._earlier: tuple[Conversation, ...] = ()
        self._offers_starters = False
        self._offers: tuple[Offer, ...] = ()
        self._takes_numbers = False
        self.chosen: CardAction | None = None
        """The last message, where it was a choice on a card."""
        self.attachments: tuple[Attachment, ...] = ()
        """Files that go with the next message."""

    async def begin(self) -> None:
        """Says what the conversation starts with, or goes on with the one that was come back to."""
        if self._resumed is None:
            self.open()
            return
        self.warn_offline()
        self.talked = self.chat
        turn = show_last(self.view, self._resumed, await self.chat.facts())
        try:
            if turn and not is_over(turn):
                end = await self._carrying.run(self.chat, turn, self._resumed)
            else:
                end = await self._turns.go_on(self.chat)
        except OrchestratorError as error:
            self.view.failure(str(error))
            return
        self._settle(end)

    def open(self) -> None:
        """Says what a new conversation starts with."""
        self.warn_offline()
        if not self.starters:
            return
        self._offers_starters = True
        self.view.open("starters")
        self.view.line("Ask something, or pick one by its number:", style="dim")
        titles = [cut(clean_line(starter.title), MAX_STARTER) for starter in self.starters]
        width = max(map(cell_len, titles))
        for number, (title, starter) in enumerate(zip(titles, self.starters, strict=True), start=1):
            note = "" if starter.title == starter.text else cut(clean_line(starter.text), MAX_STARTER)
            self.view.line(f"  {number}  {title}", note=note and " " * (width - cell_len(title)) + note)

    async def renew(self) -> None:
        """Starts a new conversation; what was said so far is kept for `save`."""
        stays_open, sign_ins = bool(self.chat.pending) and self._revisit.store is not None, self.chat.sign_ins
        self._replace()
        self.view.notice(
            f"a new conversation; the last one's question stays open: {self._revisit.answering}"
            if stays_open
            else "a new conversation"
        )
        if sign_ins and self._revisit.store is not None:
            self.view.notice(f"a call of the last one still waits until you have signed in with {how_to(sign_ins)}")
        self.open()

    def _replace(self) -> None:
        self._earlier += (self.chat,)
        self.forget_offers()
        self.chat = self._conversation()

    def _conversation(self, id: ConversationId | None = None) -> Conversation:
        asks = self._live.asks if self._live is not None else None
        return self.host.conversation(id=id, attended=self._is_attended, asks=asks)

    def warn_offline(self) -> None:
        """Says so when a stand-in answers in the place of a model."""
        if self.host.model.name == OFFLINE:
            self.view.notice(OFFLINE_NOTICE)

    async def say(self, text: str) -> None:
        """Takes a message: runs its turn, or says why not.

        A bare number right at the start picks a starter, and right after a turn with cards one of their choices,
        unless the answer ended in a question.
        """
        if self._takes_numbers and self._offer(text) is not None:
            await self.choose(text)
            return
        if self._offers_starters and (starter := self._by_number.get(text)):
            text = starter.text
            self.view.person(text)
        await self.send(text)

    def _offer(self, number: str) -> Offer | None:
        return next((offer for offer in self._offers if str(offer.number) == number), None)

    async def choose(self, number: str) -> None:
        """Takes a choice of the cards that were shown last; without a number they are listed again."""
        if not self._offers:
            self.view.notice("there is nothing to choose: no card with choices was shown")
        elif not self._person.is_interactive:
            self.view.notice(NOT_HERE)
        elif not number:
            list_offers(self.view, self._offers, takes_numbers=self._takes_numbers)
        elif (offer := self._offer(number)) is None:
            self.view.failure(f"there is no choice {clean_line(number)!r}; they go from 1 to {len(self._offers)}")
        else:
            self.view.person(clean_line(offer.choice.title))
            if (action := await fill_in(self.view, self._person, offer)) is not None:
                await self.send(action)

    def forget_offers(self) -> None:
        """Cards that were shown before cannot be chosen from any more."""
        self._offers = ()
        self._takes_numbers = False
        self.chosen = None

    async def send(self, message: str | CardAction) -> None:
        """Runs the turn of a message as it is, or says why not."""
        self.chosen = message if isinstance(message, CardAction) else None
        self._offers_starters = self._takes_numbers = False
        if self.chat.is_ended:
            self._replace()
            self.warn_offline()
        try:
            end = await self._turns.run(self.chat, message, self.attachments)
            end = end or await self._carrying.from_elsewhere(self.chat)
        except OrchestratorError as error:
            self.view.failure(str(error))
            if not isinstance(error, UsageError):  # which is raised before anything is kept
                self.talked = self.chat
            return
        self.attachments = ()
        self.talked = self.chat
        self._settle(end)

    def _settle(self, end: EndReason | None) -> None:
        """Says what there is to say after a turn."""
        self._offer_choices()
        if end is None and self.chat.pending:
            self.view.notice(LEFT_OPEN if self._is_attended else self._revisit.nobody_here)
        elif end is None and self.chat.sign_ins:
            self.view.notice(SIGN_IN_LEFT_OPEN.format(how_to(self.chat.sign_ins)))
        if self.chat.is_ended:
            self.view.notice("your next message starts a new one")

    def _offer_choices(self) -> None:
        if not self.view.offers:
            return
        if not self._person.is_interactive:
            self.view.notice(NOT_HERE)
            return
        self._offers = self.view.offers
        self._takes_numbers = not self.view.is_asking
        list_offers(self.view, self._offers, takes_numbers=self._takes_numbers)

    async def save(self, path: Path, *, everything: bool = False) -> None:
        """Keeps this conversation, or also the earlier ones, in a new file. Raises: `UsageError`."""
        for line in await self.keeper.keep(path, (*self._earlier, self.chat) if everything else (self.chat,)):
            self.view.notice(line)

    def _answering(self) -> Answering | None:
        """How questions are answered; None where none are asked."""
        if self._approve_all:
            return Beforehand(self.view, self.labels, self.view.show)
        if not self._is_attended:
            return None
        is_kept = not isinstance(self.host.consent.answers, MemoryAnswers)
        return Asking(self.view, self.labels, self._person, is_kept=is_kept)
