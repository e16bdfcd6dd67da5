"""`orchestrator worker`: goes on with turns that wait for a process, one after the other or several at once."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import anyio

from orchestrator.cli.chat import Place, hosting
from orchestrator.cli.conversations.left import complain_of_left
from orchestrator.cli.kept_chats import lasting_sources
from orchestrator.cli.options import Setting, http_client, load_all, read_setting
from orchestrator.cli.running import run_command
from orchestrator.cli.store import default_store, opened_store, store_option, store_url
from orchestrator.errors import StoreError, StoreUnavailable, UsageError
from orchestrator.host import Orchestrator
from orchestrator.journal.base import ConversationId, Journal
from orchestrator.model.open import default_model_name, open_model
from orchestrator.phrases import counted, listed
from orchestrator.render.calls import UNKNOWN, what_was_sent
from orchestrator.render.sanitize import clean_line, plain_json
from orchestrator.render.sign_ins import command_for
from orchestrator.reply import Call, Reply, SignInQuestion
from orchestrator.response.unseen import masked
from orchestrator.turn.state import Status
from runtimes.values import Json, JsonObject, dump_json

POLL_SECONDS = 5.0
"""How long a worker waits for news of a turn before it looks by itself."""

MAX_AT_ONCE = 64
"""The most turns that one worker goes on with together."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two tries of a store that is not there; each pause is twice the one before."""

Tell = Callable[[ConversationId, Reply | StoreError], None]


def _say(text: str) -> None:
    print(clean_line(text), file=sys.stderr, flush=True)


# --- one line a turn


def _calls(reply: Reply) -> str:
    calls = [f"{call.function} of {call.plugin} {call.status}" for call in reply.calls]
    return f": {', '.join(calls)}" if calls else ""


def _lost(reply: Reply) -> Sequence[Call]:
    """The calls of which nobody knows what became."""
    return [call for call in reply.calls if call.status == Status.UNKNOWN.value]


def _reading(conversation: ConversationId, options: argparse.Namespace) -> str:
    """The command that shows all of a conversation."""
    return " ".join(part for part in ("orchestrator history", store_option(options), conversation) if part)


def standing_of(reply: Reply) -> str:
    """Where a turn stands, for the person who reads along."""
    if reply.end is not None:
        return f"{reply.end} ({reply.detail})" if reply.detail else reply.end
    answers = [counted(len(reply.pending), "answer")] if reply.pending else []
    commands = dict.fromkeys(command_for(one.name, one.kind) for one in reply.sign_ins)
    waits = [*answers, *(f"a sign-in by `{command}`" for command in commands)]
    return f"waits for {listed(waits)}" if waits else "goes on elsewhere"


def _tell_person(options: argparse.Namespace, conversation: ConversationId, reply: Reply | StoreError) -> None:
    if isinstance(reply, StoreError):
        return _say(f"{conversation}: {reply}")
    _say(f"{conversation}: {standing_of(reply)}{_calls(reply)}")
    for call in _lost(reply):
        sent = what_was_sent(masked(call.arguments, call.secret), call.destination)
        read = f"`{_reading(conversation, options)}` has all of it"
        _say(f"{conversation}: {call.function} of {call.plugin} {UNKNOWN}: {sent}; {read}")
    return None


def _call(call: Call) -> JsonObject:
    return {
        "call_id": call.call_id,
        "plugin": call.plugin,
        "function": call.function,
        "status": call.status,
        "destination": call.destination,
        "arguments": masked(call.arguments, call.secret),
    }


def _sign_in(one: SignInQuestion) -> JsonObject:
    return {
        "call_id": one.call_id,
        "name": one.name,
        "kind": one.kind,
        "reason": one.reason,
        "command": command_for(one.name, one.kind),
        "expires": one.expires,
    }


def as_json(conversation: ConversationId, reply: Reply) -> JsonObject:
    """Where a turn stands, for programs."""
    calls: list[Json] = [_call(call) for call in reply.calls]
    sign_ins: list[Json] = [_sign_in(one) for one in reply.sign_ins]
    return {
        "conversation": conversation,
        "end": reply.end,
        "detail": reply.detail,
        "pending": [question.call_id for question in reply.pending],
        "sign_ins": sign_ins,
        "calls": calls,
    }


def _tell_program(options: argparse.Namespace, conversation: ConversationId, reply: Reply | StoreError) -> None:
    if isinstance(reply, StoreError):
        return print(plain_json(dump_json({"conversation": conversation, "error": str(reply)})), flush=True)
    reading = _reading(conversation, options) if _lost(reply) else None
    return print(plain_json(dump_json({**as_json(conversation, reply), "history": reading})), flush=True)


# --- the store, which may come and go


class _Patience:
    """Says what is wrong with a store, and waits: longer each time, until it is there again."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE

    def reset(self) -> None:
        self._pause = FIRST_PAUSE

    async def wait(self, error: StoreUnavailable) -> None:
        _say(f"{error}; trying again in {self._pause:g} s")
        await anyio.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)


def _opened(options: argparse.Namespace, setting: Setting) -> AbstractAsyncContextManager[Journal]:
    """The store that is there; the default one is made, so that a chat of later is found in it."""
    is_default = store_url(options, setting.configuration) == default_store()
    return opened_store(options, setting.configuration, creates=is_default)


@asynccontextmanager
async def _store(options: argparse.Namespace, setting: Setting) -> AsyncGenerator[Journal]:
    """The store, as soon as it is there. Raises: `StoreError`."""
    patience = _Patience()
    async with AsyncExitStack() as stack:
        while True:
            try:
                journal = await stack.enter_async_context(_opened(options, setting))
                break
            except StoreUnavailable as error:
                if options.once:
                    raise
                await patience.wait(error)
        yield journal


# --- the work


async def _work(host: Orchestrator, tell: Tell, idle: Callable[[], None]) -> None:
    """Goes on with one turn after the other, for ever; `idle` is called when there is none."""
    patience = _Patience()
    while True:
        try:
            await host.run_pending(told=tell)
            patience.reset()
            idle()
            await host.journal.has_work(POLL_SECONDS)
        except StoreUnavailable as error:
            await patience.wait(error)


async def _work_until_stopped(host: Orchestrator, tell: Tell, at_once: int) -> None:
    has_idled = anyio.Event()

    async def complain() -> None:
        await has_idled.wait()
        with suppress(StoreUnavailable):  # which the work itself reports
            await complain_of_left(host, _say)

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(complain)
            for _ in range(at_once):
                tasks.start_soon(_work, host, tell, has_idled.set)
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def _end_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()


async def _unless_stopped(work: Callable[[], Awaitable[None]]) -> None:
    """Does the work, and leaves it in order when somebody ends the program politely, which is no failure."""
    if sys.platform == "win32":  # no loop there can receive signals
        await work()
        return
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_end_on_signal, tasks.cancel_scope)
            await work()
            tasks.cancel_scope.cancel()
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def _serve(host: Orchestrator, options: argparse.Namespace) -> None:
    tell = partial(_tell_program if options.json else _tell_person, options)
    if options.once:
        count = await host.run_pending(at_once=options.at_once, told=tell)
        others = " with these plugins" if await complain_of_left(host, _say) else ""
        _say(f"{counted(count, 'turn')} gone on with; nothing is left to do{others}")
        return
    namespaces = ", ".join(plugin.namespace for plugin in host.plugins)
    _say(f"waiting for turns of {namespaces}, with the model {host.model.name}; Ctrl-C ends it")
    await _work_until_stopped(host, tell, options.at_once)


async def _open(sources: Sequence[str], options: argparse.Namespace, setting: Setting) -> None:
    name = options.model or default_model_name(os.environ, otherwise=setting.configuration.model)
    model = open_model(name, plain_results=setting.configuration.plain_results)
    async with http_client(options, setting) as http:
        loaded = await load_all(sources, setting, http)
        async with _store(options, setting) as journal:
            place = Place(journal=journal, sources=lasting_sources(sources))
            async with hosting(loaded, model, setting, setting.local, http, None, place) as host:
                await _serve(host, options)


async def _worker(options: argparse.Namespace) -> int:
    if not 1 <= options.at_once <= MAX_AT_ONCE:
        raise UsageError(f"--at-once: a worker goes on with 1 to {MAX_AT_ONCE} turns together, not {options.at_once}")
    setting = read_setting(options)
    sources: Sequence[str] = options.plugins or setting.configuration.plugins
    if not sources:
        raise UsageError("name the plugins whose turns are to be gone on with, as they were named to the chat")
    await _unless_stopped(partial(_open, sources, options, setting))
    return 0


def run(options: argparse.Namespace) -> int:
    return run_command(_worker, options)
