"""Issue 5: a hostile template, and hostile data, end in a limit that has a name."""

from __future__ import annotations

import contextlib

import pytest

from orchestrator.response.cards import CardError, CardLimit, Template, expand
from orchestrator.response.cards.limits import Budget
from runtimes.values import Json
from tests.pace import soon

MANY: Json = {"l": list(range(3000)), "s": "x" * 100_000}


def _nested(depth: int) -> Json:
    node: Json = "x"
    for _ in range(depth):
        node = [node]
    return node


@pytest.mark.parametrize(
    ("template", "limit"),
    [
        ("${" + "(" * 1000 + "1" + ")" * 1000 + "}", "nested"),
        ("${" + "!" * 1000 + "a}", "nested"),
        ("${" + "abs(" * 1000 + "1" + ")" * 1000 + "}", "nested"),
        ("${" + "[" * 1000 + "]" * 1000 + "}", "nested"),
        ("${a" + "[0" * 1000 + "]" * 1000 + "}", "nested"),
        ("${a" + ".a" * 1000 + "}", "nested"),
        ("${" + "1+" * 1000 + "1}", "nested"),
        ("${" + "1^" * 1000 + "1}", "nested"),
        ("${" + "a?" * 1000 + "1" + ":1" * 1000 + "}", "nested"),
        ("${" + "{a:" * 1000 + "1" + "}" * 1000 + "}", "nested"),
        ("${a:" + "${a:" * 4000, "nested"),
        ("${" + " " * 30_000 + "}", "characters"),
        (_nested(300), "nested"),
        ([["x"] * 500] * 500, "values"),
    ],
    ids=range(14),
)
def test_a_template_that_is_too_deep_or_too_large_is_not_read(template: Json, limit: str) -> None:
    with pytest.raises(CardLimit, match=limit):
        expand(template, {})


@pytest.mark.parametrize(
    "template",
    [
        "${foreach(l, x, foreach(l, y, x * y))}",
        "${any(l, x, any(l, y, x + y < 0))}",
        "${where(l, x, all(l, y, x >= y))}",
        [{"$data": "${l}", "inner": [{"$data": "${$root.l}", "v": "${$index}"}]}],
        [{"$data": "${l}", "all": "${$root}"}],
        [{"$data": "${l}", "all": "x${$root.l}"}],
        [{"$data": "${l}", "t": "${$root.s}"}],
        [{"$data": "${l}", "t": "x${$root.s}y"}],
        "${foreach(l, x, concat(s, s))}",
        "${concat(foreach(l, x, s), s)}",
        "${foreach(l, x, getProperty(concat(s, '.x')))}",
        "${foreach(l, x, stringOrValue(concat('$', '{', 'l[', string(x), ']}', s)))}",
        "${foreach(foreach(l, x, l), y, s == concat(s, 'x'))}",
        "${foreach(l, x, l == l)}",
    ],
)
def test_a_template_that_asks_for_too_much_ends_in_a_limit(template: Json) -> None:
    with soon(30), pytest.raises(CardLimit):
        expand(template, MANY)


def test_time_is_limited() -> None:
    moments = iter(range(10_000))
    budget = Budget(seconds=5, clock=lambda: float(next(moments)))
    with pytest.raises(CardLimit, match="5 seconds"):
        Template("${foreach(l, x, foreach(l, y, y))}").expand(MANY, budget=budget)


def test_deep_data_does_not_exhaust_the_stack() -> None:
    data: Json = {"d": _nested(400)}
    for template in ("${d}", "x${d}", "${string(d)}", "${d == d}"):
        with pytest.raises(CardLimit, match="deep"):
            expand(template, data)


def _at_depth(depth: int, template: Json, data: Json) -> Json:
    """Expands with so many calls on the stack."""
    return _at_depth(depth - 1, template, data) if depth else expand(template, data)


_LEVELS = 48
_CHAIN = "1" + "+1" * 60


@pytest.mark.parametrize(
    "expression",
    [
        "abs(" * _LEVELS + _CHAIN + ")" * _LEVELS,
        "and(" * _LEVELS + _CHAIN + ", 1)" * _LEVELS,
        "if(true, " * _LEVELS + _CHAIN + ", 1)" * _LEVELS,
        "max(1, 2, " * _LEVELS + _CHAIN + ")" * _LEVELS,
        "foreach(l, x, " * _LEVELS + _CHAIN + ")" * _LEVELS,
        "where(l, x, " * _LEVELS + _CHAIN + ")" * _LEVELS,
        "[" * _LEVELS + _CHAIN + "]" * _LEVELS,
        "{a:" * _LEVELS + _CHAIN + "}" * _LEVELS,
        "stringOrValue(s)",
        "foreach(l, x, " * 40 + "stringOrValue(s)" + ")" * 40,
    ],
    ids=range(10),
)
def test_what_is_within_the_limits_does_not_exhaust_the_stack(expression: str) -> None:
    for text in (f"${{{expression}}}", f"x ${{{expression}}}", f"x ${{concat({expression}, l[9])}}"):
        template: Json = text
        for _ in range(60):
            template = {"v": template}
        with contextlib.suppress(CardError, CardLimit):
            _at_depth(250, template, {"l": [1], "s": "${stringOrValue(s)}"})


def test_a_text_that_names_itself_ends_in_a_limit() -> None:
    with pytest.raises(CardLimit, match="stringOrValue"):
        expand("${stringOrValue(s)}", {"s": "${stringOrValue(s)}"})


@pytest.mark.parametrize(
    ("first", "often", "last"),
    [
        ("", "${a", ""),
        ("", "${a:'", ""),
        ("${'", "\\'", ""),
        ("${'", "\\\\'", ""),
        ("", "${{a:'\\'", ""),
        ("", "\\${", ""),
        ("${'", "\\", ""),
        ("${{a:'", "\\'", ""),
        ("", "${a:b}", "`"),
        ("${a", " ", "\n}"),
    ],
)
def test_reading_a_hostile_text_takes_time_in_proportion(first: str, often: str, last: str) -> None:
    with soon(2), contextlib.suppress(CardError, CardLimit):
        Template(first + often * 3000 + last)
