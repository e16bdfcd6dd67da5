"""Calls that get no answer: what is repeated, what has failed, what is of unknown outcome."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import anyio
import pytest

from auth import SignIn
from orchestrator import Orchestrator, Reply, load_plugin
from orchestrator.events import CallDispatched, CallNotExecuted, Event
from orchestrator.model.scripted import Call, Calls, Say, ScriptedModel, ScriptTurn
from orchestrator.signals import CallProgress
from orchestrator.turn.driver import MAX_PARALLEL_CALLS
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.errors import InvocationError, NotExecutedCause
from runtimes.values import Json, JsonObject

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Flaky",
    "namespace": "flaky",
    "description_for_human": "Breaks.",
    "runtimes": [{"type": "x-flaky"}],
}


class Flaky:
    """An executor whose calls end as they are told to, one after the other; `None` is an answer."""

    def __init__(self, *outcomes: NotExecutedCause | str | None, method: str = "GET") -> None:
        self.outcomes = list(outcomes)
        self.running = 0
        self.most = 0
        self.contexts: list[CallContext] = []
        self._signature = FunctionSignature(name="go", destination="nowhere", method=method, repeatable=method == "GET")

    @asynccontextmanager
    async def __call__(self, spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[Flaky]:
        yield self

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        return {"go": self._signature}

    @property
    def unusable(self) -> Mapping[str, str]:
        return {}

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        del function, person
        return None

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        raise NotImplementedError

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        self.running += 1
        self.most = max(self.most, self.running)
        context.progress("on it")
        await anyio.lowlevel.checkpoint()
        self.running -= 1
        self.contexts.append(context)
        match self.outcomes.pop(0) if self.outcomes else None:
            case None:
                return CallResult(payload="ok")
            case "connect" | "rate" as cause:
                raise InvocationError(f"no: {cause}", not_executed=cause)
            case "refused to the end":
                raise InvocationError("no", not_executed="connect", is_final=True)
            case why:
                raise InvocationError(why)


async def turn(executor: Flaky, calls: int = 1, manifest: JsonObject = MANIFEST) -> tuple[Reply, list[Event]]:
    requested = Calls(tuple(Call("go", {}) for _ in range(calls)))
    model = ScriptedModel(turns=[ScriptTurn(user="go", steps=(requested, Say("Done.")))])
    plugin = await load_plugin(manifest)
    async with Orchestrator(plugins=[plugin], runtimes={"x-flaky": executor}, model=model) as host:
        chat = host.conversation()
        with anyio.fail_after(10):
            events = [event async for event in chat.send("go")]
            for question in chat.pending:
                await chat.decide(question.call_id, True)
            events += [event async for event in chat.resume_stream()]
            return await chat.resume(), events


@pytest.mark.parametrize(
    ("outcomes", "method", "status", "dispatched"),
    [
        ([None], "GET", "returned", 1),
        (["connect", None], "GET", "returned", 2),
        (["rate", None], "POST", "returned", 2),
        (["connect", "rate", None], "GET", "returned", 3),
        (["connect", "connect", None], "POST", "failed", 2),
        (["rate", "rate"], "GET", "failed", 2),
        (["broke off"], "GET", "failed", 1),
        (["broke off"], "POST", "unknown", 1),
        (["connect", "broke off"], "POST", "unknown", 2),
    ],
)
async def test_only_what_was_not_executed_is_made_once_more(
    outcomes: list[str | None], method: str, status: str, dispatched: int
) -> None:
    """Design decision 3, and "The turn, precisely"."""
    reply, events = await turn(Flaky(*outcomes, method=method))
    assert [call.status for call in reply.calls] == [status]
    assert sum(isinstance(event, CallDispatched) for event in events) == dispatched
    assert sum(isinstance(event, CallNotExecuted) for event in events) == sum(
        outcome in ("connect", "rate") for outcome in outcomes[: dispatched - (status == "failed" and dispatched > 1)]
    )
    assert (reply.text, reply.end) == ("Done.", "answered")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_its_runtime_has_repeated_is_not_made_once_more(method: str) -> None:
    reply, events = await turn(Flaky("refused to the end", None, method=method))
    assert [call.status for call in reply.calls] == ["failed"]
    assert sum(isinstance(event, CallDispatched) for event in events) == 1


@pytest.mark.parametrize(("data_handling", "may_repeat"), [(["GetPublicData"], True), (["ResourceStateUpdate"], False)])
async def test_a_runtime_is_told_when_repeating_does_harm(data_handling: list[Json], may_repeat: bool) -> None:
    """A GET that is declared to change something (spec 9.5, design decision 3)."""
    security: JsonObject = {"capabilities": {"security_info": {"data_handling": data_handling}}}
    executor = Flaky()
    await turn(executor, manifest={**MANIFEST, "functions": [{"name": "go", "description": "Goes.", **security}]})
    assert [context.may_repeat for context in executor.contexts] == [may_repeat]
    plugin = await load_plugin({**MANIFEST, "functions": [{"name": "go", "description": "Goes.", **security}]})
    async with Orchestrator(plugins=[plugin], runtimes={"x-flaky": executor}, model="offline") as host:
        await host.call("go")
    assert executor.contexts[-1].may_repeat == may_repeat


async def test_progress_reaches_the_stream() -> None:
    _, events = await turn(Flaky())
    assert [event.text for event in events if isinstance(event, CallProgress)] == ["on it"]


async def test_calls_in_flight_are_bounded() -> None:
    executor = Flaky()
    plugin = await load_plugin(MANIFEST)
    model = ScriptedModel(
        turns=[ScriptTurn(user="go", steps=(Calls(tuple(Call("go", {"n": n}) for n in range(20))), Say("Done.")))]
    )
    async with Orchestrator(plugins=[plugin], runtimes={"x-flaky": executor}, model=model) as host:
        with anyio.fail_after(10):
            reply = await host.conversation().ask("go")
    assert [call.status for call in reply.calls] == ["returned"] * 20
    assert 1 < executor.most <= MAX_PARALLEL_CALLS
