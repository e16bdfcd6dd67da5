"""The Liquid engine behind a guard: its own limits, and those it lacks.

The engine bounds loops, output and local variables. It does not bound the time of one filter, the size of what a
filter makes, or the time its lexer needs for hostile markup; that is added here. Nothing is shared between renderings.
"""

from __future__ import annotations

import functools
import gc
import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from liquid import Environment, RenderContext
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import FilterArgumentError, LiquidSyntaxError, ResourceLimitError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import UNDEFINED, Undefined

from runtimes.values import Json

MAX_TEMPLATE_CHARS = 32_768
"""How long a template may be."""
MAX_MARKUP = 1_000
"""How many tags and outputs a template may have."""
MAX_PARENTHESES = 1_000
"""How many opening parentheses a template may have: from each of them the lexer looks ahead to the end of its tag."""
MAX_BLANK_RUN = 256
"""How many blanks may follow each other: the lexer's time grows with their square."""
MAX_LOOP_STEPS = 20_000
"""Iterations of one loop, those of the loops around it multiplied in."""
MAX_OUTPUT_BYTES = 1024 * 1024
MAX_NAMESPACE_BYTES = 8 * 1024 * 1024
"""What `assign` and `capture` may keep."""
MAX_NESTING = 20
"""How deep blocks and scopes may nest."""
MAX_TEXT_CHARS = 8 * 1024 * 1024
"""Characters in all that a filter is given, and in what it makes."""
MAX_ITEMS = 200_000
"""Values in all that a filter is given, nested ones counted, in a list it makes, and in a range."""
MAX_UNIQUE = 2_000
"""Values that `uniq` takes: its time grows with their square."""
MAX_HTML_CHARS = 20_000
"""Characters that `strip_html` takes: its parser's time may grow with their square."""
MAX_DATE_CHARS = 128
"""Characters of a date and of a date format."""
MAX_INT_BITS = 4_096
"""How large a whole number may be."""
MAX_INDENT = 8
"""Blanks per level in the output of `json`."""
RENDER_SECONDS = 0.5
"""CPU seconds of one rendering; neither a busy machine nor a full collection of garbage shortens them."""
FEW_STEPS = 100
"""A rendering of fewer steps, each of which is bounded, has `PATIENCE` times as long: on machines whose processors are
lent to others, time is counted in which nothing ran."""
PATIENCE = 3

_UNMEASURED = frozenset({"size", "first", "last", "default"})
"""Filters that cost the same whatever they are given."""
_KEYWORDS = frozenset({"allow_false", "context", "environment"})
"""Named arguments that a filter may be given; the checks see positional ones only."""
_BLANK_RUN = re.compile(rf"\s{{{MAX_BLANK_RUN + 1}}}")
_OLDEST = 2
"""The generation whose collection visits all that the process holds, which is not the template's."""


class _Deadline:
    def __init__(self) -> None:
        self._end = time.thread_time() + RENDER_SECONDS
        self._steps = 0
        self._thread = threading.get_ident()
        self._collecting_since = 0.0

    def check(self) -> None:
        self._steps += 1
        over = time.thread_time() - self._end
        if over > (0 if self._steps >= FEW_STEPS else RENDER_SECONDS * (PATIENCE - 1)):
            raise ResourceLimitError(f"rendering takes longer than {RENDER_SECONDS} s", token=None)

    def _collecting(self, phase: str, about: Mapping[str, int]) -> None:
        """Told by the collector: what a full collection takes is put off."""
        if about["generation"] != _OLDEST or threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collecting_since = time.thread_time()
        else:
            self._end += time.thread_time() - self._collecting_since

    @contextmanager
    def running(self) -> Generator[None]:
        """While something is rendered."""
        gc.callbacks.append(self._collecting)
        try:
            yield
        finally:
            gc.callbacks.remove(self._collecting)


class _NoDisabledTags(list[str]):
    """An empty list. Every node asks whether it is empty before it renders, and so looks at the clock."""

    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def __bool__(self) -> bool:
        self._deadline.check()
        return False


class _TimedContext(RenderContext):
    """Looks at the clock for every node and every variable."""

    __slots__ = ("_deadline",)

    def __init__(self, template: BoundTemplate, variables: Mapping[str, Json], deadline: _Deadline) -> None:
        super().__init__(template, globals=variables)
        self._deadline = deadline
        self.disabled_tags = _NoDisabledTags(deadline)

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        self._deadline.check()
        return super().get(path, token=token, default=default)


class _BoundedEnvironment(Environment):
    block_nesting_limit = MAX_NESTING
    context_depth_limit = MAX_NESTING
    loop_iteration_limit = MAX_LOOP_STEPS
    local_namespace_limit = MAX_NAMESPACE_BYTES
    output_stream_limit = MAX_OUTPUT_BYTES


def _too_much(what: str, limit: int) -> ResourceLimitError:
    return ResourceLimitError(f"{what} than {limit}", token=None)


class _RangeEnd(Expression):
    """The end of a range, refused where the range is too long: `contains` searches it, and no clock stops that."""

    __slots__ = ("_deadline", "_whole")

    def __init__(self, whole: RangeLiteral, deadline: _Deadline) -> None:
        super().__init__(whole.token)
        self._whole = RangeLiteral(whole.token, whole.start, whole.stop)
        self._deadline = deadline

    def evaluate(self, context: RenderContext) -> object:
        self._deadline.check()
        values = self._whole.evaluate(context)
        if values.stop - values.start > MAX_ITEMS:
            raise _too_much("a range has more values", MAX_ITEMS)
        return self._whole.stop.evaluate(context)

    def children(self) -> list[Expression]:
        return [self._whole.stop]


def _expressions(parsed: BoundTemplate) -> Iterator[Expression]:
    """All expressions of a template, those inside others after them."""
    context = RenderContext(parsed)
    nodes = list(parsed.nodes)
    while nodes:
        node = nodes.pop()
        nodes += node.children(context, include_partials=False)
        pending = list(node.expressions())
        while pending:
            expression = pending.pop()
            yield expression
            pending += expression.children()


def _bound_ranges(parsed: BoundTemplate, deadline: _Deadline) -> None:
    found = [expression for expression in _expressions(parsed) if isinstance(expression, RangeLiteral)]
    for literal in found:
        literal.stop = _RangeEnd(literal, deadline)


def _measure(values: Iterable[object]) -> tuple[int, int]:
    """How many values and characters there are, nested ones counted as often as they occur."""
    items, chars = 0, 0
    rest = list(values)
    while rest:
        value = rest.pop()
        items += 1
        if isinstance(value, str):
            chars += len(value)
        elif isinstance(value, Mapping):
            rest += value
            rest += value.values()
        elif isinstance(value, list | tuple):
            rest += value
        elif isinstance(value, range):
            items += value.stop - value.start
        elif isinstance(value, int) and value.bit_length() > MAX_INT_BITS:
            raise _too_much("a number has more bits", MAX_INT_BITS)
        if items + len(rest) > MAX_ITEMS:
            raise _too_much("a filter is given more values", MAX_ITEMS)
        if chars > MAX_TEXT_CHARS:
            raise _too_much("a filter is given more characters", MAX_TEXT_CHARS)
    return items, chars


def _check_replace(value: object, arguments: Sequence[object]) -> None:
    text, sought, by = str(value), *map(str, [*arguments, "", ""][:2])
    hits = text.count(sought) if sought else len(text) + 1
    if len(text) + hits * len(by) > MAX_TEXT_CHARS:
        raise _too_much("'replace' makes more characters", MAX_TEXT_CHARS)


def _check_split(value: object, arguments: Sequence[object]) -> None:
    text, separator = str(value), str(arguments[0]) if arguments else ""
    if (text.count(separator) if separator else len(text)) > MAX_ITEMS:
        raise _too_much("'split' makes more values", MAX_ITEMS)


def _check_join(value: object, arguments: Sequence[object]) -> None:
    items, chars = _measure([value])
    separator = str(arguments[0]) if arguments else " "
    if chars + items * len(separator) > MAX_TEXT_CHARS:
        raise _too_much("'join' makes more characters", MAX_TEXT_CHARS)


def _check_uniq(value: object, arguments: Sequence[object]) -> None:
    if _measure([value, *arguments])[0] > MAX_UNIQUE:
        raise _too_much("'uniq' is given more values", MAX_UNIQUE)


def _check_strip_html(value: object, arguments: Sequence[object]) -> None:
    if _measure([value, *arguments])[1] > MAX_HTML_CHARS:
        raise _too_much("'strip_html' is given more characters", MAX_HTML_CHARS)


def _check_date(value: object, arguments: Sequence[object]) -> None:
    if _measure([value, *arguments])[1] > 2 * MAX_DATE_CHARS:
        raise _too_much("a date and its format have more characters", 2 * MAX_DATE_CHARS)


_CHECKS: Mapping[str, Callable[[object, Sequence[object]], None]] = {
    "replace": _check_replace,
    "split": _check_split,
    "join": _check_join,
    "uniq": _check_uniq,
    "strip_html": _check_strip_html,
    "date": _check_date,
}
"""What is computed beforehand for filters whose result or time may be out of proportion to what they are given."""


def _json(value: object, indent: object = 0) -> str:
    """The filter `json`; what is undefined is `null`."""

    def plain(other: object) -> object:
        return list(other) if isinstance(other, range) else None if isinstance(other, Undefined) else str(other)

    blanks = min(indent, MAX_INDENT) if isinstance(indent, int) and indent > 0 else None
    return json.dumps(value, default=plain, ensure_ascii=False, indent=blanks)


def _guarded(name: str, function: Callable[..., object], deadline: _Deadline) -> Callable[..., object]:
    check = _CHECKS.get(name)

    @functools.wraps(function)  # the engine's marks on the function say what it wants to be passed
    def guarded(value: object, *arguments: object, **named: object) -> object:
        deadline.check()
        if named.keys() - _KEYWORDS:
            raise FilterArgumentError(f"{name!r} takes no named arguments", token=None)
        if name not in _UNMEASURED:
            _measure([value, *arguments])
        if check is not None:
            check(value, arguments)
        result = function(value, *arguments, **named)
        if name == "concat" or isinstance(result, str):
            _measure([result])
        return result

    return guarded


def _check_markup(template: str) -> None:
    """Refuses what would keep the engine's lexer busy."""
    if len(template) > MAX_TEMPLATE_CHARS:
        raise _too_much("the template has more characters", MAX_TEMPLATE_CHARS)
    if template.count("{{") + template.count("{%") > MAX_MARKUP:
        raise _too_much("the template has more tags", MAX_MARKUP)
    if template.count("(") > MAX_PARENTHESES:
        raise _too_much("the template has more opening parentheses", MAX_PARENTHESES)
    if _BLANK_RUN.search(template):
        raise _too_much("the template has more blanks in a row", MAX_BLANK_RUN)
    for opening, closing in (("{{", "}}"), ("{%", "%}")):
        place = template.rfind(opening)
        if place > template.rfind(closing):
            token = Token(kind="", value=opening, start_index=place, source=template)
            raise LiquidSyntaxError(f"{opening!r} without {closing!r}", token=token)


def render_guarded(template: str, variables: Mapping[str, Json], filters: Mapping[str, Callable[..., object]]) -> str:
    """Renders within the limits. Raises: `LiquidError`, and what else the engine lets out."""
    _check_markup(template)
    deadline = _Deadline()
    environment = _BoundedEnvironment()
    for tag in ("include", "render"):  # there is nothing to load
        del environment.tags[tag]
    offered = {**environment.filters, "json": _json, **filters}
    environment.filters = {name: _guarded(name, function, deadline) for name, function in offered.items()}
    output = LimitedStringIO(limit=MAX_OUTPUT_BYTES)
    with deadline.running():
        parsed = environment.from_string(template)
        _bound_ranges(parsed, deadline)
        parsed.render_with_context(_TimedContext(parsed, variables, deadline), output)
    return output.getvalue()
