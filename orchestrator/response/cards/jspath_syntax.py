"""Paths of the `jPath` function (the language JSPath) as a tree. Pure.

Selectors (`.name`, `..name`, `.*`), predicates (`{.price > 10}`), places (`[0]`, `[1:3]`), unions (`.a | .b`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from orchestrator.response.cards.jspath_nodes import (
    Filter,
    Literally,
    Node,
    Operation,
    Path,
    Place,
    Range,
    Selector,
    Step,
    Union,
)

MAX_PATH = 2000
"""Characters of a path."""

MAX_DEPTH = 32
"""Brackets of a path that may lie inside each other."""

_EQUALITIES = frozenset(
    ("==", "!=", "===", "!==", "^=", "^==", "=^", "==^", "$=", "$==", "=$", "==$", "*=", "*==", "=*", "==*")
)
_ORDERS = frozenset({"<", ">", "<=", ">="})
_TOKEN = re.compile(
    r"""[ \r\n\t]*+(?:
    (?P<number>\.[0-9]++|[0-9]++(?:\.(?!\.)[0-9]*+)?)
    |(?P<mark>\.\.?|[=!^$*]==|==[\^$*]|[=!^$*<>]=|=[\^$*]|\|\||&&|[:{}()\[\]^+\-*/%!><|])
    |(?P<word>[A-Za-z_$@][A-Za-z0-9_$@]*+)
    |(?P<text>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')
    |(?P<end>\Z))""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WORDS = {"true": True, "false": False, "null": None}


class BadPath(ValueError):
    """It is no path, or goes beyond a limit."""


class _Reader:
    """Reads a path from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._kind = self._token = ""
        self._advance()

    def _advance(self) -> str:
        """Goes on by a token; returns the one that was there. Raises: `BadPath`."""
        before = self._token
        match = _TOKEN.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            raise BadPath(f"something that is no part of a path stands at character {self._at + 1}")
        self._kind, self._token, self._at = match.lastgroup, match[match.lastgroup], match.end()
        return before

    def _is(self, *marks: str) -> bool:
        return self._kind == "mark" and self._token in marks

    def _expect(self, mark: str) -> None:
        if not self._is(mark):
            raise BadPath(f"there is no {mark!r} at character {self._at}")
        self._advance()

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadPath(f"it is nested more than {MAX_DEPTH} deep")

    def whole(self) -> Node:
        """Raises: `BadPath`."""
        node = self._union()
        if self._kind != "end":
            raise BadPath(f"the path goes on where it should end, at character {self._at}")
        return node

    def _union(self) -> Node:
        self._enter()
        paths = [self._member()]
        while self._is("|"):
            self._advance()
            paths.append(self._member())
        self._depth -= 1
        return Union(paths=tuple(paths)) if len(paths) > 1 else paths[0]

    def _member(self) -> Node:
        return self._group() if self._is("(") else self._path()

    def _group(self) -> Node:
        self._expect("(")
        inner = self._union()
        self._expect(")")
        steps: list[Step] = []
        while (step := self._predicate()) is not None:
            steps.append(step)
        if not steps or not isinstance(inner, Path | Union):
            return inner
        if isinstance(inner, Path):
            return Path(from_root=inner.from_root, is_unknown=inner.is_unknown, steps=(*inner.steps, *steps))
        return Path(from_root=False, is_unknown=False, steps=(inner, *steps))

    def _starts_path(self) -> bool:
        return self._is(".", "..", "^") or (self._kind == "word" and self._token.startswith("$"))

    def _path(self) -> Path:
        if not self._starts_path():
            raise BadPath(f"no path begins at character {self._at}")
        from_root = self._is("^")
        is_unknown = self._kind == "word" and len(self._token) > 1
        if not self._is(".", ".."):
            self._advance()
        steps: list[Step] = []
        while (step := self._step()) is not None:
            steps.append(step)
        return Path(from_root=from_root, is_unknown=is_unknown, steps=tuple(steps))

    def _step(self) -> Step | None:
        return self._selector() if self._is(".", "..") else self._predicate()

    def _selector(self) -> Selector:
        deep = self._advance() == ".."
        if self._is("*"):
            self._advance()
            return Selector(deep=deep, name=None, is_star=True)
        if self._kind == "word" and self._token not in _WORDS:
            return Selector(deep=deep, name=self._advance())
        if self._kind == "text":
            name = _unquoted(self._advance())
            return Selector(deep=deep, name=name or None, is_star=name == "*")
        return Selector(deep=deep, name=None)

    def _predicate(self) -> Step | None:
        if self._is("["):
            return self._place()
        if self._is("{"):
            self._advance()
            condition = self._or()
            self._expect("}")
            return Filter(condition=condition)
        if not self._is("("):
            return None
        inner = self._group()
        return inner if isinstance(inner, Path | Union) else None

    def _place(self) -> Step:
        self._expect("[")
        start = None if self._is(":") else self._unary()
        if start is not None and self._is("]"):
            self._advance()
            return Place(index=start)
        self._expect(":")
        end = None if start is not None and self._is("]") else self._unary()
        self._expect("]")
        return Range(start=start, end=end)

    def _logic(self, operator: str, operand: Callable[[], Node]) -> Node:
        operands = [operand()]
        while self._is(operator):
            self._advance()
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        return Operation(kind="logic", operator=operator, operands=tuple(operands))

    def _or(self) -> Node:
        self._enter()
        node = self._logic("||", self._and)
        self._depth -= 1
        return node

    def _and(self) -> Node:
        return self._logic("&&", self._equality)

    def _compared(self, operators: frozenset[str], operand: Callable[[], Node]) -> Node:
        """Those of one rank belong to the right."""
        operands, found = [operand()], list[str]()
        while self._is(*operators):
            found.append(self._advance())
            operands.append(operand())
        node = operands.pop()
        while operands:
            node = Operation(kind="comparison", operator=found.pop(), operands=(operands.pop(), node))
        return node

    def _equality(self) -> Node:
        return self._compared(_EQUALITIES, self._relation)

    def _relation(self) -> Node:
        return self._compared(_ORDERS, self._sum)

    def _computed(self, operators: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        node = operand()
        while self._is(*operators):
            operator = self._advance()
            node = Operation(kind="arithmetic", operator=operator, operands=(node, operand()))
        return node

    def _sum(self) -> Node:
        return self._computed(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._computed(("*", "/", "%"), self._unary)

    def _unary(self) -> Node:
        if self._is("!", "-"):
            self._enter()
            operator = self._advance()
            node = Operation(kind="sign", operator=operator, operands=(self._unary(),))
            self._depth -= 1
            return node
        return self._primary()

    def _primary(self) -> Node:
        if self._starts_path():
            return self._path()
        if self._is("("):
            self._advance()
            node = self._or()
            self._expect(")")
            return node
        if self._kind == "text":
            return Literally(value=_unquoted(self._advance()))
        if self._kind == "number":
            return Literally(value=float(self._advance()))
        if self._kind == "word" and self._token in _WORDS:
            return Literally(value=_WORDS[self._advance()])
        raise BadPath(f"there is no value at character {self._at}")


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1])


def parsed_path(text: str) -> Node:
    """Raises: `BadPath`."""
    if len(text) > MAX_PATH:
        raise BadPath(f"it is longer than {MAX_PATH} characters")
    return _Reader(text).whole()
