"""When a program is given up, and when one that has died may be started again, by a clock that is set by hand."""

from __future__ import annotations

from runtimes.local.supervision import (
    FIRST_PAUSE,
    MAX_PAUSE,
    MAX_STRAY_BYTES,
    PAUSING_DEATHS,
    STRAY_SECONDS,
    WINDOW,
    Restarts,
    Stall,
    Strays,
)


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


def test_what_comes_without_an_answer_is_counted_by_messages_and_by_bytes() -> None:
    strays = Strays(3)
    assert [strays.count(1, 1, 0.0) for _ in range(4)] == [
        "",
        "",
        "",
        "it has sent more than 3 messages and no answer among them",
    ]
    strays.forget()
    assert strays.count(1, MAX_STRAY_BYTES, 0.0) == ""
    assert strays.count(1, 1, 0.0) == f"it has sent more than {MAX_STRAY_BYTES} bytes and no answer among them"


def test_what_comes_slowly_may_go_on_for_ever() -> None:
    strays = Strays(3)
    assert not any(strays.count(1, 1, number * STRAY_SECONDS / 2) for number in range(100))


def test_a_stall_lasts_until_something_is_read() -> None:
    stall = Stall(10.0)
    seen = [(500, 0.0), (500, 4.0), (700, 8.0), (600, 9.0), (600, 20.0), (0, 21.0), (600, 22.0)]
    assert [stall.seconds_left(unread, now) for unread, now in seen] == [10.0, 6.0, 2.0, 10.0, -1.0, 10.0, 10.0]
