"""Conversation files are tests of pytest, wherever the distribution is installed (issue 6)."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import anyio
import pytest

from tests.orchestrator.testing.nested import PLAIN, STRICT
from tests.orchestrator.testing.playing import DROP, FIND, played, write_conversation, write_plugin

pytest_plugins = ["pytester"]

TWO = """
conversations:
  - name: It is found
    tags: [smoke, needs-home]
    turns:
      - say: Find home 1
        model: [{call: getHome, with: {id: "1"}}, It is in Oak Street.]
        expect: {calls: getHome}
  - name: It is in Elm Road
    turns:
      - say: Find home 1
        model: [{call: getHome, with: {id: "1"}}, It is in Oak Street.]
        expect: {text: Elm Road}
"""
PATIENCE = 120.0
"""Seconds for a run in another process."""


@pytest.fixture(scope="module", autouse=True)
def imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """pytester forgets what a run in this process is the first to import, and few modules can be imported twice."""
    folder = tmp_path_factory.mktemp("imported")
    anyio.run(played, folder, f"{FIND}    expect: {{cards: {{paths: {{$.type: AdaptiveCard}}}}}}\n")


@pytest.fixture(autouse=True)
def homes(pytester: pytest.Pytester) -> None:
    write_plugin(pytester.path)


def outcomes(result: pytest.RunResult) -> dict[str, int]:
    """How many passed, failed and so on, without the words for one of them."""
    return {name.removesuffix("s"): count for name, count in result.parseoutcomes().items()}


def test_each_conversation_is_a_test(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("homes")
    write_plugin(folder)
    write_conversation(folder, TWO, "two")
    write_conversation(pytester.path, FIND)
    result = pytester.runpytest_inprocess(*PLAIN, "--co", "-q")
    assert result.outlines[:3] == [
        "homes/two.conversation.yaml::It is found",
        "homes/two.conversation.yaml::It is in Elm Road",
        "one.conversation.yaml::one",
    ]


def test_a_test_is_where_the_conversation_is(pytester: pytest.Pytester) -> None:
    path = write_conversation(pytester.path, TWO)
    items, _ = pytester.inline_genitems(*PLAIN, path)  # pyright: ignore[reportUnknownMemberType]  # untyped
    assert [item.reportinfo() for item in items] == [(path, 3, "It is found"), (path, 9, "It is in Elm Road")]


def test_a_failure_is_told_at_its_place_with_the_turn_around_it(pytester: pytest.Pytester) -> None:
    write_conversation(pytester.path, TWO)
    result = pytester.runpytest_inprocess(*PLAIN)
    assert outcomes(result) == {"passed": 1, "failed": 1}
    start = result.outlines.index("______________________________ It is in Elm Road _______________________________")
    assert result.outlines[start + 1 : start + 6] == [
        "one.conversation.yaml:14:24: text: the answer does not contain what it should",
        "    expected: Elm Road",
        "    came:     It is in Oak Street.",
        "",
        "turn 1",
    ]
    assert "Traceback" not in result.stdout.str()
    result.stdout.fnmatch_lines(["FAILED one.conversation.yaml::It is in Elm Road - *"])


def test_a_conversation_that_cannot_begin_is_told_too(pytester: pytest.Pytester) -> None:
    write_conversation(pytester.path, f"plugins: nope.json{FIND}")
    result = pytester.runpytest_inprocess(*PLAIN)
    assert outcomes(result) == {"failed": 1}
    result.stdout.fnmatch_lines(["one.conversation.yaml:1:10: plugins: *nope.json*"])


@pytest.mark.parametrize("chosen", [("-k", "found"), ("-m", "smoke"), ("-k", "needs-home")])
def test_tests_are_chosen_by_name_and_by_tag(pytester: pytest.Pytester, chosen: tuple[str, str]) -> None:
    write_conversation(pytester.path, TWO)
    result = pytester.runpytest_inprocess(*PLAIN, "--strict-markers", *chosen)
    assert outcomes(result) == {"passed": 1, "deselected": 1}


def test_a_tag_that_can_be_no_marker_is_a_word_for_choosing_all_the_same(pytester: pytest.Pytester) -> None:
    write_conversation(pytester.path, f"tags: [_odd, 'of 2']{FIND}")
    result = pytester.runpytest_inprocess(*PLAIN, "--strict-markers", *STRICT, "-k", "_odd")
    assert outcomes(result) == {"passed": 1}


def test_a_test_is_named_on_the_command_line(pytester: pytest.Pytester) -> None:
    write_conversation(pytester.path, TWO)
    result = pytester.runpytest_inprocess(*PLAIN, "one.conversation.yaml::It is found")
    assert outcomes(result) == {"passed": 1}


def test_conversations_of_one_name_are_told_apart(pytester: pytest.Pytester) -> None:
    turns = 'turns: [{say: "Hello", model: "Hello."}]'
    write_conversation(pytester.path, f'conversations: [{{name: "a::b", {turns}}}, {{name: "a::b", {turns}}}]\n')
    items, _ = pytester.inline_genitems(*PLAIN)  # pyright: ignore[reportUnknownMemberType]  # untyped
    assert [item.nodeid for item in items] == ["one.conversation.yaml::a:b", "one.conversation.yaml::a:b (2)"]


def test_all_mistakes_of_a_file_are_one_error(pytester: pytest.Pytester) -> None:
    write_conversation(pytester.path, "turns:\n  - {say: Hello, modle: Hello.}\n  - {say: Bye, expect: {txet: Bye}}\n")
    result = pytester.runpytest_inprocess(*PLAIN)
    assert (outcomes(result), result.ret) == ({"error": 1}, pytest.ExitCode.INTERRUPTED)
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting one.conversation.yaml*",
            "one.conversation.yaml:3:18: there is no member 'modle' here; did you mean 'model'?",
            "one.conversation.yaml:4:25: there is no member 'txet' here; did you mean 'text'?",
        ],
        consecutive=True,
    )
    assert "Traceback" not in result.stdout.str()


def test_files_are_left_alone_where_a_project_says_so_unless_they_are_named(pytester: pytest.Pytester) -> None:
    write_conversation(pytester.path, FIND)
    pytester.makeini("[pytest]\norchestrator_conversations = false\n")
    assert pytester.runpytest_inprocess(*PLAIN).ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert outcomes(pytester.runpytest_inprocess(*PLAIN, "one.conversation.yaml")) == {"passed": 1}


def test_it_stops_at_the_first_failure_and_writes_junit(pytester: pytest.Pytester) -> None:
    wrong = "turns: [{say: Hello, model: Hello., expect: {text: Bye}}]\n"
    for name in ("a", "b"):
        write_conversation(pytester.path, wrong, name)
    result = pytester.runpytest_inprocess(*PLAIN, "-x", "--junitxml", "report.xml")
    assert outcomes(result) == {"failed": 1}
    [case] = ElementTree.parse(pytester.path / "report.xml").getroot().iter("testcase")
    failure = case.find("failure")
    assert (case.get("classname"), case.get("name")) == ("a.conversation.yaml", "a")
    assert failure is not None
    assert (failure.text or "").startswith("a.conversation.yaml:2:52: text: the answer does not contain")


def test_snapshots_are_written_anew(pytester: pytest.Pytester) -> None:
    write_conversation(pytester.path, f"{FIND}    expect: {{cards: {{snapshot: cards/home.json}}}}\n")
    assert outcomes(pytester.runpytest_inprocess(*PLAIN)) == {"failed": 1}
    assert outcomes(pytester.runpytest_inprocess(*PLAIN, "--orchestrator-update")) == {"passed": 1}
    assert "Oak Street" in (pytester.path / "cards" / "home.json").read_text(encoding="utf-8")
    assert outcomes(pytester.runpytest_inprocess(*PLAIN)) == {"passed": 1}


def test_files_are_played_in_several_processes_and_in_any_order(pytester: pytest.Pytester) -> None:
    for name in ("a", "b", "c"):
        write_conversation(pytester.path, TWO, name)
    write_conversation(pytester.path, f"{DROP}    decide: approve\n", "d")
    result = pytester.runpytest_subprocess("-n", "2", "--dist", "load", timeout=PATIENCE)
    assert outcomes(result) == {"passed": 4, "failed": 3}
    told = result.stdout.str().partition("short test summary info")[0]  # in CI a summary says all of it once more
    assert told.count("text: the answer does not contain what it should") == 3


def test_a_run_without_conversations_loads_nothing_for_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_nothing():
            heavy = {"pydantic", "httpx2", "openai", "yaml", "jsonschema_rs", "liquid", "rich", "orjson"}
            assert "orchestrator.testing.python.pytest_plugin" in sys.modules
            assert heavy.isdisjoint(sys.modules)
            assert not any(name.startswith(("runtimes.", "orchestrator.manifest")) for name in sys.modules)
    """)
    assert outcomes(pytester.runpytest_subprocess(*PLAIN, timeout=PATIENCE)) == {"passed": 1}


def test_failed_rows_of_a_table_are_played_again_beside_another_failure(pytester: pytest.Pytester) -> None:
    turns = 'turns: [{say: "Homes in $(city)", model: Hello., expect: {text: "$(city)"}}]'
    write_conversation(
        pytester.path, f"conversations: [{{name: table, parameters: [{{city: A}}, {{city: B}}], {turns}}}]\n"
    )
    pytester.makepyfile("def test_other(): assert 0")
    options = [*PLAIN[:2], *PLAIN[4:]]  # with the cache
    assert outcomes(pytester.runpytest_inprocess(*options)) == {"failed": 3}
    result = pytester.runpytest_inprocess(*options, "--lf")
    assert outcomes(result) == {"failed": 3}
    result.stdout.fnmatch_lines(["FAILED one.conversation.yaml::table (city=A) - *"])
    result = pytester.runpytest_inprocess(*PLAIN, "one.conversation.yaml::table (city=B)", "--junitxml", "report.xml")
    assert outcomes(result) == {"failed": 1}
    [case] = ElementTree.parse(pytester.path / "report.xml").getroot().iter("testcase")
    assert (case.get("classname"), case.get("name")) == ("one.conversation.yaml", "table (city=B)")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no alarm")
def test_a_conversation_that_a_time_limit_breaks_off_leaves_the_next_ones_alone(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
import signal
import pytest

def ring(*_):
    pytest.fail("it takes too long", pytrace=False)

@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.5 if item.name == "slow" else 0)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
""")
    slow = 'turns: [{say: Find it, model: [{call: getHome, with: {id: "1"}}, There.]}]'
    stubs = "stubs: [{operation: getHome, answer: {delay: 20}}]"
    quick = "turns: [{say: Hello, model: Hello.}]"
    text = f"- {{name: slow, api: {{{stubs}}}, {slow}}}\n- {{name: one, {quick}}}\n- {{name: two, {quick}}}\n"
    write_conversation(pytester.path, f"conversations:\n{text}")
    result = pytester.runpytest_inprocess(*PLAIN)
    assert outcomes(result) == {"failed": 1, "passed": 2}
    result.stdout.fnmatch_lines(["it takes too long"])


def test_a_tag_that_pytest_has_a_meaning_for_is_only_a_word_for_choosing(pytester: pytest.Pytester) -> None:
    write_conversation(pytester.path, f"tags: [xfail, skip, parametrize, usefixtures]{FIND}    expect: {{text: Elm}}\n")
    assert outcomes(pytester.runpytest_inprocess(*PLAIN, *STRICT)) == {"failed": 1}
    assert outcomes(pytester.runpytest_inprocess(*PLAIN, "-k", "xfail")) == {"failed": 1}
