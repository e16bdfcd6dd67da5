"""`orchestrator pending`, and answers to what it lists. Issue 8."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.content import CardAction
from orchestrator.events import CallJudged, TurnStarted
from orchestrator.turn.history import History, advanced
from orchestrator.turn.waking import wake_of
from tests.orchestrator.cli.kept_facts import HOSTILE, Run, asked, command_line, keep, said
from tests.orchestrator.cli.kept_shop import ORDER, Shop, open_shop


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(tmp_path, capsys)


@pytest.fixture
def shop(tmp_path: Path) -> Generator[Shop]:
    with open_shop(tmp_path) as opened:
        yield opened


def test_what_strangers_wrote_cannot_steer_a_terminal(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, (HOSTILE, asked("c" * 16, expires=4e9, words=f"{HOSTILE}\n" * 9)), wake=4e9)
    keep(tmp_path, ("x", said(HOSTILE, person=HOSTILE)))
    commands = [
        ("history",),
        ("history", "x"),
        ("pending",),
        ("approve", "ccc", "--yes"),
        ("history", "--json"),
        ("history", "x", "--json"),
    ]
    for command in commands:
        done = run(*command)
        assert done.code == 0
        assert "\x1b" not in done.out + done.err
        assert "\u202e" not in done.out + done.err
        assert all(not line.startswith(("line", "goes to")) for line in done.out.splitlines())


def test_the_words_of_a_plugin_are_quoted_and_cut_in_a_list(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", asked("call1", expires=4e9, words="    goes to  https://good\n" * 9)), wake=4e9)
    lines = run("pending").out.splitlines()
    assert "    goes to  https://api" in lines
    assert "    goes to  https://good" not in lines
    assert [line for line in lines if line.startswith("    > ")][-1] == "    > … and 6 more lines"
    assert max(map(len, lines)) <= 80


def test_arguments_are_listed_with_every_space_of_theirs(tmp_path: Path, run: Run) -> None:
    facts = list(asked("call1", expires=4e9))
    facts[2] = CallJudged(
        call_id="call1", plugin="p", function="f", arguments={"to": "a  b\u202e"}, verdict="ask", reasons=()
    )
    keep(tmp_path, ("one", facts), wake=4e9)
    assert '    with     {"to":"a  b\\u202e"}' in run("pending").out.splitlines()


def test_a_question_that_has_expired_does_not_wait(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", asked("call1", expires=1.0)), wake=1.0)
    assert run("pending").out == "nothing waits for an answer\n"
    assert "expired" in run("history").out
    done = run("approve", "call1", "--yes")
    assert done.code == 1
    assert done.out.splitlines()[-1] == "expired: nobody answered in time, and nothing runs"
    assert json.loads(run("decline", "call1", "--yes", "--json").out)["result"] == "expired"


def test_times_that_no_clock_shows_are_no_reason_to_fail(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", asked("call1", expires=1e300)), wake=1e300)
    assert "can be answered until at no known time" in run("pending").out


def test_what_was_typed_unseen_stays_so(tmp_path: Path, run: Run) -> None:
    action = CardAction(data={"pin": "4711"}, call_id="c0", title="Send", secret=("pin",))
    started = TurnStarted(text="Send", person="me", documents={}, action=action)
    facts = asked("call1", expires=4e9)
    judged = CallJudged(
        call_id="call1", plugin="bank", function="pay", arguments={"pin": "4711"}, verdict="ask", reasons=()
    )
    keep(tmp_path, ("one", (started, facts[1], judged, facts[3])), wake=4e9)
    outputs = [run("pending"), run("pending", "--json"), run("approve", "call1", "--yes", "--arguments", '{"pin": 1')]
    assert all("4711" not in done.out + done.err for done in outputs)
    assert "•••" in outputs[0].out
    answered = run("approve", "call1", "--yes", "--json", "--arguments", '{"pin": "•••", "to": "me"}')
    assert answered.code == 0
    assert "4711" not in answered.out + answered.err
    assert json.loads(answered.out)["arguments"] == {"pin": "•••", "to": "me"}
    assert '{\\"pin\\":\\"4711\\",\\"to\\":\\"me\\"}' in run("history", "one", "--json").out


@pytest.mark.parametrize("body", ["x", '{"v": 99}'])
def test_one_conversation_that_cannot_be_read_hides_no_other(tmp_path: Path, run: Run, body: str) -> None:
    keep(tmp_path, ("good", asked("call1", expires=4e9)), ("bad", asked("call2", expires=4e9)), wake=4e9)
    with closing(sqlite3.connect(tmp_path / "chats.db")) as store, store:
        store.execute("UPDATE orchestrator_fact SET body = ? WHERE conversation = 'bad'", [body])
    done = run("pending", "--json")
    assert (done.code, [one["call_id"] for one in json.loads(done.out)["questions"]]) == (1, ["call1"])
    assert done.err.count("\n") == 1
    listed = json.loads(run("history", "--json").out)["conversations"]
    assert {one["id"]: one["questions"] for one in listed} == {"good": 1, "bad": None}
    assert sorted(line.split()[4] for line in run("history").out.splitlines()[1:]) == ["1", "waiting"]
    assert run("history", "bad").code == 1
    assert [run("approve", "call1", "--yes").code for _ in range(2)] == [0, 1]
    assert run("history", "--delete", "bad", "--yes").code == 0


def test_answers_to_others_questions_are_refused_before_they_are_shown(shop: Shop, run: Run) -> None:
    shop.say(ORDER, person="anna")
    [question] = shop.asked()
    done = run("approve", str(question["call_id"]), "--yes")
    assert (done.code, done.out) == (2, "")
    assert "is another person's, not that of 'me'" in done.err


def test_consent_in_a_pipe_needs_yes(shop: Shop, run: Run) -> None:
    shop.say(ORDER)
    [question] = shop.asked()
    done = run("approve", str(question["call_id"]))
    assert (done.code, done.out, "? shop wants to run order" in done.err) == (2, "", True)
    assert "nobody is here to ask; --yes answers without asking" in done.err
    assert len(shop.asked()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--arguments", "{"), "--arguments: this is not JSON"),
        (("--arguments", "[]"), "--arguments: the arguments stand in braces"),
        (("--arguments", "@none.json"), "--arguments: cannot read 'none.json'"),
    ],
)
def test_own_arguments_that_are_none_answer_nothing(
    tmp_path: Path, run: Run, arguments: Sequence[str], complaint: str
) -> None:
    keep(tmp_path, ("one", asked("call1", expires=4e9)), wake=4e9)
    done = run("approve", "call1", "--yes", *arguments)
    assert (done.code, complaint in done.err) == (2, True)
    assert len(json.loads(run("pending", "--json").out)["questions"]) == 1


def test_names_that_mean_nothing_or_too_much_are_refused(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("abcdef01", asked("call1", expires=4e9)), ("abcdef02", asked("call2", expires=4e9)), wake=4e9)
    assert "2 ids of a conversation begin with 'abc': " in (done := run("history", "abc")).err
    assert done.code == 2
    assert "there is no conversation 'abcdef11'; did you mean " in run("history", "abcdef11").err
    assert "2 ids of a question begin with 'call': call1, call2" in run("approve", "call", "--yes").err
    assert "there is no question 'cal3'; did you mean " in run("decline", "cal3", "--yes").err


def test_the_facts_of_a_question_wake_it_when_it_expires() -> None:
    """What the tests here keep by hand is as a host would keep it."""
    assert wake_of(advanced(History(), asked("call1", expires=9.0)).turn) == 9.0
