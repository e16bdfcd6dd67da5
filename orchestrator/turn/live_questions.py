"""Questions that a plugin asks while a call of its runs: checked, put to whoever is present, and over with the call.

They are no facts. What becomes of one is told in signals, and to the model in a line beside the call's result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from auth import SecretsInUse
from orchestrator.response.hidden import clean, clean_line
from orchestrator.signals import QuestionClosed, QuestionRaised
from runtimes.proxy import is_loopback
from runtimes.questions import (
    ANSWER_SECONDS,
    MAX_QUESTION_CHARS,
    MAX_QUESTIONS,
    MAX_TITLE_CHARS,
    LiveAnswer,
    LiveQuestion,
    nobody_present,
)
from runtimes.values import dump_json

MAX_URL_CHARS = 2048
"""Characters of the address of a page that the person is asked to open."""

MAX_REASON_CHARS = 200
"""Characters of the reason why nobody has answered."""

MAX_TOLD = 3
"""How many questions of a call the model is told the words of."""

MAX_TOLD_CHARS = 120
"""How much of the words of each."""

OVER = "the call that asked is over"
TOO_MANY = f"one call may ask {MAX_QUESTIONS} questions"
WITHDRAWN = "it was withdrawn before it was answered"
GONE = "whoever was asked has gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginQuestion:
    """A question, and who asks it. Its words are the plugin's: whoever shows them says so."""

    plugin: str
    """The plugin's namespace."""
    function: str
    call_id: str
    number: int
    """Which question of the call it is, from 1."""
    person: str
    """Who is asked."""
    question: LiveQuestion
    """Clean of what hides, and without secrets; its form asks for nothing but what `orchestrator.live_forms` reads."""


Asks = Callable[[PluginQuestion], Awaitable[LiveAnswer]]
"""Puts a question to the person: the caller's own code. It is cancelled once nobody waits for the answer; what it
raises ends the turn, but for the end of something of its own that it waited for: then whoever was asked has gone."""

Told = Callable[[QuestionRaised | QuestionClosed], None]
"""Takes the signals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The call that asks, and for whom it is made."""

    plugin: str
    function: str
    call_id: str
    person: str


class _Unaskable(ValueError):
    """A question that is not put to anybody; the message says why."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Open:
    """A question that somebody is asked."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    closed: anyio.Event = field(default_factory=anyio.Event)
    answer: LiveAnswer = field(default_factory=lambda: LiveAnswer(action="cancel", reason=WITHDRAWN))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _checked_link(url: str) -> str:
    """The address itself. Raises: `_Unaskable` for one that no person is sent to."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _Unaskable("the address is no URL") from None
    is_written = url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_URL_CHARS
    if not host or not is_written or "\\" in url or "@" in parts.netloc:
        raise _Unaskable("the address is no URL that is shown to a person")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise _Unaskable("the address is not encrypted; only https is shown to a person")
    return url


def presentable(question: LiveQuestion, secrets: SecretsInUse) -> LiveQuestion:
    """The words of a question as they may be shown, whatever else it asks for."""
    text = _cut(secrets.masked(clean(question.text)).strip(), MAX_QUESTION_CHARS)
    title = _cut(secrets.masked(clean_line(question.title)), MAX_TITLE_CHARS)
    return LiveQuestion(text=text, title=title)


def _checked(words: LiveQuestion, question: LiveQuestion, secrets: SecretsInUse) -> LiveQuestion:
    """The question as it is put, with its form or its page. Raises: `_Unaskable`."""
    if question.url:
        if question.form is not None:
            raise _Unaskable("it asks for two things at once: a form and a page")
        if secrets.masked(question.url) != question.url:
            raise _Unaskable("the address holds a secret")
        return replace(words, url=_checked_link(question.url))
    if question.form is None:
        if not words.text and not words.title:
            raise _Unaskable("it has no words")
        return words
    from orchestrator.live_forms import UnusableForm, form_of, read_form

    try:
        form = form_of(read_form(question.form))
    except UnusableForm as error:
        raise _Unaskable(f"its form is not put to a person: {error}") from None
    text = dump_json(form)
    if secrets.masked(text) != text:
        raise _Unaskable("its form holds a secret")
    return replace(words, form=form)


def _fitting(answer: LiveAnswer, question: LiveQuestion, secrets: SecretsInUse) -> LiveAnswer:
    """What the plugin is given of an answer: what it has asked for, or why not. Content is repeated in no reason."""
    reason = _cut(secrets.masked(clean_line(answer.reason)), MAX_REASON_CHARS)
    if answer.action != "accept" or question.form is None:
        return LiveAnswer(action=answer.action, reason=reason)
    from orchestrator.live_forms import misfit, read_form

    if wrong := misfit(read_form(question.form), answer.content):
        return LiveAnswer(action="cancel", reason=_cut(f"the answer does not fit the form: {wrong}", MAX_REASON_CHARS))
    text = dump_json(answer.content)
    if secrets.masked(text) != text:
        return LiveAnswer(action="cancel", reason="the answer holds a secret, which plugins are not given this way")
    return LiveAnswer(action="accept", content=answer.content, reason=reason)


def _became(answer: LiveAnswer, *, has_form: bool) -> str:
    """What became of a question, in words for the model, without what was given."""
    if answer.action == "accept":
        return "answered" if has_form else "yes"
    if answer.reason or answer.action == "cancel":
        return f"not answered{f': {answer.reason}' if answer.reason else ''}"
    return "no"


async def _given(asks: Asks, put: PluginQuestion) -> LiveAnswer:
    """What whoever is asked answers. A window of theirs that closes often cancels what the caller's code waits for:
    that cancels nothing of ours."""
    try:
        return await asks(put)
    except asyncio.CancelledError:
        await anyio.lowlevel.checkpoint_if_cancelled()
        return LiveAnswer(action="cancel", reason=GONE)


class LiveQuestions:
    """Puts the questions of one call to the person, as long as the call runs."""

    def __init__(
        self,
        asker: Asker,
        asks: Asks | None,
        tasks: TaskGroup,
        told: Told,
        secrets: SecretsInUse,
        *,
        is_quoted: bool = True,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`asks` is None where nobody is present; it runs in `tasks`, which end with whatever it raises.

        The model is told the words of the questions where it `is_quoted`.
        """
        self._asker = asker
        self._asks = asks
        self._tasks = tasks
        self._tell = told
        self._secrets = secrets
        self._is_quoted = is_quoted
        self._seconds = answer_seconds
        self._count = 0
        self._is_over = False
        self._open: set[_Open] = set()
        self._became: dict[int, tuple[str, str]] = {}

    async def ask(self, question: LiveQuestion, /) -> LiveAnswer:
        """As `runtimes.questions.Ask`."""
        if self._is_over:
            return LiveAnswer(action="cancel", reason=OVER)
        self._count += 1
        if self._count > MAX_QUESTIONS:
            return LiveAnswer(action="decline", reason=TOO_MANY)
        number, words = self._count, presentable(question, self._secrets)
        answer = LiveAnswer(action="cancel", reason=WITHDRAWN)
        self._became[number] = (shown := clean_line(words.text or words.title), _became(answer, has_form=False))
        try:
            answer = await self._answered(words, question, number)
        finally:
            self._became[number] = (shown, _became(answer, has_form=question.form is not None))
            call_id = self._asker.call_id
            self._tell(QuestionClosed(call_id=call_id, number=number, action=answer.action, reason=answer.reason))
        return answer

    def close(self) -> None:
        """The call is over: so are its questions."""
        self._is_over = True
        for one in self._open:
            one.scope.cancel()
            one.closed.set()

    def told(self) -> str:
        """One line on what was asked and what became of it, for the model; empty where nothing was.

        What was answered is not in it.
        """
        if not self._count:
            return ""
        parts = [
            f"{dump_json(_cut(words, MAX_TOLD_CHARS)) if self._is_quoted else 'a question'} — {became}"
            for words, became in [*self._became.values()][:MAX_TOLD]
        ]
        if (more := self._count - len(parts)) > 0:
            parts.append(f"and {more} more")
        return f"[while it ran, the plugin asked the person: {'; '.join(parts)}]"

    async def _answered(self, words: LiveQuestion, question: LiveQuestion, number: int) -> LiveAnswer:
        try:
            put = _checked(words, question, self._secrets)
        except _Unaskable as error:
            self._raise(words, number)
            return LiveAnswer(action="decline", reason=str(error))
        if self._asks is None:
            self._raise(put, number)
            return await nobody_present(put)
        return await self._put(put, number, self._asks)

    async def _put(self, question: LiveQuestion, number: int, asks: Asks) -> LiveAnswer:
        """What comes of asking; whoever leaves this withdraws the question."""
        one = _Open()
        self._open.add(one)
        self._tasks.start_soon(self._run, one, question, number, asks)
        try:
            await one.closed.wait()
        finally:
            one.scope.cancel()
            self._open.discard(one)
        return one.answer

    async def _run(self, one: _Open, question: LiveQuestion, number: int, asks: Asks) -> None:
        """Asks, in a task of the turn: what the caller's code raises is the turn's to raise, and not the plugin's."""
        asker = self._asker
        put = PluginQuestion(
            plugin=asker.plugin,
            function=asker.function,
            call_id=asker.call_id,
            number=number,
            person=asker.person,
            question=question,
        )
        try:
            with one.scope:
                with anyio.move_on_after(self._seconds) as waiting:
                    self._raise(question, number)
                    one.answer = _fitting(await _given(asks, put), question, self._secrets)
                if waiting.cancelled_caught:
                    one.answer = LiveAnswer(action="cancel", reason=f"nobody answered within {self._seconds:g} s")
        finally:
            one.closed.set()

    def _raise(self, question: LiveQuestion, number: int) -> None:
        self._tell(
            QuestionRaised(
                call_id=self._asker.call_id,
                number=number,
                plugin=self._asker.plugin,
                function=self._asker.function,
                text=question.text,
                title=question.title,
                form=question.form,
                url=question.url,
            )
        )
