"""What is told of an evaluation: for people, for programs and for build servers (issue 6)."""

from __future__ import annotations

from orchestrator.model.base import Usage
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.live.baseline import Worse
from orchestrator.testing.live.evaluation import Counted, Evaluated, Expected
from orchestrator.testing.live.live_report import Report, Verdict, as_json, as_lines, outcomes_of, summary
from orchestrator.testing.live.rates import Rate
from orchestrator.testing.live.spending import Bill, Price, Spent

NO_SEATTLE = Failure(
    kind="text",
    pointer="/turns/0/expect/text/contains/0",
    line=5,
    column=13,
    message="the answer does not contain what it should",
    details=(("expected", "Seattle"), ("came", "\x1b[1mTacoma")),
)
TEXT = Counted(
    expected=Expected(turn=0, kind="text", pointer="/expect/text", line=5, column=7),
    rate=Rate(held=6, of=10),
    example=NO_SEATTLE,
    example_runs=3,
)
END = Counted(expected=Expected(turn=0, kind="end", pointer="/expect/end"), rate=Rate(held=10, of=10))
SPENT = Spent(usage=Usage(input_tokens=12_000, output_tokens=400))
HOMES = Evaluated(
    file="a.conversation.yaml",
    name="Homes",
    passed=Rate(held=6, of=10),
    broken=(("plugins: no such file", 2),),
    expectations=(END, TEXT),
    spent=SPENT,
    seconds=24.0,
    runs=12,
)
CARS = Evaluated(file="a.conversation.yaml", name="Cars", passed=Rate(held=2, of=2), expectations=(END,), runs=2)
FULL = Rate(held=10, of=10)
BILL = Bill(model="openai:x", spent=SPENT, price=Price(input=0.25, output=2.0, currency="EUR"))


def report(*verdicts: Verdict, bill: Bill = BILL, judge: Bill | None = None, is_interrupted: bool = False) -> Report:
    return Report(verdicts=verdicts, bill=bill, judge_bill=judge, seconds=3.5, is_interrupted=is_interrupted)


def test_what_ever_failed_is_told_with_its_rate_and_the_failure_that_came_most_often() -> None:
    assert "\n".join(as_lines(report(Verdict(evaluated=HOMES), Verdict(evaluated=CARS)))) == (
        "a.conversation.yaml: Homes\n"
        "  broken, 2 of 12 runs: plugins: no such file\n"
        "  turn 1, text: held in 6/10 (31-83 %); 3 of 4 times:\n"
        "    a.conversation.yaml:5:13: text: the answer does not contain what it should\n"
        "        expected: Seattle\n"
        "        came:     Tacoma"
    )


def test_what_is_worse_is_told_with_what_it_was() -> None:
    worse = (Worse(expected=None, before=FULL, now=HOMES.passed), Worse(expected=TEXT, before=FULL, now=TEXT.rate))
    told = list(as_lines(report(Verdict(evaluated=HOMES, worse=worse))))
    assert told[2] == "  passed in 6/10 (31-83 %); worse than before: 10/10 (72-100 %), p = 0.043"
    assert told[3].startswith(
        "  turn 1, text: held in 6/10 (31-83 %); worse than before: 10/10 (72-100 %), p = 0.043; "
    )


def test_the_summary_counts_conversations_runs_tokens_and_money() -> None:
    assert list(summary(report(Verdict(evaluated=HOMES), Verdict(evaluated=CARS)))) == [
        "1 of 2 conversations passed in every run",
        "8 of 12 runs passed; 2 broken runs are not counted; 3.5 s",
        "model openai:x: 12,000 tokens in, 400 out, 0.0038 EUR",
    ]


def test_an_interrupted_play_says_so() -> None:
    [first, *_] = summary(report(Verdict(evaluated=CARS), is_interrupted=True))
    assert first == "interrupted: 1 of 1 conversations passed in every run"


def test_a_model_without_a_price_says_how_to_give_one() -> None:
    [*_, told] = summary(report(bill=Bill(model="openai:x", spent=SPENT)))
    assert told.endswith('12,000 tokens in, 400 out; for the cost, give [prices."openai:x"] in orchestrator.toml')


def test_a_server_that_counts_no_tokens_is_told_of() -> None:
    [*_, told] = summary(report(bill=Bill(model="openai:x", spent=Spent(uncounted=3))))
    assert told == "model openai:x: its server does not say how many tokens it has used"
    some = Spent(usage=SPENT.usage, uncounted=3)
    [*_, told] = summary(report(bill=Bill(model="openai:x", spent=some, price=Price())))
    assert told.endswith("0.0000 USD; 3 replies came without their tokens")


def test_the_judge_has_a_line_of_its_own() -> None:
    [*_, told] = summary(report(judge=Bill(model="openai:j", spent=SPENT, price=Price(input=1.0))))
    assert told == "judge openai:j: 12,000 tokens in, 400 out, 0.0120 USD"


def test_a_conversation_did_well_enough_where_it_is_no_worse_than_before_and_no_run_is_broken() -> None:
    whole = Evaluated(file="a", name="b", passed=Rate(held=6, of=10), runs=10)
    assert not Verdict(evaluated=whole).is_fine
    assert Verdict(evaluated=whole, worse=()).is_fine
    assert not Verdict(evaluated=HOMES, worse=()).is_fine
    assert not Verdict(evaluated=whole, worse=(Worse(expected=None, before=FULL, now=whole.passed),)).is_fine


def test_programs_are_told_all_of_it() -> None:
    worse = (Worse(expected=TEXT, before=FULL, now=TEXT.rate),)
    told = as_json(report(Verdict(evaluated=HOMES, worse=worse)))
    conversations = told.pop("conversations")
    assert isinstance(conversations, list)
    assert told == {
        "interrupted": False,
        "stopped": "",
        "passed": 0,
        "failed": 1,
        "seconds": 3.5,
        "model": {
            "model": "openai:x",
            "input_tokens": 12000,
            "output_tokens": 400,
            "uncounted_replies": 0,
            "cost": 0.0038,
            "currency": "EUR",
        },
        "judge": None,
        "problems": [],
    }
    [one] = conversations
    assert isinstance(one, dict)
    assert one["passed"] == {"held": 6, "of": 10, "low": 0.3127, "high": 0.8318}
    assert one["broken"] == [{"reason": "plugins: no such file", "runs": 2}]
    expectations = one["expectations"]
    assert isinstance(expectations, list)
    text = expectations[1]
    assert isinstance(text, dict)
    assert (text["at"], text["held"], text["of"]) == ("/turns/0/expect/text", 6, 10)
    assert isinstance(one["worse"], list)


def test_build_servers_hear_of_those_that_did_not_do_well_enough() -> None:
    homes, cars = outcomes_of([Verdict(evaluated=HOMES), Verdict(evaluated=CARS)])
    assert cars.is_passed
    assert [(one.kind, one.line, one.message) for one in homes.failures] == [
        ("broken", 0, "2 of 12 runs: plugins: no such file"),
        ("text", 5, "held in 6/10 (31-83 %): the answer does not contain what it should"),
    ]
