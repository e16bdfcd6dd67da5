"""When a program that has died may be started again, by a clock that is set by hand."""

from __future__ import annotations

from runtimes.local.supervision import FIRST_PAUSE, MAX_PAUSE, PAUSING_DEATHS, WINDOW, Restarts


def pauses(deaths: int, every: float = 0.0) -> list[float]:
    """The pause right after each death."""
    restarts = Restarts()
    found: list[float] = []
    for number in range(deaths):
        restarts.died(number * every)
        found.append(restarts.pause(number * every))
    return found


def test_the_first_deaths_are_followed_by_a_start_at_once_and_the_next_by_ever_longer_pauses() -> None:
    assert pauses(10) == [0, 0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert PAUSING_DEATHS == 3
    assert FIRST_PAUSE == 1.0


def test_a_pause_ends() -> None:
    restarts = Restarts()
    for _ in range(4):
        restarts.died(100.0)
    assert [restarts.pause(100.0 + passed) for passed in (0.5, 1.5, 2.0, 50.0)] == [1.5, 0.5, 0.0, 0.0]


def test_a_program_that_lives_for_long_enough_is_healthy_again() -> None:
    assert pauses(10, every=WINDOW + 1) == [0] * 10
    restarts = Restarts()
    for _ in range(5):
        restarts.died(0.0)
    restarts.died(WINDOW + 1)
    assert (restarts.deaths, restarts.pause(WINDOW + 1)) == (1, 0.0)


def test_the_pause_does_not_grow_without_end_however_often_it_dies() -> None:
    restarts = Restarts()
    for _ in range(10_000):
        restarts.died(0.0)
    assert restarts.pause(0.0) == MAX_PAUSE
