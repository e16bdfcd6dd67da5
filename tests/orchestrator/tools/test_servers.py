"""Of several servers that the descriptions of a plugin list, the one that is wanted is called."""

from __future__ import annotations

import pytest

from orchestrator import Orchestrator, Plugin, UnknownName, UsageError, load_plugin
from runtimes.errors import InvocationError
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve


async def answer(request: Request) -> Answer:
    return json_response({"path": request.path})


def described(function: str, servers: list[Json], /, **operation: Json) -> Json:
    description: JsonObject = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": servers,
        "paths": {f"/{function}": {"get": {"operationId": function, **operation}}},
    }
    return {
        "type": "OpenApi",
        "auth": {"type": "None"},
        "spec": {"api_description": dump_json(description)},
        "run_for_functions": [function],
    }


async def plugin_of(*runtimes: Json, namespace: str = "mine", allowed: bool = True) -> Plugin:
    document: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": namespace,
        "description_for_human": "A plugin.",
        "runtimes": [*runtimes],
    }
    return await load_plugin(document, allowed_hosts=["127.0.0.1"] if allowed else [])


def both(one: LoopbackServer, other: LoopbackServer) -> list[Json]:
    return [{"url": one.url, "description": "production"}, {"url": f"{other.url}/v2/", "name": "staging"}]


@pytest.mark.parametrize("wanted", ["2", "staging", "{other}/v2", "{other}/v2/"])
async def test_the_server_that_is_wanted_is_called(wanted: str) -> None:
    async with serve(answer) as one, serve(answer) as other:
        plugin = await plugin_of(described("look", both(one, other)))
        servers = {"mine": wanted.format(other=other.url)}
        async with Orchestrator(plugins=[plugin], model="offline", servers=servers) as host:
            assert (await host.call("look")).payload == {"path": "/v2/look"}
            assert host.toolbox.find("look").signature.destination == other.url
        async with Orchestrator(plugins=[plugin], model="offline") as host:
            assert (await host.call("look")).payload == {"path": "/look"}
        assert (len(one.requests), len(other.requests)) == (1, 1)


@pytest.mark.parametrize("wanted", ["3", "beta", "{unlisted}"])
async def test_a_server_that_is_not_listed_is_refused_with_those_that_are(wanted: str) -> None:
    async with serve(answer) as one, serve(answer) as other, serve(answer) as unlisted:
        plugin = await plugin_of(described("look", both(one, other)))
        host = Orchestrator(
            plugins=[plugin], model="offline", servers={"mine": wanted.format(unlisted=f"{unlisted.url}?key=secret")}
        )
        with pytest.raises(UsageError, match="plugin 'mine': there is no server") as caught:
            await host.__aenter__()
        assert f"1 '{one.url}', 2 '{other.url}/v2/'" in str(caught.value)
        assert "secret" not in str(caught.value)
        assert unlisted.requests == []


async def test_a_server_that_is_chosen_is_not_thereby_allowed() -> None:
    async with serve(answer) as private:
        servers: list[Json] = [{"url": "https://api.example"}, {"url": private.url}]
        plugin = await plugin_of(described("look", servers), allowed=False)
        async with Orchestrator(plugins=[plugin], model="offline", servers={"mine": private.url}) as host:
            with pytest.raises(InvocationError, match=r"127\.0\.0\.1"):
                await host.call("look")
        assert private.requests == []


async def test_a_function_without_the_server_is_disabled_and_never_sent_elsewhere() -> None:
    plugin = await plugin_of(
        described("look", [{"url": "https://a.example"}, {"url": "https://b.example"}]),
        described("watch", [{"url": "https://b.example"}], servers=[{"url": "https://c"}]),
        described("listen", [{"url": "https://d.example"}]),
    )
    async with Orchestrator(plugins=[plugin], model="offline", servers={"mine": "https://b.example"}) as host:
        assert [function.signature.destination for function in host.toolbox.functions] == ["https://b.example"]
        assert {one.function: one.reason for one in host.toolbox.skipped} == {
            "*": "there is no server 'https://b.example'; there is: 'https://c'; "
            "there is no server 'https://b.example'; there is: 1 'https://d.example'"
        }


async def test_a_number_counts_in_the_list_of_one_description_whatever_its_operations_list() -> None:
    """An operation with servers of its own is called on the chosen one or not at all."""
    listed: list[Json] = [{"url": "https://a.example"}, {"url": "https://b.example"}]
    elsewhere = await plugin_of(described("look", listed, servers=[{"url": "https://other.example"}]))
    host = Orchestrator(plugins=[elsewhere], model="offline", servers={"mine": "1"})
    with pytest.raises(UsageError, match=r"no server 'https://a\.example'; there is: 'https://other"):
        await host.__aenter__()
    reversed_ = await plugin_of(described("look", listed, servers=listed[::-1]))
    async with Orchestrator(plugins=[reversed_], model="offline", servers={"mine": "1"}) as host:
        assert host.toolbox.find("look").signature.destination == "https://a.example"
    two = await plugin_of(described("look", listed), described("watch", [{"url": "https://c.example"}]))
    host = Orchestrator(plugins=[two], model="offline", servers={"mine": "1"})
    with pytest.raises(
        UsageError, match="it has 2 descriptions, and server 1 may be any of theirs; choose it by its URL"
    ):
        await host.__aenter__()


async def test_a_server_that_no_description_has_is_refused_with_those_of_all() -> None:
    two = await plugin_of(
        described("look", [{"url": "https://a.example"}]), described("watch", [{"url": "https://c.example"}])
    )
    with pytest.raises(UsageError, match=r"1 'https://a\.example'; .*1 'https://c\.example'"):
        await Orchestrator(plugins=[two], model="offline", servers={"mine": "nope"}).__aenter__()


async def test_each_plugin_has_its_own() -> None:
    servers: list[Json] = [{"url": "https://a.example"}, {"url": "https://b.example"}]
    one = await plugin_of(described("look", servers))
    other = await plugin_of(described("look", servers), namespace="other")
    async with Orchestrator(plugins=[one, other], model="offline", servers={"other": "2"}) as host:
        told = {bound.plugin.namespace: bound.signature.destination for bound in host.toolbox.functions}
        assert told == {"mine": "https://a.example", "other": "https://b.example"}


async def test_a_wish_for_no_plugin_or_no_description_is_refused() -> None:
    plugin = await plugin_of({"type": "LocalPlugin", "spec": {"local_endpoint": "x"}})
    with pytest.raises(UnknownName, match="there is no plugin 'mina'; did you mean 'mine'"):
        Orchestrator(plugins=[plugin], model="offline", servers={"mina": "1"})
    with pytest.raises(UsageError, match="has no runtime of type 'OpenApi'"):
        await Orchestrator(plugins=[plugin], model="offline", servers={"mine": "1"}).__aenter__()
