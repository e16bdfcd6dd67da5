"""Earlier results: written, read, and held against later ones (issue 6, live evaluation)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.testing.live.baseline import Baseline, Worse, compared, read_baseline, written_baseline
from orchestrator.testing.live.evaluation import Counted, Evaluated, Expected
from orchestrator.testing.live.rates import Rate
from runtimes.values import Json, JsonObject

PATH = Path("results/base.json")
COUNTS = st.integers(0, 20).flatmap(lambda of: st.integers(0, of).map(lambda held: Rate(held=held, of=of)))


def conversation(name: str, passed: Rate, *texts: Rate, file: str = "a.conversation.yaml") -> Evaluated:
    return Evaluated(
        file=file,
        name=name,
        passed=passed,
        expectations=tuple(
            Counted(expected=Expected(turn=turn, kind="text", pointer="/expect/text"), rate=rate)
            for turn, rate in enumerate(texts)
        ),
        runs=passed.of,
    )


def read(text: str | bytes) -> Baseline:
    found = read_baseline(text if isinstance(text, bytes) else text.encode(), "base.json")
    assert isinstance(found, Baseline)
    return found


def against(before: Evaluated, now: Evaluated) -> tuple[Worse, ...] | None:
    [found] = compared([now], read(written_baseline("openai:x", [before], PATH)), PATH)
    return found


FULL, SIX, SEVEN = Rate(held=10, of=10), Rate(held=6, of=10), Rate(held=7, of=10)


@given(st.lists(st.tuples(st.text(max_size=5), COUNTS, COUNTS), max_size=4))
def test_a_baseline_reads_back_and_equal_results_are_written_alike(told: list[tuple[str, Rate, Rate]]) -> None:
    results = [conversation(name, passed, text) for name, passed, text in told]
    text = written_baseline("openai:x", results, PATH)
    kept = [(one.name, one.passed, one.of) for one in read(text).conversations]
    assert sorted(kept) == sorted((name, passed.held, passed.of) for name, passed, _ in told)
    by_name = sorted(results, key=lambda one: one.name)
    assert written_baseline("openai:x", by_name, PATH) == text


def test_files_are_named_from_where_the_baseline_lies() -> None:
    one = conversation("a", FULL, file="tests/deep/a.conversation.yaml")
    document = json.loads(written_baseline("openai:x", [one], Path("results/base.json")))
    assert document["conversations"][0]["file"] == "../tests/deep/a.conversation.yaml"


def test_a_conversation_that_passes_less_often_is_worse_where_chance_does_not_explain_it() -> None:
    before, now = conversation("a", FULL), conversation("a", SIX)
    assert against(before, now) == (Worse(expected=None, before=FULL, now=SIX),)
    assert against(before, conversation("a", SEVEN)) == ()
    assert against(now, before) == ()


def test_an_expectation_can_be_worse_while_the_conversation_is_not() -> None:
    before, now = conversation("a", SIX, FULL, SIX), conversation("a", SIX, SIX, FULL)
    found = against(before, now)
    assert found is not None
    assert [(one.expected.expected.at if one.expected else "", one.now) for one in found] == [
        ("/turns/0/expect/text", SIX)
    ]


def test_what_is_not_in_the_baseline_or_was_never_counted_cannot_be_compared() -> None:
    assert against(conversation("a", FULL), conversation("b", FULL)) is None
    assert against(conversation("a", Rate(held=0, of=0)), conversation("a", SIX)) is None


def test_conversations_with_one_name_are_told_apart_by_their_order() -> None:
    baseline = read(written_baseline("openai:x", [conversation("a", FULL), conversation("a", SIX)], PATH))
    first, second = compared([conversation("a", SIX), conversation("a", SIX)], baseline, PATH)
    assert first is not None
    assert len(first) == 1
    assert second == ()


def document(**members: Json) -> JsonObject:
    one: JsonObject = {"file": "a", "name": "b", "passed": 1, "of": 2, "expectations": [], **members}
    return {"format": 1, "model": "openai:x", "conversations": [one]}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"{", ":1:2: the baseline is no JSON: unexpected end of data"),
        (b"[]", ":1:1: the baseline cannot be read: it should be an object"),
        (b'{"format": 2, "model": "x"}', ":1:12: the baseline cannot be read: it should be 1"),
        (b'{"format": 1}', ":1:1: the baseline cannot be read: member 'model' is missing"),
        (json.dumps(document(passed=3)).encode(), "'passed' cannot be more than 'of'"),
        (json.dumps(document(passed=True)).encode(), "it should be a valid integer"),
        (json.dumps(document(of=10_001)).encode(), "it should be less than or equal to 10000"),
        (json.dumps(document(rate=1)).encode(), "there is no member 'rate' here"),
        (json.dumps(document(expectations=[{"at": "", "held": 2, "of": 1}])).encode(), "'held' cannot be more than"),
    ],
)
def test_a_mistake_is_named_at_its_place(data: bytes, told: str) -> None:
    found = read_baseline(data, "base.json")
    assert isinstance(found, tuple)
    [problem] = found
    assert told in f"{problem.place}: {problem.message}"
    assert problem.file == "base.json"
