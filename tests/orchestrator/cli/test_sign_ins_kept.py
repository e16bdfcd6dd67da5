"""`orchestrator pending`, `approve`, `decline` and `history` over calls that wait for a sign-in. Issue 9, line 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.events import CallJudged, Fact, ReplyReceived, RequestedCall, SignInAsked, SignInDone, TurnStarted
from orchestrator.model.base import ModelCall
from tests.orchestrator.cli.kept_facts import HOSTILE, Run, asked, command_line, keep


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(tmp_path, capsys)


def unsigned(
    call_id: str, *, name: str = "mail", expires: float = 4e9, person: str = "me", words: str = "never given"
) -> tuple[Fact, ...]:
    call = RequestedCall(call_id=call_id, request=ModelCall(id="m", tool="read", arguments="{}"))
    return (
        TurnStarted(text="read my mail", person=person, documents={}),
        ReplyReceived(text="", calls=(call,)),
        CallJudged(call_id=call_id, plugin="post", function="read", arguments={}, verdict="allow", reasons=()),
        SignInAsked(
            call_id=call_id,
            name=name,
            sign_in="login",
            reason=words,
            expires=expires,
            scopes=("mail.read",),
            destination="https://api",
        ),
    )


def test_pending_lists_a_sign_in_with_the_command_to_run(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", unsigned("call1")), ("two", asked("other", expires=4e9)), wake=4e9)
    lines = run("pending").out.splitlines()
    start = lines.index("call1  read of post waits until you have signed in")
    assert lines[start + 1 : start + 4] == [
        "    run      orchestrator auth login mail",
        "    goes to  https://api",
        "    because  never given",
    ]
    assert any(line.startswith("other  order of") for line in lines)


def test_pending_tells_programs_of_sign_ins(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", unsigned("call1")), wake=4e9)
    told = json.loads(run("pending", "--json").out)
    assert told == {
        "questions": [],
        "sign_ins": [
            {
                "call_id": "call1",
                "name": "mail",
                "kind": "login",
                "reason": "never given",
                "scopes": ["mail.read"],
                "command": "orchestrator auth login mail",
                "plugin": "post",
                "function": "read",
                "destination": "https://api",
                "expires": 4e9,
                "conversation": "one",
                "conversation_title": "read my mail",
                "person": "me",
            }
        ],
    }


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("mail/part", "login mail/part"),
        ("a b; rm -rf ~", "login 'a b; rm -rf ~'"),
        ("$(id)", "login '$(id)'"),
        ("--help", "login -- --help"),
    ],
)
def test_the_name_that_an_author_chose_is_no_command(name: str, command: str, tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", unsigned("call1", name=name)), wake=4e9)
    assert f"    run      orchestrator auth {command}" in run("pending").out.splitlines()


def test_what_strangers_wrote_cannot_steer_a_terminal(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, (HOSTILE, unsigned("call1", name=HOSTILE, words=HOSTILE)), wake=4e9)
    for command in (("pending",), ("pending", "--json"), ("history",), ("history", HOSTILE), ("approve", "call1")):
        done = run(*command)
        assert "\x1b" not in done.out + done.err
        assert "\u202e" not in done.out + done.err


def test_an_expired_sign_in_is_not_waited_for(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", unsigned("call1", expires=1.0)), wake=1.0)
    assert run("pending").out == "nothing waits for an answer\n"


def test_the_list_of_conversations_says_that_one_waits_for_a_sign_in(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", unsigned("call1")), wake=4e9)
    assert "1 sign-in" in run("history").out
    [listed] = json.loads(run("history", "--json").out)["conversations"]
    assert (listed["questions"], listed["sign_ins"], listed["standing"]) == (0, 1, "waiting")


def test_a_transcript_tells_of_the_sign_in(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", (*unsigned("call1"), SignInDone(name="mail", by="me"))), wake=0.0)
    text = run("history", "one").out
    assert "- post · read needs you to sign in for https://api: \\`orchestrator auth login mail\\`: never given" in text
    assert "- signed in: mail" in text


def test_approving_a_call_that_waits_says_to_sign_in(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", unsigned("call1")), wake=4e9)
    done = run("approve", "call", "--yes")
    assert done.code == 2
    assert "waits until you have signed in: `orchestrator auth login mail`" in done.err
    assert len(json.loads(run("pending", "--json").out)["sign_ins"]) == 1


def test_a_call_that_waits_is_declined(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", unsigned("call1")), ("two", unsigned("call2")), wake=4e9)
    done = run("decline", "call1", "--yes")
    assert (done.code, done.out.startswith("declined: read of post does not run")) == (0, True)
    told = json.loads(run("decline", "call2", "--yes", "--json").out)
    assert (told["result"], told["sign_in"]["name"]) == ("accepted", "mail")
    assert run("pending").out == "nothing waits for an answer\n"


def test_calls_that_begin_alike_are_not_guessed_at(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", unsigned("call1")), ("two", asked("call2", expires=4e9)), wake=4e9)
    assert run("decline", "call", "--yes").code == 2
