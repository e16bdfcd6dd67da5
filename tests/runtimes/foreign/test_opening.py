"""A stranger's runtime is checked when it is opened, and its calls end in answers or in named errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Never

import anyio
import pytest

from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.errors import InvocationError, RuntimeUnavailable, ServerUnknown
from runtimes.foreign.lent import MAX_PROGRESS_CHARS, MAX_PROGRESS_NOTES
from runtimes.foreign.opening import guarded
from runtimes.questions import MAX_QUESTIONS, LiveAnswer, LiveQuestion
from runtimes.values import Json
from tests.runtimes.foreign.strangers import (
    CALL,
    CONTEXT,
    QUICK,
    SPEC,
    WHERE,
    Zoo,
    is_factory,
    opening,
    signing_in,
    spoilt,
)
from tests.servers.no_http import NO_SERVICES

SOON = 10.0
"""Seconds within which a test ends by far."""


async def test_one_that_is_in_order_works() -> None:
    async with opening(Zoo()) as executor:
        assert set(executor.functions) == {"feed"}
        assert executor.unusable == {}
        assert executor.preview(CALL) == (WireMessage(method="ZOO", url="zoo:feed"),)
        assert await executor.sign_in("feed", "ada") is None
        assert await executor.invoke(CALL, CONTEXT) == CallResult(payload={"fed": "otter"})


class Methodless:
    functions: object = {}
    unusable: object = {}

    def preview(self) -> None:
        raise NotImplementedError

    invoke = 5


class Unreadable:
    @property
    def functions(self) -> Never:
        raise ValueError("not now")

    def unusable(self) -> dict[str, str]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("executor", "mistakes"),
    [
        (
            Methodless(),
            "its 'preview' cannot be called with (call); it has no 'sign_in'; its 'invoke' cannot be called",
        ),
        (
            Unreadable(),
            "reading its 'functions' raises ValueError: not now; "
            "its 'unusable' has to be a mapping by the names of functions, without being called, and is of the type "
            "method; it has no 'preview'; it has no 'sign_in'; it has no 'invoke'",
        ),
        (
            None,
            "it has no 'functions'; it has no 'unusable'; it has no 'preview'; it has no 'sign_in'; it has no 'invoke'",
        ),
        (Zoo(functions={5: 5}), "its 'functions' has a name that is of the type int"),
    ],
)
async def test_what_is_no_executor_is_not_used_and_each_mistake_is_named(executor: object, mistakes: str) -> None:
    with pytest.raises(RuntimeUnavailable) as failure:
        async with opening(executor):
            raise NotImplementedError
    assert str(failure.value) == f"{WHERE} opens what is no executor: {mistakes}"


def fails(error: BaseException) -> Callable[[], Never]:
    def fail() -> Never:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ZeroDivisionError("oops"), f"{WHERE} cannot be opened: ZeroDivisionError: oops"),
        (SystemExit(3), f"{WHERE} cannot be opened: SystemExit: 3"),
        (KeyboardInterrupt(), f"{WHERE} cannot be opened: KeyboardInterrupt"),
        (RuntimeUnavailable("its own\n\x1b[31mreason"), "its own [31mreason"),
        (ServerUnknown("no such server"), "no such server"),
        (ValueError("https://api.example/x?key=secret is away\nline 2"), f"{WHERE} cannot be opened: ValueError: "
         "https://api.example/x?… is away"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_at_once", [True, False], ids=["when called", "when entered"])
async def test_a_factory_that_fails_makes_the_runtime_unavailable(
    error: BaseException, message: str, is_at_once: bool
) -> None:
    @asynccontextmanager
    async def entering(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
        fails(error)()
        yield

    def calling(spec: RuntimeSpec, services: RuntimeServices, /) -> Never:
        fails(error)()

    with pytest.raises(RuntimeUnavailable) as failure:
        async with guarded(calling if is_at_once else entering, WHERE, QUICK)(SPEC, NO_SERVICES):
            raise NotImplementedError
    assert str(failure.value) == message
    assert isinstance(failure.value, ServerUnknown) == isinstance(error, ServerUnknown)


async def test_a_factory_that_does_not_open_in_time_is_unavailable() -> None:
    @asynccontextmanager
    async def factory(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
        await anyio.sleep_forever()
        raise NotImplementedError
        yield

    with anyio.fail_after(SOON), pytest.raises(RuntimeUnavailable, match=r"takes longer than 0\.05 s"):
        async with guarded(factory, WHERE, QUICK)(SPEC, NO_SERVICES):
            raise NotImplementedError


async def test_what_opens_nothing_is_unavailable() -> None:
    def factory(spec: RuntimeSpec, services: RuntimeServices, /) -> object:
        return {}

    made: object = factory
    assert is_factory(made)
    with pytest.raises(RuntimeUnavailable, match="asynchronous context manager"):
        async with guarded(made, WHERE, QUICK)(SPEC, NO_SERVICES):
            raise NotImplementedError


async def test_what_a_runtime_does_to_its_spec_and_its_arguments_stays_inside() -> None:
    @asynccontextmanager
    async def factory(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[object]:
        spec.spec.clear()
        spec.template_context["name"] = "changed"
        yield Zoo(careless)

    async def careless(call: FunctionCall, context: CallContext) -> object:
        return CallResult(payload=call.arguments.pop("animal"))

    made: object = factory
    assert is_factory(made)
    async with guarded(made, WHERE, QUICK)(SPEC, NO_SERVICES) as executor:
        assert (await executor.invoke(CALL, CONTEXT)).payload == "otter"
    assert (SPEC.spec, SPEC.template_context, CALL.arguments) == ({"place": "here"}, {}, {"animal": "otter"})


async def test_functions_are_those_that_there_were_when_it_was_opened() -> None:
    zoo = Zoo()
    async with opening(zoo) as executor:
        zoo.functions = None
        assert set(executor.functions) == {"feed"}
        assert (await executor.invoke(CALL, CONTEXT)).payload == {"fed": "otter"}
        with pytest.raises(InvocationError, match="no function 'fed'; known functions: feed") as failure:
            await executor.invoke(FunctionCall(id="c", function="fed", arguments={}), CONTEXT)
        assert failure.value.is_unsent


INVOKED: dict[str, tuple[BaseException, str]] = {
    "an exception": (ValueError("oops\nline 2"), "the runtime of 'feed' failed: ValueError: oops"),
    "an exit": (SystemExit(3), "the runtime of 'feed' failed: SystemExit: 3"),
    "an interrupt": (KeyboardInterrupt(), "the runtime of 'feed' failed: KeyboardInterrupt"),
    "a cancellation of its own": (
        asyncio.CancelledError("mine"),
        "the runtime of 'feed' failed: CancelledError: it was cancelled, and not by us",
    ),
    "terminal escapes": (
        ValueError("\x1b[2J!" + "x" * 1000),
        f"the runtime of 'feed' failed: ValueError: [2J!{'x' * 295}…",
    ),
    "an error of the seam": (InvocationError("no such\r\nanimal"), "no such animal"),
    "one without words": (InvocationError(""), "it gave no reason"),
}  # fmt: skip


@pytest.mark.parametrize("name", INVOKED)
async def test_whatever_a_call_raises_is_an_invocation_error(name: str) -> None:
    error, message = INVOKED[name]

    async def raises(call: FunctionCall, context: CallContext) -> object:
        raise error

    async with opening(Zoo(raises, preview=lambda _: fails(error)())) as executor:
        with pytest.raises(InvocationError) as failure:
            await executor.invoke(CALL, CONTEXT)
    assert str(failure.value) == message


async def test_why_a_call_was_not_carried_out_is_kept_and_what_is_no_cause_is_not() -> None:
    async def raises(call: FunctionCall, context: CallContext) -> object:
        odd: InvocationError = spoilt(InvocationError("no", not_executed="rate", is_unsent=True, quoted="its\nwords"))
        raise odd if call.arguments["animal"] == "otter" else spoilt(odd, not_executed="mood", is_unsent="yes")

    other = FunctionCall(id="c", function="feed", arguments={"animal": "newt"})
    async with opening(Zoo(raises)) as executor:
        with pytest.raises(InvocationError) as kept:
            await executor.invoke(CALL, CONTEXT)
        with pytest.raises(InvocationError) as dropped:
            await executor.invoke(other, CONTEXT)
    assert (kept.value.not_executed, kept.value.is_unsent, kept.value.quoted) == ("rate", True, "its words")
    assert (dropped.value.not_executed, dropped.value.is_unsent) == (None, False)


async def test_an_answer_that_is_none_is_an_invocation_error() -> None:
    async def bare(call: FunctionCall, context: CallContext) -> object:
        return {"fed": "otter"}

    async with opening(Zoo(bare)) as executor:
        with pytest.raises(InvocationError, match="of the type dict, and no CallResult"):
            await executor.invoke(CALL, CONTEXT)


async def test_a_cancelled_call_is_cancelled_inside_and_one_that_does_not_mind_is_left() -> None:
    waiting, cancellations = anyio.Event(), list[str]()

    async def stubborn(call: FunctionCall, context: CallContext) -> object:
        while True:
            try:
                waiting.set()
                await anyio.sleep_forever()
            except asyncio.CancelledError:
                cancellations.append(call.id)

    with anyio.fail_after(SOON):
        async with opening(Zoo(stubborn)) as executor, anyio.create_task_group() as group:
            group.start_soon(executor.invoke, CALL, CONTEXT)
            await waiting.wait()
            group.cancel_scope.cancel()
    assert cancellations == ["c"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "the runtime of 'feed' failed: its preview is of the type int, and no tuple of WireMessage"),
        ([5], "the runtime of 'feed' failed: its preview has what is of the type int, and no WireMessage"),
        (
            [spoilt(WireMessage(method="ZOO", url="x"), headers=[5], body=b"x")],
            "the runtime of 'feed' failed: in its preview: its headers is of the type list, and not a tuple of pairs "
            "of texts; its body is of the type bytes, and not a text or None",
        ),
    ],
)
async def test_a_preview_that_is_none_is_an_invocation_error(value: object, message: str) -> None:
    async with opening(Zoo(preview=lambda _: value)) as executor:
        with pytest.raises(InvocationError) as failure:
            executor.preview(CALL)
    assert str(failure.value) == message


async def test_a_preview_that_exits_is_an_invocation_error() -> None:
    async with opening(Zoo(preview=lambda _: fails(SystemExit(3))())) as executor:
        with pytest.raises(InvocationError, match="SystemExit: 3"):
            executor.preview(CALL)


async def test_what_a_person_has_to_do_first_is_handed_on() -> None:
    async def wanted() -> object:
        return signing_in(reason="it\nhas expired", scopes=["a"])

    async with opening(Zoo(sign_in=wanted)) as executor:
        assert await executor.sign_in("feed", "ada") == signing_in(reason="it has expired", scopes=("a",))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (True, "its sign_in answered with what is of the type bool"),
        (signing_in(kind="dance"), "its kind is of the type str, and not 'login' or 'secret'"),
        (signing_in(scopes="all"), "its scopes is of the type str, and not a tuple of texts"),
    ],
)
async def test_a_sign_in_that_is_none_is_an_invocation_error(answer: object, message: str) -> None:
    async def wanted() -> object:
        return answer

    async with opening(Zoo(sign_in=wanted)) as executor:
        with pytest.raises(InvocationError, match=message):
            await executor.sign_in("feed", "ada")


async def test_whoever_takes_too_long_to_say_if_a_sign_in_is_needed_does_not_say_it() -> None:
    async with opening(Zoo(sign_in=anyio.sleep_forever)) as executor:
        with anyio.fail_after(SOON), pytest.raises(InvocationError, match=r"gave no answer within 0\.05 s"):
            await executor.sign_in("feed", "ada")


async def test_progress_and_questions_are_bounded_and_end_with_the_call() -> None:
    kept: list[CallContext] = []
    told: list[str] = []
    asked: list[LiveQuestion] = []

    async def curious(call: FunctionCall, context: CallContext) -> object:
        kept.append(context)
        context.progress("a\nline " + "x" * 1000)
        for _ in range(MAX_PROGRESS_NOTES + 5):
            context.progress("more")
        answers = [await context.ask(LiveQuestion(text="Is it\x07 hungry?")) for _ in range(MAX_QUESTIONS + 1)]
        payload: Json = [answer.action for answer in answers]
        return CallResult(payload=payload)

    async def accepts(question: LiveQuestion) -> LiveAnswer:
        asked.append(question)
        return LiveAnswer(action="accept")

    context = CallContext(person="ada", progress=told.append, ask=accepts)
    async with opening(Zoo(curious)) as executor:
        result = await executor.invoke(CALL, context)
    assert result.payload == ["accept"] * MAX_QUESTIONS + ["decline"]
    assert asked == [LiveQuestion(text="Is it  hungry?")] * MAX_QUESTIONS
    assert (len(told), len(told[0]), told[0][:7]) == (MAX_PROGRESS_NOTES, MAX_PROGRESS_CHARS, "a line ")
    kept[0].progress("late")
    assert len(told) == MAX_PROGRESS_NOTES
    assert (await kept[0].ask(LiveQuestion(text="Late?"))).reason == "the call has ended"


async def test_what_is_no_question_is_not_put_to_the_person() -> None:
    reasons: list[str] = []

    async def curious(call: FunctionCall, context: CallContext) -> object:
        for form in (5, {"a": {5}}):
            answer = await context.ask(spoilt(LiveQuestion(text="?"), form=form))
            reasons.append(answer.reason)
        return CallResult(payload=None)

    async with opening(Zoo(curious)) as executor:
        await executor.invoke(CALL, CONTEXT)
    assert reasons == [
        "in the question: its form is of the type int, and not a JSON object or None",
        "the form of the question is no JSON",
    ]


async def test_a_runtime_that_has_closed_before_its_time_is_not_called() -> None:
    crash = anyio.Event()

    async def crashing() -> None:
        await crash.wait()
        raise ValueError("the worker has crashed")

    @asynccontextmanager
    async def factory(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[object]:
        async with anyio.create_task_group() as group:
            group.start_soon(crashing)
            yield Zoo()

    made: object = factory
    assert is_factory(made)
    with anyio.fail_after(SOON):
        async with guarded(made, WHERE, QUICK)(SPEC, NO_SERVICES) as executor:
            assert (await executor.invoke(CALL, CONTEXT)).payload == {"fed": "otter"}
            crash.set()
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            with pytest.raises(InvocationError, match="failed: ValueError: the worker has crashed"):
                await executor.invoke(CALL, CONTEXT)
