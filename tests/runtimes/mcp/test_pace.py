"""How often something may happen."""

from __future__ import annotations

from runtimes.mcp.pace import Pace


def test_so_many_may_happen_at_once_and_then_one_after_the_other() -> None:
    pace = Pace(2, 0.5, 100.0)
    assert [pace.take(100.0) for _ in range(3)] == [True, True, False]
    assert pace.pause(100.0) == 2
    assert pace.pause(101.0) == 1
    assert [pace.take(102.0), pace.take(102.0)] == [True, False]


def test_no_more_than_those_at_once_are_saved_up() -> None:
    pace = Pace(2, 10, 0.0)
    assert [pace.take(1000.0) for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    pace = Pace(1, 1, 10.0)
    assert pace.take(10.0)
    assert not pace.take(5.0)
