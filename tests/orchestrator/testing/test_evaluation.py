"""Counting the runs of a conversation, expectation by expectation (issue 6, live evaluation)."""

from __future__ import annotations

from orchestrator.model.base import Usage
from orchestrator.testing.format.places import Placed
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.live.evaluation import Evaluated, Run, evaluated, expected_of
from orchestrator.testing.live.rates import Rate
from orchestrator.testing.live.spending import Spent

FILE = """\
name: Homes
turns:
  - say: Find homes
    expect:
      text: {contains: [Seattle, homes]}
      calls: getListings
      judge: [Is it polite?, {question: Is it long?, answer: no}]
  - say: Save that
    decide: approve
    expect: {end: answered}
"""


def placed() -> Placed:
    file = read_conversations(FILE.encode(), "homes.conversation.yaml")
    assert file.problems == ()
    [conversation] = file.conversations
    return conversation


def failure(kind: str, pointer: str, message: str = "it differs") -> Failure:
    return Failure(kind=kind, pointer=pointer, line=1, column=1, message=message)


def counted(*runs: Run) -> Evaluated:
    return evaluated(placed(), "homes.conversation.yaml", runs)


def rates(found: Evaluated) -> dict[str, tuple[int, int]]:
    return {one.expected.at: (one.rate.held, one.rate.of) for one in found.expectations}


GOOD = Run(turns=((), ()))
NO_SEATTLE = failure("text", "/turns/0/expect/text/contains/0", "no Seattle")
NO_HOMES = failure("text", "/turns/0/expect/text/contains/1", "no homes")


def test_each_member_of_a_turn_is_an_expectation_and_so_is_its_end() -> None:
    found = [(one.at, one.kind, one.line) for one in expected_of(placed())]
    assert found == [
        ("/turns/0/expect/end", "end", 5),
        ("/turns/0/expect/text", "text", 5),
        ("/turns/0/expect/calls", "calls", 6),
        ("/turns/0/expect/judge/0", "judge", 7),
        ("/turns/0/expect/judge/1", "judge", 7),
        ("/turns/1/decide", "decide", 9),
        ("/turns/1/expect/end", "end", 10),
    ]


def test_a_run_passes_where_nothing_failed() -> None:
    found = counted(GOOD, Run(turns=((NO_SEATTLE,), ())), GOOD)
    assert (found.passed, found.is_passed) == (Rate(held=2, of=3), False)
    assert counted(GOOD, GOOD).is_passed


def test_several_failures_of_one_expectation_count_once() -> None:
    found = counted(GOOD, Run(turns=((NO_SEATTLE, NO_HOMES), ())))
    assert rates(found)["/turns/0/expect/text"] == (1, 2)
    assert rates(found)["/turns/0/expect/calls"] == (2, 2)


def test_the_example_is_of_the_failures_that_came_most_often() -> None:
    runs = [Run(turns=((one,), ())) for one in (NO_SEATTLE, NO_HOMES, NO_HOMES)]
    [text] = [one for one in counted(*runs).expectations if one.expected.kind == "text"]
    assert (text.example, text.example_runs) == (NO_HOMES, 2)


def test_questions_to_a_judge_are_told_apart() -> None:
    found = counted(GOOD, Run(turns=((failure("judge", "/turns/0/expect/judge/1"),), ())))
    assert rates(found)["/turns/0/expect/judge/0"] == (2, 2)
    assert rates(found)["/turns/0/expect/judge/1"] == (1, 2)


def test_a_turn_that_was_not_reached_is_not_counted() -> None:
    stuck = Run(turns=((failure("say", "/turns/0/say"),),), is_whole=False)
    found = counted(GOOD, stuck)
    assert rates(found)["/turns/1/decide"] == (1, 1)
    assert rates(found)["/turns/0/expect/text"] == (1, 1)
    assert rates(found)["/turns/0/say"] == (1, 2)
    assert found.passed == Rate(held=1, of=2)


def test_what_the_file_does_not_mention_is_counted_when_it_fails() -> None:
    left_open = failure("decide", "/turns/0/decide", "a question is open")
    found = counted(GOOD, Run(turns=((left_open,), ())), GOOD)
    assert rates(found)["/turns/0/decide"] == (2, 3)
    assert rates(found)["/turns/1/decide"] == (3, 3)


def test_a_broken_run_is_counted_apart_and_its_turns_before_count() -> None:
    found = counted(GOOD, Run(turns=((),), broken="no server"), Run(broken="no server"), Run(broken="no key"))
    assert (found.passed, found.is_passed, found.broken_runs, found.runs) == (Rate(held=1, of=1), False, 3, 4)
    assert found.broken == (("no server", 2), ("no key", 1))
    assert rates(found)["/turns/0/expect/text"] == (2, 2)
    assert rates(found)["/turns/1/decide"] == (1, 1)


def test_what_was_never_played_has_not_passed() -> None:
    assert not counted().is_passed


def test_what_runs_have_cost_is_summed() -> None:
    spent = Spent(usage=Usage(input_tokens=3, output_tokens=1), uncounted=1)
    found = counted(Run(spent=spent, seconds=1.0), Run(spent=spent, judge_spent=spent, seconds=2.0))
    assert found.spent == Spent(usage=Usage(input_tokens=6, output_tokens=2), uncounted=2)
    assert (found.judge_spent, found.seconds) == (spent, 3.0)
