"""How many requests one origin is sent at once."""

from __future__ import annotations

import anyio
import pytest

from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.http import HttpRequest
from runtimes.network import origin_of
from runtimes.queues import MAX_EXCHANGES_PER_ORIGIN, Queues
from runtimes.transport import CarrierName
from tests.servers.loopback import Answer, Request, serve, text_response


def get(url: str, timeout: float = 5.0) -> HttpRequest:
    return HttpRequest(method="GET", url=url, timeout=timeout)


async def test_a_queue_is_first_come_first_served_and_gone_when_nobody_needs_it() -> None:
    queues, origin = Queues(), origin_of("http://a.example")
    served: list[int] = []
    release = anyio.Event()

    async def ask(number: int) -> None:
        async with queues.turn(origin):
            served.append(number)
            await release.wait()

    async with anyio.create_task_group() as tasks:
        for number in range(MAX_EXCHANGES_PER_ORIGIN + 3):
            tasks.start_soon(ask, number)
        await anyio.wait_all_tasks_blocked()
        assert served == list(range(MAX_EXCHANGES_PER_ORIGIN))
        async with queues.turn(origin_of("http://b.example")):
            release.set()
    assert served == list(range(MAX_EXCHANGES_PER_ORIGIN + 3))
    assert len(queues) == 0


async def test_a_slow_origin_keeps_its_own_callers_waiting_and_no_others(carrier: CarrierName) -> None:
    arrived = anyio.Semaphore(0)
    release = anyio.Event()

    async def slow(request: Request) -> Answer:
        del request
        arrived.release()
        await release.wait()
        return text_response("late")

    async def quick(request: Request) -> Answer:
        del request
        return text_response("soon")

    async with serve(slow) as behind, serve(quick) as other:
        client = SharedClient(carrier=carrier)
        http = client.allowing(["127.0.0.1"])
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(MAX_EXCHANGES_PER_ORIGIN + 4):
                    tasks.start_soon(http.send, get(behind.url))
                for _ in range(MAX_EXCHANGES_PER_ORIGIN):
                    await arrived.acquire()
                assert (await http.send(get(other.url))).body == b"soon"
                assert len(behind.requests) == MAX_EXCHANGES_PER_ORIGIN
                release.set()
        await client.aclose()
    assert len(behind.requests) == MAX_EXCHANGES_PER_ORIGIN + 4
    assert behind.connections <= MAX_EXCHANGES_PER_ORIGIN


async def test_who_leaves_the_queue_is_not_waited_for_and_takes_nobody_s_turn() -> None:
    queues, origin = Queues(), origin_of("http://a.example")
    served: list[str] = []
    release = anyio.Event()
    leaving = anyio.CancelScope()

    async def ask(name: str, scope: anyio.CancelScope) -> None:
        with scope:
            async with queues.turn(origin):
                served.append(name)
                await release.wait()

    async with anyio.create_task_group() as tasks:
        for _ in range(MAX_EXCHANGES_PER_ORIGIN):
            tasks.start_soon(ask, "first", anyio.CancelScope())
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(ask, "leaving", leaving)
        tasks.start_soon(ask, "last", anyio.CancelScope())
        await anyio.wait_all_tasks_blocked()
        leaving.cancel()
        await anyio.wait_all_tasks_blocked()
        release.set()
    assert served == ["first"] * MAX_EXCHANGES_PER_ORIGIN + ["last"]
    assert len(queues) == 0


async def test_who_is_cancelled_while_being_served_makes_room_for_the_next(carrier: CarrierName) -> None:
    arrived = anyio.Semaphore(0)

    async def never(request: Request) -> Answer:
        arrived.release()
        if request.path == "/next":
            return text_response("served")
        await anyio.sleep_forever()
        raise NotImplementedError

    client = SharedClient(carrier=carrier)
    http = client.allowing(["127.0.0.1"])
    async with serve(never) as server:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(MAX_EXCHANGES_PER_ORIGIN):
                    tasks.start_soon(http.send, get(server.url))
                for _ in range(MAX_EXCHANGES_PER_ORIGIN):
                    await arrived.acquire()
                tasks.cancel_scope.cancel()
            assert (await http.send(get(f"{server.url}/next"))).body == b"served"
    await client.aclose()


async def test_who_waits_in_vain_has_certainly_not_been_served(carrier: CarrierName) -> None:
    arrived = anyio.Semaphore(0)

    async def never(request: Request) -> Answer:
        del request
        arrived.release()
        await anyio.sleep_forever()
        raise NotImplementedError

    client = SharedClient(carrier=carrier)
    http = client.allowing(["127.0.0.1"])
    async with serve(never) as server, anyio.create_task_group() as tasks:
        for _ in range(MAX_EXCHANGES_PER_ORIGIN):
            tasks.start_soon(http.send, get(server.url))
        with anyio.fail_after(5):
            for _ in range(MAX_EXCHANGES_PER_ORIGIN):
                await arrived.acquire()
        with pytest.raises(
            InvocationError, match=f"{MAX_EXCHANGES_PER_ORIGIN} other requests to it are under way"
        ) as caught:
            await http.send(get(server.url, timeout=0.2))
        assert caught.value.not_executed == "connect"
        tasks.cancel_scope.cancel()
    await client.aclose()
    assert len(server.requests) == MAX_EXCHANGES_PER_ORIGIN
