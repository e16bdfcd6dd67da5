"""From runs to figures and to the page (issue 7)."""

from __future__ import annotations

import pytest

from benchmarks.agentdojo.dojo import Suite
from benchmarks.agentdojo.page import BEGIN, END, section, with_section
from benchmarks.agentdojo.plan import NOBODY, ROWS, Piece, pairs_of, pieces_of, sampled, shares, tasks_of
from benchmarks.agentdojo.records import Held, Record, figures, held_calls, probed
from benchmarks.agentdojo.stage import Approves

SUITES = {
    "small": Suite(user_tasks=("a", "b"), injection_tasks=("x", "y", "z"), tools=()),
    "other": Suite(user_tasks=("c",), injection_tasks=("x",), tools=()),
}


def _benign(approves: Approves, at_most: int | None, *, is_done: bool, questions: int = 0) -> Record:
    return Record(
        row="standard",
        kind="benign",
        version="v1.1.2",
        suite="s",
        user_task="a",
        approves=approves,
        at_most=at_most,
        is_done=is_done,
        questions=questions,
        held=(Held(tool="send", verdict="ask", reasons=("method: POST",)),) if questions else (),
    )


def _attack(approves: Approves, *, is_attacked: bool, attempts: int, effects: int = 0) -> Record:
    return Record(
        row="standard",
        kind="attack",
        version="v1.1.2",
        suite="s",
        user_task="a",
        injection_task="x",
        approves=approves,
        is_attacked=is_attacked,
        attempts=attempts,
        read=1,
        effects=effects,
    )


RECORDS = (
    _benign("nobody", None, is_done=False),
    _benign("nobody", None, is_done=True),
    *(_benign("reference", most, is_done=most > 1, questions=2) for most in range(1, 6)),
    _benign("reference", None, is_done=True, questions=2),
    _attack("nobody", is_attacked=True, attempts=0),
    _attack("nobody", is_attacked=True, attempts=2),
    _attack("nobody", is_attacked=False, attempts=2),
    _attack("reference", is_attacked=True, attempts=1, effects=1),
)


def test_the_figures_count_each_kind_of_run_once() -> None:
    known = figures(RECORDS, "standard", "v1.1.2")
    assert (known.attacks, known.pairs, known.text_only, known.careful_attacks) == (2, 3, 1, 1)
    assert (known.read, known.effects) == (3, 1)
    assert (known.done, known.tasks, known.questions_per_task) == ((1, 0, 1, 1, 1, 1, 1), 1, 2.0)


def test_what_was_held_is_told_with_its_reasons() -> None:
    assert list(held_calls(RECORDS, "standard", "v1.1.2")) == ["s a (done): ask send: method: POST"]


def test_a_probe_counts_its_runs_and_what_came_through() -> None:
    runs = [
        Record(
            row="strict",
            kind="closing",
            version="v1.2.2",
            suite="s",
            user_task="a",
            attempts=4,
            effects=1,
            is_attacked=True,
        ),
        Record(row="strict", kind="closing", version="v1.2.2", suite="s", user_task="b", attempts=4),
    ]
    known = probed(runs, "strict", "v1.2.2", "closing")
    assert (known.runs, known.attempts, known.effects, known.came_through) == (2, 8, 1, 1)


def test_the_section_has_the_rows_that_were_played_and_goes_between_the_markers() -> None:
    text = section(RECORDS)
    assert "### v1.1.2: 3 attacks on 1 tasks" in text
    assert "| `standard` | 2 of 3 | 1 | 1 of 3 | 3 | 1 |" in text
    assert "| `standard` | 1 (100%) | 0 (0%) | 1 (100%) | 1 (100%) | 1 (100%) | 2.00 |" in text
    assert "v1.2.2" not in text
    page = f"# Security\n\n{BEGIN}\nold\n{END}\n\nmore\n"
    written = with_section(page, text)
    assert written == f"# Security\n\n{BEGIN}\n\n{text}\n\n{END}\n\nmore\n"
    assert with_section(written, text) == written


def test_a_page_without_markers_is_not_written_to() -> None:
    with pytest.raises(ValueError, match="to write between"):
        with_section("# Security\n", "figures")


def test_every_pair_and_task_is_planned_for_every_row_and_shared_out() -> None:
    tasks, pairs = tasks_of("v1.2.2", SUITES), pairs_of("v1.2.2", SUITES)
    assert (len(tasks), len(pairs)) == (3, 7)
    pieces = list(pieces_of(tasks, pairs, probes=True))
    for row in ROWS:
        ours = [piece for piece in pieces if piece.row is row]
        attacked = [task for piece in ours if piece.kind == "attack" for task in piece.tasks]
        assert sorted(attacked, key=str) == sorted(pairs * len(row.attacked), key=str)
        assert any(piece.kind == "closing" for piece in ours) == row.is_probed
    shared = shares(pieces, 3)
    assert sorted(map(repr, pieces)) == sorted(repr(piece) for share in shared for piece in share)
    assert max(len(share) for share in shared) < len(pieces)


def test_pieces_are_of_one_suite_and_bounded() -> None:
    many = {"small": Suite(user_tasks=tuple(map(str, range(30))), injection_tasks=tuple("abcdefgh"), tools=())}
    pieces = [one for one in pieces_of((), pairs_of("v1", {**SUITES, **many}), probes=False) if one.row is ROWS[0]]
    assert [len(piece.tasks) for piece in pieces] == [100, 100, 40, 1]
    assert all(len({task.suite for task in piece.tasks}) == 1 for piece in pieces)


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    pairs = pairs_of("v1.2.2", SUITES)
    assert sampled(pairs, 3, 1) == sampled(pairs, 3, 1)
    assert len(sampled(pairs, 3, 1)) == 3
    assert sampled(pairs, None, 1) == sampled(pairs, 99, 1) == pairs


def test_a_piece_of_long_answers_or_of_probes_costs_more() -> None:
    task, other = tasks_of("v1", {"workspace": SUITES["small"]})[0], tasks_of("v1", SUITES)[0]
    cost = {
        (kind, one.suite): Piece(row=ROWS[0], kind=kind, person=NOBODY, tasks=(one,)).cost
        for kind in ("attack", "closing")
        for one in (task, other)
    }
    assert cost["attack", "small"] < cost["attack", "workspace"] < cost["closing", "workspace"]
