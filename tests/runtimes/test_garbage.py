"""The collector rests while much is made, and only then."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from runtimes.garbage import collector_paused


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


class _Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def test_it_runs_again_afterwards_even_after_an_error() -> None:
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), collector_paused():
        raise KeyError
    assert gc.isenabled()


def test_one_that_was_off_stays_off() -> None:
    gc.disable()
    with collector_paused():
        pass
    assert not gc.isenabled()


def test_garbage_that_was_made_meanwhile_is_found_later() -> None:
    with collector_paused():
        ring = weakref.ref(_Ring())
        assert ring() is not None
    gc.collect()
    assert ring() is None


def test_what_the_process_froze_stays_frozen() -> None:
    gc.freeze()
    with collector_paused():
        pass
    assert gc.get_freeze_count() > 0


@pytest.mark.parametrize("first", [0, 1])
def test_it_runs_again_in_whatever_order_two_leave(first: int) -> None:
    stacks = [ExitStack(), ExitStack()]
    for stack in stacks:
        stack.enter_context(collector_paused())
    stacks[first].close()
    stacks[1 - first].close()
    assert gc.isenabled()


def test_it_runs_again_after_threads_that_overlap() -> None:
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait(5)
        for _ in range(200):
            with collector_paused():
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert gc.isenabled()
