"""What a vault takes of the time of a call: the call ends in time, and it is known what became of it (issue 9)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Literal

import anyio
import pytest

from auth import AuthReference, Bearer, CredentialUse, Flow, Secret, SignIn, SignInNeeded, Vault
from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.openapi import OpenApiExecutor, open_openapi
from runtimes.values import JsonObject, dump_json
from runtimes.wrappers import Bounded
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve
from tests.servers.stored_vaults import Gate, kit

TOKEN = AuthReference.of("OAuthPluginVault", "ref")
CALL = FunctionCall(id="c1", function="f", arguments={})
SHORT = 0.6

Step = Literal["ready", "first", "renewing", "closing"]


class Troubled:
    """A vault of a stranger; at one of its steps it does something else."""

    def __init__(self, step: Step, trouble: Callable[[], None] | None = None) -> None:
        """Without any trouble it hangs there."""
        self._step = step
        self._trouble = trouble

    async def has(self, reference: str, /) -> bool:
        return reference == "ref"

    async def ready(self, use: CredentialUse, /) -> None:
        del use
        await self._at("ready")

    async def flow(self, use: CredentialUse, /) -> Flow:
        del use
        try:
            await self._at("first")
            yield Secret("token-old")
            await self._at("renewing")
            yield Secret("token-new")
        finally:
            await self._at("closing")

    async def _at(self, step: Step) -> None:
        if step != self._step:
            return
        if self._trouble is None:
            await anyio.sleep_forever()
        else:
            self._trouble()


def break_down() -> None:
    raise RuntimeError("token-old does not fit")


def ask_for_a_sign_in() -> None:
    raise SignInNeeded(SignIn(name="ref", kind="login", reason="it has expired"))


async def accepts_none(request: Request) -> Answer:
    del request
    return json_response({"error": "no"}, 401)


async def accepts_all(request: Request) -> Answer:
    del request
    return json_response({"ok": True})


@asynccontextmanager
async def opened(vault: Vault, server: LoopbackServer) -> AsyncGenerator[OpenApiExecutor]:
    """An operation that may not be repeated, and wants a token."""
    document: JsonObject = {
        "openapi": "3.0.4",
        "servers": [{"url": server.url}],
        "paths": {"/x": {"post": {"operationId": "f", "responses": {}}}},
    }
    spec = RuntimeSpec(
        plugin="test", type="OpenApi", spec={"api_description": dump_json(document)}, location="plugin.json", auth=TOKEN
    )
    client = SharedClient()
    try:
        services = RuntimeServices(http=client.allowing(["127.0.0.1"]), vault=vault)
        async with open_openapi(spec, services) as executor:
            yield executor
    finally:
        await client.aclose()


async def call(executor: OpenApiExecutor, seconds: float = SHORT) -> CallResult:
    """As the host makes it."""
    with anyio.fail_after(5):
        return await Bounded(executor).invoke(CALL, CallContext(person="ada", timeout=seconds))


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(None, r"the vault gave no answer within 0\.\d+ s"), (break_down, "the vault failed: RuntimeError$")],
)
async def test_where_the_vault_does_not_begin_nothing_is_sent(trouble: Callable[[], None] | None, reason: str) -> None:
    async with serve(accepts_all) as server, opened(Troubled("first", trouble), server) as executor:
        with pytest.raises(InvocationError, match=f"^nothing was sent: 'f' needs a credential: {reason}") as raised:
            await call(executor)
        assert (raised.value.is_unsent, server.requests) == (True, [])


@pytest.mark.parametrize("trouble", [None, break_down])
async def test_where_the_vault_does_not_renew_the_answer_stays_the_401(trouble: Callable[[], None] | None) -> None:
    """It was not carried out, and that is known."""
    async with serve(accepts_none) as server, opened(Troubled("renewing", trouble), server) as executor:
        assert (await call(executor)).status == 401
        assert len(server.requests) == 1


async def test_a_sign_in_that_is_needed_after_a_401_is_told_as_ever() -> None:
    async with serve(accepts_none) as server, opened(Troubled("renewing", ask_for_a_sign_in), server) as executor:
        with pytest.raises(InvocationError) as raised:
            await call(executor)
        assert raised.value.not_executed == "sign-in"


@pytest.mark.parametrize("trouble", [None, break_down])
async def test_a_flow_that_does_not_close_costs_no_answer(trouble: Callable[[], None] | None) -> None:
    async with serve(accepts_all) as server, opened(Troubled("closing", trouble), server) as executor:
        assert (await call(executor)).status == 200


async def test_a_vault_of_which_nobody_knows_if_it_has_the_credential_is_told_of() -> None:
    async with serve(accepts_all) as server, opened(Troubled("ready", break_down), server) as executor:
        with pytest.raises(InvocationError, match=r"the vault failed: RuntimeError$"):
            await executor.sign_in("f", "ada")


async def test_who_does_not_wait_for_a_renewal_takes_it_from_nobody() -> None:
    """One call is over before the provider answers; another has its token from the same request to it."""
    gate = Gate()
    async with kit() as one, serve(accepts_all) as server, opened(one.vault, server) as executor:
        await one.vault.register("", "ref", one.provider.registration(), [server.url])
        await one.vault.keep("ada", "ref", one.provider.login("ada", expires=one.clock.now - 1))
        one.provider.let_through = gate
        statuses: list[int | None] = []

        async def patient() -> None:
            statuses.append((await call(executor, 10)).status)

        async with anyio.create_task_group() as tasks:
            with pytest.raises(InvocationError, match="nothing was sent"):
                await call(executor, 0.4)
            tasks.start_soon(patient)
            gate.opened.set()
        assert statuses == [200]
        assert [one.header("authorization") for one in server.requests] == ["Bearer access-ada-2"]
        assert one.provider.refreshes == 1


async def test_new_tokens_are_kept_although_the_call_is_over_and_the_runtime_is_left() -> None:
    """A provider takes a refresh token once: what it gave for it must not be lost."""
    gate = Gate()
    async with kit() as one, serve(accepts_all) as server:
        await one.vault.register("", "ref", one.provider.registration(), [server.url])
        await one.vault.keep("ada", "ref", one.provider.login("ada", expires=one.clock.now - 1))
        one.provider.let_through = gate
        async with anyio.create_task_group() as tasks, opened(one.vault, server) as executor:
            tasks.start_soon(call, executor, 10)
            await gate.reached.wait()
            tasks.cancel_scope.cancel()
            gate.opened.set()
        use = CredentialUse(reference="ref", person="ada", plugin="p", origin=server.url, scheme=Bearer())
        async with aclosing(one.another().flow(use)) as flow:
            assert (await anext(flow)).reveal() == "access-ada-2"
        assert (one.provider.refreshes, server.requests) == (1, [])
