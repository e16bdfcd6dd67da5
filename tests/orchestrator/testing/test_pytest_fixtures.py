"""The fixtures for conversations in Python, in tests that are coroutines and in tests that are none (issue 6)."""

from __future__ import annotations

import pytest

from tests.orchestrator.testing.nested import PLAIN, START, STRICT, homes, imported, outcomes, run

pytest_plugins = ["pytester"]

__all__ = ["homes", "imported"]
"""Fixtures of this module, found by their names."""


def test_a_test_that_is_no_coroutine_tells_a_conversation(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_homes(conversation):
    chat = conversation(plugins="plugin.json")
    turn = chat.say("Find home 1", model=FIND)
    turn.expect(calls=call("getHome", id="1"), requests="GET /homes/1", text="Oak Street")
    assert turn.reply.text == "It is in Oak Street."
    chat.say("Drop it", model=[call("dropHome", id="1"), {"phrase": "Shall I?"}]).expect(end="waiting")
    chat.decide("approve", model="Done.").expect(calls="dropHome")
""",
    )
    assert outcomes(result) == {"passed": 1}


def test_a_test_that_is_a_coroutine_awaits_the_turns(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.anyio
async def test_homes(conversation):
    chat = conversation(plugins="plugin.json")
    turn = await chat.say("Keep it", model=call("putHome", name="Elm Road"))
    turn.expect(end="waiting")
    turn = await chat.decide("approve", model=["Done.", "It is kept."])
    turn.expect(calls="putHome", text="kept")
""",
    )
    assert outcomes(result) == {"passed": 1}


def test_conversations_of_a_test_go_on_side_by_side(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.anyio
async def test_homes(conversation):
    async def find():
        turn = await conversation(plugins="plugin.json").say("Find home 1", model=FIND)
        turn.expect(calls="getHome", requests="GET /homes/1")

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(find)
""",
    )
    assert outcomes(result) == {"passed": 1}


def test_any_runner_of_coroutines_will_do(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
import asyncio
import inspect
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if inspect.iscoroutinefunction(pyfuncitem.obj):
        asyncio.run(pyfuncitem.obj(conversation=pyfuncitem.funcargs["conversation"]))
        return True
""")
    result = run(
        pytester,
        """
async def test_homes(conversation):
    turn = await conversation(plugins="plugin.json").say("Find home 1", model=FIND)
    turn.expect(calls="getHome")
""",
    )
    assert outcomes(result) == {"passed": 1}


@pytest.mark.parametrize("mark", ["", "@pytest.mark.anyio\nasync "])
def test_a_failure_is_told_at_the_line_of_the_test_alone(pytester: pytest.Pytester, mark: str) -> None:
    result = run(
        pytester,
        f"""
{mark}def test_homes(conversation):
    turn = {"await " if mark else ""}conversation(plugins="plugin.json").say("Find home 1", model=FIND)
    turn.expect(text="Elm Road")
""",
    )
    assert outcomes(result) == {"failed": 1}
    lines = result.outlines
    start = lines.index('>       turn.expect(text="Elm Road")')
    assert lines[start + 1 : start + 4] == [
        "E       AssertionError: text: the answer does not contain what it should",
        "E           expected: Elm Road",
        "E           came:     It is in Oak Street.",
    ]
    result.stdout.fnmatch_lines(["E         person *Find home 1", "E       > answer *It is in Oak Street."])
    assert "story.py" not in result.stdout.str()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('conversation(plugin="plugin.json")', "E*there is no member 'plugin' here; did you mean 'plugins'?"),
        (
            'conversation(plugins="nope.json").say("Hello", model="Hello.")',
            "E*Unplayable: *there is no file*nope.json*",
        ),
        ('conversation(plugins="plugin.json").say("Hello", modle="Hello.")', "E*there is no member 'modle' here*"),
        ('mock_api.stub(operation="getHome")', "E*member 'answer' is missing*"),
        ('scripted_model({"phrase": 1})', "E*'phrase' must be a text*"),
    ],
)
def test_a_mistake_is_told_at_the_line_of_the_test_alone(pytester: pytest.Pytester, line: str, told: str) -> None:
    result = run(pytester, f"\ndef test_homes(conversation, mock_api, scripted_model):\n    {line}\n")
    assert outcomes(result) == {"failed": 1}
    result.stdout.fnmatch_lines([f">*{line}".replace("[", "[[]"), told])
    assert not [
        name for name in ("written.py", "story.py", "threaded.py", "anyio") if f"{name}:" in result.stdout.str()
    ]


def test_a_turn_of_which_nothing_is_expected_fails_the_test_at_its_end(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_homes(conversation):
    conversation(plugins="plugin.json").say("Hello", model=["Hello.", "Bye."])

def test_model(scripted_model):
    scripted_model("Hello.")

def test_that_has_failed(conversation):
    conversation(plugins="plugin.json").say("Hello", model=["Hello.", "Bye."])
    assert 1 == 2
""",
    )
    assert outcomes(result) == {"failed": 3}
    result.stdout.fnmatch_lines(
        [
            "turn 1, of which nothing is expected:",
            "model: step 2 was not asked for",
            "reply 1 of the model was not asked for",
            "E*assert 1 == 2",
        ]
    )
    told = result.stdout.str().partition("short test summary info")[0]  # in CI a summary says all of it once more
    assert told.count("of which nothing is expected:") == 1


def test_the_mock_takes_stubs_and_has_the_requests(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_homes(conversation, mock_api):
    mock_api.stub(operation="getHome", times=1, answer={"json": {"name": "Elm Road"}})
    chat = conversation(plugins="plugin.json")
    chat.say("Find home 1", model=FIND).expect(citations="Elm Road")
    chat.say("Find home 1", model=FIND).expect(citations="Oak Street")
    assert [request.method for request in mock_api.requests] == ["GET", "GET"]
""",
    )
    assert outcomes(result) == {"passed": 1}


def test_a_host_of_its_own_is_opened_in_the_loop_of_the_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.anyio
async def test_homes(orchestrator_host, scripted_model, mock_api):
    mock_api.stub(operation="getHome", answer={"json": {"name": "Elm Road"}})
    model = scripted_model(*FIND)
    async with orchestrator_host(plugins="plugin.json", model=model) as host:
        reply = await host.conversation(person="ada").ask("Find home 1")
        outcome = await host.call("getHome", {"id": "2"})
    assert reply.text == "It is in Oak Street."
    assert outcome.payload == {"name": "Elm Road"}
    assert [request.url for request in mock_api.requests][1].endswith("/homes/2")
    assert "Elm Road" in model.requests[1].prompt
""",
    )
    assert outcomes(result) == {"passed": 1}


def test_paths_start_at_the_file_of_the_test(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("tests")
    source = """
def test_homes(conversation):
    chat = conversation(plugins="../plugin.json")
    turn = chat.say("Find home 1", model=FIND)
    turn.expect(cards={"snapshot": "home.json"})
"""
    (folder / "test_homes.py").write_text(START + source, encoding="utf-8")
    result = pytester.runpytest_inprocess(*PLAIN, *STRICT)
    assert outcomes(result) == {"failed": 1}
    result.stdout.fnmatch_lines(["E*home.json*"])
    assert outcomes(pytester.runpytest_inprocess(*PLAIN, "--orchestrator-update")) == {"passed": 1}
    assert "Oak Street" in (folder / "home.json").read_text(encoding="utf-8")
    assert outcomes(pytester.runpytest_inprocess(*PLAIN)) == {"passed": 1}
