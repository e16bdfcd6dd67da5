"""Turns of conversations in Python that are given up, forgotten, or begun before the one before has ended (issue 6)."""

from __future__ import annotations

import pytest

from tests.orchestrator.testing.nested import PLAIN, START, STRICT, homes, imported, outcomes, run

pytest_plugins = ["pytester"]

__all__ = ["homes", "imported"]
"""Fixtures of this module, found by their names."""


def test_a_test_that_gives_up_does_not_wait_for_the_turn(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.anyio
async def test_homes(conversation, mock_api):
    mock_api.stub(operation="getHome", answer={"delay": 25, "json": {"name": "Elm Road"}})
    chat = conversation(plugins="plugin.json")
    with anyio.move_on_after(0.2) as scope:
        await chat.say("Find home 1", model=FIND)
    assert scope.cancelled_caught
""",
    )
    assert outcomes(result) == {"passed": 1}
    assert result.duration < 20


def test_a_turn_that_is_cancelled_has_ended_before_the_test_goes_on(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.anyio
async def test_homes(conversation, mock_api):
    mock_api.stub(operation="getHome", times=1, answer={"delay": 25, "json": {"name": "Elm Road"}})
    chat = conversation(plugins="plugin.json")
    with anyio.move_on_after(0.2):
        await chat.say("Find home 1", model=FIND)
    (await chat.say("Hello", model="Hello.")).expect(text="Hello.", requests=[])
""",
    )
    assert outcomes(result) == {"passed": 1}
    assert result.duration < 20


def test_a_conversation_has_one_turn_at_a_time(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import asyncio

@pytest.mark.anyio
async def test_homes(conversation, mock_api):
    mock_api.stub(operation="getHome", answer={"delay": 0.5, "json": {"name": "Elm Road"}})
    chat = conversation(plugins="plugin.json")
    first, second = await asyncio.gather(
        chat.say("Find home 1", model=FIND), chat.say("Bye", model="Bye."), return_exceptions=True
    )
    first.expect(citations="Elm Road")
    raise second
""",
    )
    assert outcomes(result) == {"failed": 1}
    result.stdout.fnmatch_lines(["E*UsageError: a conversation has one turn at a time: await the turn before"])


def test_a_turn_that_nobody_awaits_fails_the_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.anyio
async def test_homes(conversation):
    conversation(plugins="plugin.json").say("Hello", model="Hello.")
""",
    )
    assert outcomes(result) == {"failed": 1}
    result.stdout.fnmatch_lines(["a turn was not awaited, and so not played: write 'await' before *"])


def test_a_coroutine_that_hypothesis_calls_awaits_its_turns(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        START
        + """
from hypothesis import HealthCheck, given, settings, strategies

@pytest.mark.anyio
@settings(max_examples=2, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.integers())
async def test_homes(conversation, number):
    (await conversation(plugins="plugin.json").say(f"Find {number}", model="Here.")).expect(text="Here.")
"""
    )
    assert outcomes(pytester.runpytest_inprocess(*PLAIN[:4], *STRICT)) == {"passed": 1}


def test_a_stub_for_an_operation_that_no_api_has_fails_the_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_homes(conversation, mock_api):
    mock_api.stub(operation="getHom", answer=503)
    conversation(plugins="plugin.json").say("Find home 1", model=FIND).expect(calls="getHome")
""",
    )
    assert outcomes(result) == {"failed": 1}
    result.stdout.fnmatch_lines(["a stub of the mock: there is no operation 'getHom'; did you mean 'getHome'*"])
