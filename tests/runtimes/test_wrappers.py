"""Executors around an executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import anyio
import pytest

from auth import SignIn
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeSpec,
    WireMessage,
)
from runtimes.errors import InvocationError
from runtimes.values import Json
from runtimes.wrappers import Bounded, Guarded, Templated

CALL = FunctionCall(id="c", function="list_homes", arguments={})
CONTEXT = CallContext(person="ada", timeout=5)
SIGNATURE = FunctionSignature(name="list_homes", destination="here")


class Stub:
    """An executor that answers, or does what it is told to."""

    def __init__(self, answer: CallResult | Callable[[], CallResult]) -> None:
        self._answer = answer

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        return {"list_homes": SIGNATURE}

    @property
    def unusable(self) -> Mapping[str, str]:
        return {"other": "a reason"}

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        del function, person
        return None

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        self._result()
        return (WireMessage(method="GET", url="https://api.example/"),)

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        return self._result()

    def _result(self) -> CallResult:
        return self._answer if isinstance(self._answer, CallResult) else self._answer()


class Silent(Stub):
    """Never answers."""

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        await anyio.sleep_forever()
        raise NotImplementedError


def spec(template: str | None) -> RuntimeSpec:
    return RuntimeSpec(
        plugin="p", type="x-stub", spec={}, location="", output_template=template, template_context={"namespace": "p"}
    )


async def templated(template: str | None, result: CallResult) -> CallResult:
    return await Templated(Stub(result), spec(template)).invoke(CALL, CONTEXT)


@pytest.mark.parametrize(
    ("template", "payload", "expected"),
    [
        ('{"names": {{ response | map: "n" | json }}}', [{"n": "a"}], {"names": ["a"]}),
        ("{{ manifest.namespace }}: {{ response }}", "plain", "p: plain"),
        ("{{ response.n }}", {"n": 5}, 5),
        ("", {"n": 5}, ""),
        (None, {"n": 5}, {"n": 5}),
    ],
)
async def test_output_template_makes_json_or_text_of_an_answer(
    template: str | None, payload: Json, expected: Json
) -> None:
    result = await templated(template, CallResult(payload=payload, status=201, is_truncated=True))
    assert result == CallResult(payload=expected, status=201, is_truncated=True)


async def test_a_reported_failure_is_not_templated() -> None:
    failure = CallResult(payload={"message": "no"}, is_error=True, status=404)
    assert await templated("never seen", failure) == failure


async def test_a_template_that_fails_says_so_and_keeps_the_answer() -> None:
    result = await templated("a\n{{#homes}}", CallResult(payload={"n": 5}, status=200))
    assert (result.is_error, result.status) == (True, 200)
    assert isinstance(result.payload, dict)
    assert result.payload["response"] == {"n": 5}
    message = result.payload["error"]
    assert isinstance(message, str)
    assert message.startswith("the call was carried out, but output_template cannot be applied to the answer: line 2")


async def test_a_call_without_an_end_is_ended() -> None:
    bounded = Bounded(Silent(CallResult(payload=None)))
    with anyio.fail_after(5), pytest.raises(InvocationError, match=r"'list_homes' gave no answer within 0\.05 s"):
        await bounded.invoke(CALL, CallContext(person="ada", timeout=0.05))
    assert await Bounded(Stub(CallResult(payload=1))).invoke(CALL, CONTEXT) == CallResult(payload=1)


def broken() -> CallResult:
    raise ValueError("https://api.example/x?key=secret is not there\nsecond line")


async def test_a_strangers_exception_is_an_invocation_error_in_one_line() -> None:
    executor = Guarded(Stub(broken))
    with pytest.raises(InvocationError) as failure:
        await executor.invoke(CALL, CONTEXT)
    assert str(failure.value) == "the runtime of 'list_homes' failed: ValueError: https://api.example/x?… is not there"
    assert isinstance(failure.value.__cause__, ValueError)
    with pytest.raises(InvocationError, match="ValueError"):
        executor.preview(CALL)


async def test_whoever_cannot_say_if_a_sign_in_is_needed_says_that() -> None:
    """A stranger's exception is not the word that none is needed."""

    class Unsure(Stub):
        async def sign_in(self, function: str, person: str, /) -> SignIn | None:
            self._result()
            return None

    with pytest.raises(InvocationError, match="the runtime of 'list_homes' failed: ValueError"):
        await Guarded(Unsure(broken)).sign_in("list_homes", "ada")
    assert await Guarded(Unsure(CallResult(payload=1))).sign_in("list_homes", "ada") is None


async def test_an_invocation_error_and_a_cancellation_pass_the_guard() -> None:
    def refused() -> CallResult:
        raise InvocationError("no", not_executed="connect")

    with pytest.raises(InvocationError) as failure:
        await Guarded(Stub(refused)).invoke(CALL, CONTEXT)
    assert (str(failure.value), failure.value.not_executed) == ("no", "connect")
    with anyio.move_on_after(0.05) as scope:
        await Guarded(Silent(CallResult(payload=None))).invoke(CALL, CONTEXT)
    assert scope.cancelled_caught


async def test_wrappers_pass_on_what_they_do_not_change() -> None:
    stub = Stub(CallResult(payload=1))
    executor = Guarded(Bounded(Templated(stub, spec(None))))
    assert (executor.functions, executor.unusable) == (stub.functions, stub.unusable)
    assert executor.preview(CALL) == stub.preview(CALL)
    assert await executor.invoke(CALL, CONTEXT) == CallResult(payload=1)
