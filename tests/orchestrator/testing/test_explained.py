"""`--explain`: every step of a turn, as a person reads it and as a program does (issue 6)."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.streams import MAX_COLUMNS, MIN_COLUMNS
from orchestrator.render.sanitize import clean
from orchestrator.testing.playing.outcome import Outcome
from orchestrator.testing.playing.reports import as_json
from orchestrator.testing.telling.explained_lines import WIDTH, lines_of_turn
from orchestrator.testing.telling.explanation import (
    MAX_TEXT,
    Excerpt,
    ExplainedCall,
    ExplainedCard,
    ExplainedExchange,
    ExplainedQuestion,
    ExplainedRequest,
    ExplainedTurn,
    excerpt,
)
from runtimes.values import dump_json, parse_json
from tests.orchestrator.testing.telling import CASES, told, told_everything
from tests.servers.example_service import EXAMPLES

TEXTS = st.text(max_size=200)
EXCERPTS = st.builds(Excerpt, text=TEXTS, left_out=st.integers(0, 10_000))
EXCHANGES = st.builds(
    ExplainedExchange,
    request=TEXTS,
    body=st.none() | EXCERPTS,
    status=st.none() | st.integers(100, 599),
    media_type=TEXTS,
    size=st.integers(0, 10_000),
    answer=st.none() | EXCERPTS,
    error=TEXTS,
)
QUESTIONS = st.builds(
    ExplainedQuestion, title=TEXTS, body=EXCERPTS, destination=TEXTS, answer=st.just("decline"), note=TEXTS
)
CALLS = st.builds(
    ExplainedCall,
    function=TEXTS,
    arguments=EXCERPTS,
    verdict=st.sampled_from(["", "allow", "ask", "deny"]),
    reasons=st.tuples(TEXTS),
    questions=st.tuples(QUESTIONS),
    exchanges=st.tuples(EXCHANGES),
    status=st.sampled_from(["returned", "error", "refused"]),
    told=EXCERPTS,
    text=EXCERPTS,
    citations=st.tuples(TEXTS, TEXTS),
    cards=st.tuples(st.builds(ExplainedCard, origin=st.just("static"), lines=st.tuples(TEXTS))),
    notes=st.tuples(TEXTS),
)
REQUESTS = st.builds(
    ExplainedRequest,
    number=st.integers(1, 99),
    state=st.just("reasoning"),
    why=TEXTS,
    offered=st.tuples(TEXTS, TEXTS),
    text=EXCERPTS,
    calls=st.tuples(CALLS),
)
TURNS = st.builds(
    ExplainedTurn,
    number=st.integers(1, 99),
    said=EXCERPTS,
    requests=st.tuples(REQUESTS),
    exchanges=st.tuples(EXCHANGES),
    answer=EXCERPTS,
    end=st.just("answered"),
    detail=TEXTS,
)


def explanation(outcome: Outcome) -> str:
    return "".join(f"{line}\n" for turn in outcome.explanation for line in lines_of_turn(turn))


async def test_everything_that_can_happen_to_a_call_is_told_in_order(tmp_path: Path) -> None:
    outcome = await told_everything(tmp_path)
    assert outcome.failures == ()
    assert explanation(outcome) == (CASES / "everything.txt").read_text(encoding="utf-8")


async def test_an_example_is_explained() -> None:
    outcomes = await told(EXAMPLES / "contoso_real_estate" / "conversations" / "homes.conversation.yaml")
    [saved] = [outcome for outcome in outcomes if outcome.name == "A search is saved and deleted"]
    assert explanation(saved) == (CASES / "saved_search.txt").read_text(encoding="utf-8")


async def test_programs_are_told_the_same(tmp_path: Path) -> None:
    outcome = await told_everything(tmp_path)
    written = parse_json(dump_json(as_json([outcome], (), 0)))
    assert isinstance(written, dict)
    match written:
        case {"conversations": [{"explanation": [{"requests": [{"calls": [first, *_], "number": 1}, *_]}, *_]}]}:
            assert first == parse_json(dump_json(asdict(outcome.explanation[0].requests[0].calls[0])))
        case _:
            raise AssertionError(written)


async def test_a_long_answer_is_cut_and_says_how_much_is_left_out(tmp_path: Path) -> None:
    long = "x" * 10_000
    outcome = await told_everything(tmp_path, ("There is no home 8", long))
    [*_, answer] = [
        exchange.answer
        for call in outcome.explanation[0].requests[1].calls
        for exchange in call.exchanges
        if exchange.status == 404 and exchange.answer is not None
        if "xxx" in exchange.answer.text
    ]
    whole = f'{{"error":{{"message":"{long}"}}}}'
    assert (answer.text, answer.left_out) == (whole[:MAX_TEXT], len(whole) - MAX_TEXT)
    assert f"… {answer.left_out:,} more characters\n" in explanation(outcome)


async def test_a_conversation_is_not_explained_unless_it_is_asked_for() -> None:
    [outcome, *_] = await told(EXAMPLES / "suno" / "conversations" / "songs.conversation.yaml", wanted=None)
    assert (outcome.explanation, outcome.transcript, outcome.coverage) == ((), (), None)


def test_an_excerpt_counts_what_is_known_to_follow() -> None:
    assert excerpt("ab", more=3) == Excerpt(text="ab", left_out=3)


@given(TURNS, st.just(WIDTH) | st.integers(MIN_COLUMNS - 2, MAX_COLUMNS))
def test_whatever_is_in_it_no_line_is_too_long_or_moves_a_terminal(turn: ExplainedTurn, width: int) -> None:
    lines = tuple(lines_of_turn(replace(turn, resumed=turn.requests[0].calls), width=width))
    assert [line for line in lines if len(line) > width] == []
    assert [line for line in lines if clean(line) != line or "\t" in line or "\n" in line] == []
