"""Makes up expressions and templates of the card language, the same ones for the same seed."""

from __future__ import annotations

import random
from typing import Final

from runtimes.values import Json, JsonObject

DATA: Final[JsonObject] = {
    "a": 1,
    "b": "B",
    "n": None,
    "t": True,
    "list": [3, 1, 2],
    "o": {"x": {"y": 5}, "Name": "one", "name": "two"},
    "items": [{"id": 1, "n": "one", "tags": ["p", "q"]}, {"id": 2, "tags": []}],
    "u": "é😀",
    "fl": 2.5,
}
"""What the expressions are about."""

_ATOMS: Final = (
    *("a", "b", "n", "t", "list", "o", "items", "u", "fl", "missing", "true", "false", "null", "undefined", "0", "7"),
    *("2.50", "'x'", '"y"', "''", "'it\\'s'", "'a\\nb'", "[]", "{}", "`t ${a}`", "$root", "$index", "x"),
)
_OPERATORS: Final = ("+", "-", "*", "/", "%", "^", "==", "!=", "&", "<", "<=", ">", ">=", "&&", "||", "??")
_ONE: Final = (
    *("not", "exists", "count", "length", "first", "last", "toUpper", "string", "int", "float", "bool", "empty"),
    *("abs", "unique", "reverse", "flatten", "isString", "isArray", "trim", "sentenceCase", "jsonStringify", "sum"),
    *("average", "ceiling", "createArray", "stringOrValue", "indicesAndValues", "sortBy", "getProperty", "nope"),
)
_TWO: Final = (
    *("and", "or", "equals", "add", "sub", "mul", "div", "mod", "min", "max", "concat", "contains", "join", "split"),
    *("startsWith", "endsWith", "indexOf", "skip", "take", "union", "intersection", "coalesce", "getProperty"),
    *("less", "greaterOrEquals", "range", "replace", "sortByDescending", "merge", "formatNumber"),
)
_LAMBDAS: Final = ("foreach", "select", "where", "any", "all")


class Author:
    """Writes at random."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def expression(self, depth: int = 3) -> str:
        """An expression, most of them well formed."""
        pick = self._random.choice
        if depth == 0 or self._random.random() < 0.15:
            return pick(_ATOMS)
        inner = [self.expression(depth - 1) for _ in range(3)]
        return pick(
            (
                f"{inner[0]} {pick(_OPERATORS)} {inner[1]}",
                f"({inner[0]} {pick(_OPERATORS)} {inner[1]})",
                f"{pick('!-+')}{inner[0]}",
                f"{inner[0]} ? {inner[1]} : {inner[2]}",
                f"if({', '.join(inner)})",
                f"{pick(_ONE)}({inner[0]})",
                f"{pick(_TWO)}({inner[0]}, {inner[1]})",
                f"{pick(_LAMBDAS)}({inner[0]}, x, {inner[1]})",
                f"{pick(_LAMBDAS)}({inner[0]}, x => {inner[1]})",
                f"{inner[0]}.{pick(('x', 'name', 'id', 'q'))}",
                f"{inner[0]}[{inner[1]}]",
                f"items[{pick('0129')}].{pick(('n', 'tags', 'q'))}",
                f"[{inner[0]}, {inner[1]}]",
                f"{{p: {inner[0]}, 'q': {inner[1]}}}",
                f"`{pick(('', 'x '))}${{{inner[0]}}}`",
            )
        )

    def text(self) -> str:
        """A string of a template."""
        pick = self._random.choice
        if self._random.random() < 0.5:
            return f"${{{self.expression(2)}}}"
        pieces = (
            "x",
            " ",
            "$",
            "{",
            "}",
            "\\",
            "'",
            "`",
            "\n",
            "${",
            "\\${",
            f"${{{self.expression(2)}}}",
            "${a}",
            "é",
        )
        return "".join(pick(pieces) for _ in range(self._random.randint(1, 5)))

    def template(self, depth: int = 3) -> Json:
        """A template."""
        pick = self._random.choice
        kind = self._random.random()
        if depth == 0 or kind < 0.3:
            return pick((self.text(), self.text(), "plain", 5, True, None))
        if kind < 0.5:
            return [self.template(depth - 1) for _ in range(self._random.randint(0, 3))]
        made: JsonObject = {name: self.template(depth - 1) for name in ("v", "w")}
        if self._random.random() < 0.4:
            written: list[Json] = ["${items}", "${o}", "${list}", f"${{{self.expression(2)}}}", None, [1, {"a": 2}]]
            made["$data"] = pick(written)
        if self._random.random() < 0.3:
            made["$when"] = pick((f"${{{self.expression(2)}}}", "${t}", "${a == 1}", "${exists(n)}", True, "x"))
        return made
