"""Starts workers by forking itself: Python and its modules are loaded once, and each worker is a process of its own.

    python -m tests.faults.nursery

Reads `Ordered` lines, writes a `Died` line for each worker that is gone. It has no thread, no event loop and no
connection that a worker could inherit. When its input ends it kills those that are left, and ends.
"""

from __future__ import annotations

import os
import selectors
import signal
import tempfile
import threading
from importlib import import_module

import anyio

from tests.faults.records import Died, Errand, Record, line_of, order_of
from tests.faults.shop import LOOK
from tests.faults.worker import opened, run

_CHUNK = 65_536
"""Bytes that are read at once."""

NOWHERE = "http://127.0.0.1:9"
"""Where nobody listens."""


class Nursery:
    """The workers that are alive."""

    def __init__(self) -> None:
        self._workers: dict[int, int] = {}
        """Process id to number; a process that has not been waited for keeps its id."""

    def start(self, errand: Errand) -> None:
        """Forks."""
        assert threading.active_count() == 1
        if (process := os.fork()) != 0:
            self._workers[process] = errand.worker
            return
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for inherited in (0, 1):
            os.dup2(nothing, inherited)
        code = 1
        try:
            code = run(errand)
        finally:
            os._exit(code)

    def send(self, worker: int, number: int) -> None:
        """A signal, where it is still there."""
        for process, one in self._workers.items():
            if one == worker:
                os.kill(process, number)

    def reap(self) -> None:
        """Tells of those that are gone."""
        while self._workers:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            died = Died(worker=self._workers.pop(process), status=os.waitstatus_to_exitcode(status))
            os.write(1, line_of(died))

    def end(self) -> None:
        """Kills those that are left."""
        for process in self._workers:
            os.kill(process, signal.SIGKILL)
        for process in self._workers:
            os.waitpid(process, 0)


def _wake(_number: int, _frame: object) -> None:
    """That there is one has the interpreter write to the wakeup descriptor."""


async def _load() -> None:
    """Whatever a worker needs is loaded once, by doing it: a turn with a call that nobody answers."""
    import_module("psycopg")
    told: list[Record] = []
    with tempfile.TemporaryDirectory() as folder:
        async with opened(f"sqlite:///{folder}/store.db", NOWHERE, told.append, lease_seconds=1) as host:
            await host.conversation().ask(f"c: {LOOK}")


def _run(nursery: Nursery, wakes: int) -> None:
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(wakes, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if wakes in ready:
                os.read(wakes, _CHUNK)
                nursery.reap()
            if 0 not in ready:
                continue
            chunk = os.read(0, _CHUNK)
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            for order in map(order_of, lines):
                if order.errand is not None:
                    nursery.start(order.errand)
                else:
                    nursery.send(order.worker, order.signal)


def main() -> None:
    """Until the input ends."""
    anyio.run(_load)
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join()
    nursery = Nursery()
    wakes, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, _wake)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _run(nursery, wakes)
    finally:
        nursery.end()


if __name__ == "__main__":
    main()
