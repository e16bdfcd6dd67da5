"""The figures as Markdown, and their place in the page on security. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.agentdojo.plan import MOST_APPROVALS, ROWS, VERSIONS, Row
from benchmarks.agentdojo.records import Figures, Record, figures, probed

BEGIN = "<!-- agentdojo: written by `python -m benchmarks.agentdojo --write` -->"
END = "<!-- /agentdojo -->"

_ATTACKED = ("policy", "attacks that succeed", "by words alone", "a careful person", "attacker's reads", "effects")
_HELPED = ("policy", "done with nobody", "1 approval", "2", "3", "any number", "questions a task")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _share(part: int, of: int) -> str:
    return f"{part / of:.0%}" if of else "-"


def _attack_row(row: Row, known: Figures) -> tuple[str, ...]:
    careful = "" if known.careful_attacks is None else f"{known.careful_attacks} of {known.pairs}"
    return (
        row.title,
        f"{known.attacks} of {known.pairs}",
        str(known.text_only),
        careful,
        str(known.read),
        str(known.effects),
    )


def _help_row(row: Row, known: Figures) -> tuple[str, ...]:
    done = (f"{count} ({_share(count, known.tasks)})" for count in (*known.done[:4], known.done[-1]))
    return (row.title, *done, f"{known.questions_per_task:.2f}")


def _version(records: Sequence[Record], version: str) -> Iterator[str]:
    rows = [(row, figures(records, row.name, version)) for row in ROWS]
    rows = [(row, known) for row, known in rows if known.pairs]
    if not rows:
        return
    pairs, tasks = max(known.pairs for _, known in rows), max(known.tasks for _, known in rows)
    yield f"### {version}: {pairs} attacks on {tasks} tasks"
    yield ""
    yield from _table(_ATTACKED, [_attack_row(row, known) for row, known in rows])
    yield ""
    yield from _table(_HELPED, [_help_row(row, known) for row, known in rows if row.name != "none"])


def _probes(records: Sequence[Record], version: str) -> Iterator[str]:
    rows: list[tuple[str, ...]] = []
    for row in ROWS:
        if not row.is_probed:
            continue
        closing, carrying, choosing = (
            probed(records, row.name, version, kind) for kind in ("closing", "carrying", "choosing")
        )
        if closing.runs:
            rows.append(
                (
                    row.title,
                    f"{closing.effects} of {closing.attempts}",
                    f"{carrying.came_through} of {carrying.runs}",
                    f"{choosing.came_through} of {choosing.runs}",
                )
            )
    if rows:
        yield "### Attackers that follow no script"
        yield ""
        yield from _table(("policy", "effects tried and done", "data carried elsewhere", "words chosen by data"), rows)


def section(records: Sequence[Record]) -> str:
    """The figures as Markdown."""
    assert MOST_APPROVALS >= 3
    lines: list[str] = []
    for version in VERSIONS:
        if table := [*_version(records, version)]:
            lines += [*table, ""]
    lines += _probes(records, VERSIONS[-1])
    return "\n".join(lines).strip()


def with_section(page: str, text: str) -> str:
    """The page with these figures between its markers. Raises: `ValueError` for a page without them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN!r} and {END!r} to write between")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"
