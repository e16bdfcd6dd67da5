"""The evaluation of a parsed RFC 9535 query: closures over its syntax tree, each step of which is paid for.

`jsonpath_rfc9535` parses; its own evaluation has no budget. Nothing here recurses over data, only over the query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jsonpath_rfc9535 import JSONPathQuery, JSONPathTypeError
from jsonpath_rfc9535.filter_expressions import (
    BooleanLiteral,
    ComparisonExpression,
    Expression,
    FilterExpression,
    FilterQuery,
    FloatLiteral,
    FunctionExtension,
    IntegerLiteral,
    LogicalExpression,
    NullLiteral,
    PrefixExpression,
    RootFilterQuery,
    StringLiteral,
)
from jsonpath_rfc9535.segments import JSONPathRecursiveDescentSegment, JSONPathSegment
from jsonpath_rfc9535.selectors import (
    FilterSelector,
    IndexSelector,
    JSONPathSelector,
    NameSelector,
    SliceSelector,
    WildcardSelector,
)

from orchestrator.response.jsonpath_budget import Budget
from orchestrator.response.jsonpath_comparison import COMPARISONS, NOTHING, Value
from orchestrator.response.jsonpath_regex import matches
from runtimes.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One run of a query over one value."""

    root: Json
    budget: Budget = field(default_factory=Budget)


Nodes = Callable[[Json, Evaluation], list[Json]]
Select = Callable[[Json, Evaluation], Sequence[Json]]
Test = Callable[[Json, Evaluation], bool]
Operand = Callable[[Json, Evaluation], Value]


# --- selectors


def _children(value: Json) -> Sequence[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def _name(selector: NameSelector) -> Select:
    name = selector.name
    return lambda value, _: (value[name],) if isinstance(value, dict) and name in value else ()


def _index(selector: IndexSelector) -> Select:
    index = selector.index
    return lambda value, _: (value[index],) if isinstance(value, list) and -len(value) <= index < len(value) else ()


def _slice(selector: SliceSelector) -> Select:
    part = selector.slice

    def select(value: Json, run: Evaluation) -> Sequence[Json]:
        if not isinstance(value, list) or part.step == 0:
            return ()
        run.budget.spend(len(range(*part.indices(len(value)))))
        return value[part]

    return select


def _wildcard(value: Json, run: Evaluation) -> Sequence[Json]:
    children = _children(value)
    run.budget.spend(len(children))
    return children


def _filter(selector: FilterSelector) -> Select:
    test = _test(selector.expression)

    def select(value: Json, run: Evaluation) -> Sequence[Json]:
        children = _children(value)
        run.budget.spend(len(children))
        return [child for child in children if test(child, run)]

    return select


def _selector(selector: JSONPathSelector) -> Select:
    match selector:
        case NameSelector():
            return _name(selector)
        case IndexSelector():
            return _index(selector)
        case SliceSelector():
            return _slice(selector)
        case WildcardSelector():
            return _wildcard
        case FilterSelector():
            return _filter(selector)
        case _:
            raise JSONPathTypeError("a selector of no known kind", token=selector.token)


# --- segments


def _descendants(value: Json, run: Evaluation) -> list[Json]:
    """The value and what lies in it: parents before their children, arrays in order."""
    found: list[Json] = []
    stack = [value]
    while stack:
        node = stack.pop()
        found.append(node)
        children = [child for child in _children(node) if isinstance(child, (dict, list))]
        run.budget.spend(1 + len(children))
        stack.extend(reversed(children))
    return found


def _segment(segment: JSONPathSegment) -> Nodes:
    selectors = [_selector(selector) for selector in segment.selectors]
    is_descendant = isinstance(segment, JSONPathRecursiveDescentSegment)

    def nodes(value: Json, run: Evaluation) -> list[Json]:
        starts = _descendants(value, run) if is_descendant else (value,)
        run.budget.spend(len(starts) * (len(selectors) - 1))  # the first is paid for with the start
        return [child for start in starts for select in selectors for child in select(start, run)]

    return nodes


def evaluator(query: JSONPathQuery) -> Nodes:
    """The query as a function of the value it starts at, which raises `BudgetSpent`.

    Raises: `JSONPathTypeError` where the parser has let something pass that has no meaning.
    """
    segments = [_segment(segment) for segment in query.segments]

    def nodes(value: Json, run: Evaluation) -> list[Json]:
        found = [value]
        for segment in segments:
            run.budget.spend(len(found))
            found = [child for start in found for child in segment(start, run)]
        return found

    return nodes


# --- filters


def _query(query: FilterQuery) -> Nodes:
    nodes = evaluator(query.query)
    if isinstance(query, RootFilterQuery):
        return lambda _, run: nodes(run.root, run)
    return nodes


def _single(nodes: Nodes) -> Operand:
    """The value of the one node that there is, else nothing."""

    def value(current: Json, run: Evaluation) -> Value:
        found = nodes(current, run)
        return found[0] if len(found) == 1 else NOTHING

    return value


def _length(argument: Operand) -> Operand:
    def length(current: Json, run: Evaluation) -> Value:
        value = argument(current, run)
        return len(value) if isinstance(value, (str, list, dict)) else NOTHING

    return length


def _count(nodes: Nodes) -> Operand:
    return lambda current, run: len(nodes(current, run))


def _value_function(call: FunctionExtension) -> Operand:
    """`length`, `count` and `value`. The parser has seen to it that the arguments fit."""
    argument = call.args[0]
    if call.name == "length":
        return _length(_operand(argument))
    if call.name not in ("count", "value") or not isinstance(argument, FilterQuery):
        raise JSONPathTypeError(f"{call.name}() has no value here", token=call.token)
    return _count(_query(argument)) if call.name == "count" else _single(_query(argument))


def _operand(expression: Expression) -> Operand:
    match expression:
        case NullLiteral():
            return lambda _, __: None
        case BooleanLiteral() | StringLiteral() | IntegerLiteral() | FloatLiteral():
            literal = expression.value
            return lambda _, __: literal
        case FilterQuery():
            return _single(_query(expression))
        case FunctionExtension():
            return _value_function(expression)
        case _:
            raise JSONPathTypeError("what is compared must have a value", token=expression.token)


def _regex_function(call: FunctionExtension) -> Test:
    text, pattern = (_operand(argument) for argument in call.args)
    whole = call.name == "match"
    return lambda current, run: matches(text(current, run), pattern(current, run), run.budget, whole=whole)


def _terms(expression: LogicalExpression) -> list[Expression]:
    """What stands between operators of one kind: a long row of them nests no deeper than a short one."""
    found: list[Expression] = []
    stack: list[Expression] = [expression]
    while stack:
        term = stack.pop()
        if isinstance(term, LogicalExpression) and term.operator == expression.operator:
            stack += [term.right, term.left]
        else:
            found.append(term)
    return found


def _paid(test: Test) -> Test:
    def paid(current: Json, run: Evaluation) -> bool:
        run.budget.spend(1)
        return test(current, run)

    return paid


def _logical(expression: LogicalExpression) -> Test:
    tests = [_paid(_test(term)) for term in _terms(expression)]
    if expression.operator == "&&":
        return lambda current, run: all(test(current, run) for test in tests)
    return lambda current, run: any(test(current, run) for test in tests)


def _comparison(expression: ComparisonExpression) -> Test:
    left, right = _operand(expression.left), _operand(expression.right)
    compare = COMPARISONS[expression.operator]
    return lambda current, run: compare(left(current, run), right(current, run), run.budget)


def _test(expression: Expression) -> Test:
    match expression:
        case FilterExpression():
            return _test(expression.expression)
        case LogicalExpression():
            return _logical(expression)
        case PrefixExpression():
            negated = _test(expression.right)
            return lambda current, run: not negated(current, run)
        case ComparisonExpression():
            return _comparison(expression)
        case FilterQuery():
            nodes = _query(expression)
            return lambda current, run: bool(nodes(current, run))
        case FunctionExtension(name="match" | "search"):
            return _regex_function(expression)
        case _:
            raise JSONPathTypeError("a value must be compared to be a condition", token=expression.token)
