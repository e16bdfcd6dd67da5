"""The table of an evaluation with a live model: a line for each conversation, under the name of its file."""

from __future__ import annotations

from dataclasses import replace

from rich import box
from rich.padding import Padding
from rich.table import Table

from orchestrator.model.base import Usage
from orchestrator.render.sanitize import clean_line
from orchestrator.testing.live.evaluation import Evaluated
from orchestrator.testing.live.live_report import Report
from orchestrator.testing.live.spending import Bill

NAME_INDENT = 2
"""Columns between the name of a file and those of its conversations."""

SPENT_WIDTH = 72
"""Columns from which on it is told what each conversation has cost; the sum is told in any case."""


def _per_run(one: Evaluated) -> str:
    return f"{one.seconds / one.runs:.1f}" if one.runs else ""


def _passed(one: Evaluated) -> str:
    return one.passed.text + (f"\n{one.broken_runs} broken" if one.broken else "")


def _spent_names(bill: Bill, width: int) -> tuple[str, ...]:
    """The columns of what was spent; none where nothing was counted, or there is no room for them."""
    if width < SPENT_WIDTH or bill.spent.usage == Usage():
        return ()
    return ("tokens in", "out", *([] if bill.price is None else [clean_line(bill.price.currency)]))


def _spent_cells(bill: Bill) -> tuple[str, ...]:
    usage, cost = bill.spent.usage, bill.cost
    return (f"{usage.input_tokens:,}", f"{usage.output_tokens:,}", *([] if cost is None else [f"{cost:,.4f}"]))


def live_table(report: Report, width: int) -> Table:
    """For a console of so many columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("conversation", overflow="fold")
    table.add_column("passed (95 %)", no_wrap=True)
    names = _spent_names(report.bill, width)
    for name in (*names, "s a run"):
        table.add_column(name, justify="right", no_wrap=True)
    file = ""
    for verdict in report.verdicts:
        one = verdict.evaluated
        if one.file != file:
            file = one.file
            table.add_row(clean_line(file), style="dim")
        style = None if verdict.is_fine else "red"
        spent = _spent_cells(replace(report.bill, spent=one.spent))
        indented = Padding(clean_line(one.name), (0, 0, 0, NAME_INDENT))
        table.add_row(indented, _passed(one), *spent[: len(names)], _per_run(one), style=style)
    return table
