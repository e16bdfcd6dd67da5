"""Regular expressions as authors of cards write them, ECMAScript's, in the words of the engine that we have. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orchestrator.response.cards.utf16 import WHITE_SPACE, units

MAX_PATTERN = 2000
"""Units of a pattern; a longer one is refused."""

MAX_GROUPS = 100
"""Groups of a pattern; the engine reads them with recursion."""

MAX_SIZE = 20_000
"""Parts of a pattern, those that are repeated by a number counted each time: the engine writes them out."""

_NOT_LINE_END = r"[^\n\r\u2028\u2029]"
_LINE_END = r"[\n\r\u2028\u2029]"
_ANYTHING = r"[\s\S]"
_NOTHING = "(?!)"
_WORD = "0-9A-Z_a-z"
_BOUNDARY = f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))"
_NO_BOUNDARY = f"(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}]))"
_CONTROLS = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_COUNT = re.compile(r"\{([0-9]++)(?:(,)([0-9]*+))?\}")
_GROUP = re.compile(r"\((?:\?(?:[:=!]|<[=!]|<([\w$]++)>)|(?!\?))")
_OPENING = re.compile(r"\\.|\[(?:\\.|[^\\\]])*+\]|\((?:(?!\?)|\?<([\w$]++)>)", re.DOTALL)
"""What opens a group that is numbered, among what only looks like it."""

_NAMED = re.compile(r"k<([\w$]++)>")
_NUMBERED = re.compile(r"[1-9][0-9]{0,3}")
_CODE = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|c([A-Za-z])")
_OCTAL = re.compile(r"[0-3][0-7]{0,2}|[4-7][0-7]?")
_CONTROL_IN_SET = re.compile(r"c[0-9_]")


def _span(first: int, last: int) -> str:
    return f"\\u{first:04x}-\\u{last:04x}" if last > first else f"\\u{first:04x}"


def _inside(ranges: Sequence[tuple[int, int]]) -> str:
    return "".join(_span(first, last) for first, last in ranges)


def _outside(ranges: Sequence[tuple[int, int]]) -> str:
    edges = [-1, *(edge for pair in ranges for edge in pair), 0x10000]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return "".join(_span(before + 1, after - 1) for before, after in gaps if after - before > 1)


_DIGITS = [(ord("0"), ord("9"))]
_WORDS = [*_DIGITS, (ord("A"), ord("Z")), (ord("_"), ord("_")), (ord("a"), ord("z"))]
_SPACES = [(code, code) for code in sorted(map(ord, WHITE_SPACE))]
_SETS = {
    name: written(ranges)
    for lower, ranges in (("d", _DIGITS), ("w", _WORDS), ("s", _SPACES))
    for name, written in ((lower, _inside), (lower.upper(), _outside))
}
r"""What stands in the square brackets for `\d`, `\D` and so on."""


class BadPattern(ValueError):
    """It is no regular expression, or goes beyond a limit."""


def _literal(unit: str) -> str:
    return unit if unit.isascii() and unit.isalnum() else f"\\u{ord(unit):04x}"


@dataclass(slots=True)
class _Translator:
    """Reads a pattern once, from left to right, and writes it as the engine wants it."""

    pattern: str
    dots_match_all: bool = False
    many_lines: bool = False
    at: int = 0
    names: dict[str, int] = field(default_factory=dict[str, int])
    count: int = 0
    """How many groups are numbered."""
    begun: int = 0
    """How many of them have begun."""
    closed: set[int] = field(default_factory=set[int])
    """Those that have ended; a reference to another one finds nothing, and so matches nothing."""
    open_groups: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    sizes: list[int] = field(default_factory=lambda: [0])
    """Parts so far, of the whole and of each open group."""
    last: int = 0
    """Parts of what was read last."""
    is_atom: bool = False
    """Whether what was read last may be repeated."""

    def _number_groups(self) -> None:
        for opening in _OPENING.finditer(self.pattern):
            if opening[0].startswith("("):
                self.count += 1
            if name := opening[1]:
                if name in self.names or name[0].isdigit():
                    raise BadPattern("a group's name is taken, or none")
                self.names[name] = self.count
        if self.count > MAX_GROUPS:
            raise BadPattern(f"there are more than {MAX_GROUPS} groups")

    def translated(self) -> str:
        """Raises: `BadPattern`."""
        if len(self.pattern) > MAX_PATTERN:
            raise BadPattern(f"it is longer than {MAX_PATTERN} characters")
        self._number_groups()
        pieces: list[str] = []
        while self.at < len(self.pattern):
            pieces.append(self._next())
        if self.open_groups:
            raise BadPattern("a group is not closed")
        return "".join(pieces)

    def _next(self) -> str:
        unit = self.pattern[self.at]
        if unit in "*+?" or (unit == "{" and _COUNT.match(self.pattern, self.at)):
            return self._repeat()
        if unit not in "()":
            self.last = 1
            self._grow(1)
        read: Callable[[], str] | None = {
            "\\": self._escape,
            "[": self._set,
            "(": self._open,
            ")": self._close,
        }.get(unit)
        if read:
            return read()
        self.at += 1
        self.is_atom = unit not in "^$|"
        if unit == "|":
            return unit
        if unit == ".":
            return r"[\s\S]" if self.dots_match_all else _NOT_LINE_END
        if unit == "^":
            return rf"(?:\A|(?<={_LINE_END}))" if self.many_lines else r"\A"
        if unit == "$":
            return rf"(?:\Z|(?={_LINE_END}))" if self.many_lines else r"\Z"
        return _literal(unit)

    def _open(self) -> str:
        match = _GROUP.match(self.pattern, self.at)
        opening = match[0] if match else "("
        if opening == "(" and self.pattern.startswith("(?", self.at):
            raise BadPattern("there is no such kind of group")
        if len(self.open_groups) >= MAX_GROUPS:
            raise BadPattern(f"more than {MAX_GROUPS} groups lie inside each other")
        self.at += len(opening)
        self.is_atom = False
        self.begun += opening == "(" or opening.endswith(">")
        self.open_groups.append((opening, self.begun))
        self.sizes.append(0)
        return "(" if opening.endswith(">") else opening

    def _close(self) -> str:
        if not self.open_groups:
            raise BadPattern("a bracket closes what is not open")
        self.at += 1
        self.last = self.sizes.pop() + 1
        self._grow(self.last)
        opening, number = self.open_groups.pop()
        if opening == "(" or opening.endswith(">"):
            self.closed.add(number)
        self.is_atom = opening not in ("(?<=", "(?<!")
        return ")"

    def _repeat(self) -> str:
        if not self.is_atom:
            raise BadPattern("there is nothing to repeat")
        self.is_atom = False
        counted = _COUNT.match(self.pattern, self.at)
        if counted is None:
            self.at += 1
            repeat = self.pattern[self.at - 1]
        else:
            self.at = counted.end()
            repeat = self._counted(counted)
        if self.pattern.startswith("?", self.at):
            self.at += 1
            return repeat + "?"
        return repeat

    def _counted(self, counted: re.Match[str]) -> str:
        least, most = int(counted[1]), int(counted[3] or counted[1])
        if most < least:
            raise BadPattern("the counts of a repetition are the wrong way round")
        self._grow(self.last * max(most - 1, 0))
        return f"{{{least}{counted[2] or ''}{most if counted[3] else ''}}}"

    def _grow(self, by: int) -> None:
        self.sizes[-1] += by
        if self.sizes[-1] > MAX_SIZE:
            raise BadPattern(f"it has more than {MAX_SIZE} parts, written out")

    def _escape(self) -> str:
        self.at += 1
        name = self.pattern[self.at : self.at + 1]
        self.is_atom = name not in ("b", "B")
        if not self.is_atom:
            self.at += 1
            return _BOUNDARY if name == "b" else _NO_BOUNDARY
        if number := self._reference():
            return f"(?:(?({number})\\{number}|))" if number in self.closed else "(?:)"
        if name in _SETS and name:
            self.at += 1
            return f"[{_SETS[name]}]"
        return _literal(self._escaped())

    def _reference(self) -> int:
        """The number of the group that is referred to here; 0 for another escape."""
        if self.pattern.startswith("k", self.at) and self.names:
            named = _NAMED.match(self.pattern, self.at)
            if named is None or named[1] not in self.names:
                raise BadPattern("it refers to a group that is not there")
            self.at = named.end()
            return self.names[named[1]]
        numbered = _NUMBERED.match(self.pattern, self.at)
        if numbered is None or int(numbered[0]) > self.count:
            return 0
        self.at = numbered.end()
        return int(numbered[0])

    def _escaped(self) -> str:
        """The unit that an escape stands for; `at` is behind the backslash."""
        name = self.pattern[self.at : self.at + 1]
        if not name:
            raise BadPattern("a backslash stands at the end")
        code = _CODE.match(self.pattern, self.at)
        octal = _OCTAL.match(self.pattern, self.at)
        if code:
            self.at = code.end()
            return chr(ord(code[3]) % 32 if code[3] else int(code[1] or code[2], 16))
        if octal:
            self.at = octal.end()
            return chr(int(octal[0], 8))
        if name == "c":
            return "\\"
        self.at += 1
        return _CONTROLS.get(name, name)

    def _set(self) -> str:
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        self.is_atom = True
        items: list[str] = []
        while not self.pattern.startswith("]", self.at):
            items.append(self._item())
        self.at += 1
        if not items:
            return _ANYTHING if negated else _NOTHING
        return f"[{'^' * negated}{''.join(items)}]"

    def _item(self) -> str:
        first = self._element()
        if not self.pattern.startswith("-", self.at) or self.pattern.startswith("-]", self.at):
            return first if len(first) > 1 else _literal(first)
        self.at += 1
        last = self._element()
        if len(first) > 1 or len(last) > 1:
            return "".join(part if len(part) > 1 else _literal(part) for part in (first, "-", last))
        if last < first:
            raise BadPattern("a range of characters is the wrong way round")
        return _span(ord(first), ord(last))

    def _element(self) -> str:
        """A unit of a set, or what stands for several."""
        if self.at >= len(self.pattern):
            raise BadPattern("a set of characters is not closed")
        unit = self.pattern[self.at]
        self.at += 1
        if unit != "\\":
            return unit
        name = self.pattern[self.at : self.at + 1]
        if name and name in _SETS:
            self.at += 1
            return _SETS[name]
        if _CONTROL_IN_SET.match(self.pattern, self.at):
            self.at += 2
            return chr(ord(self.pattern[self.at - 1]) % 32)
        if name == "b":
            self.at += 1
            return "\b"
        return self._escaped()


def translated(pattern: str, flags: str = "") -> tuple[str, dict[str, int]]:
    """The pattern for our engine, and the numbers of the groups that have names. Raises: `BadPattern`."""
    translator = _Translator(pattern=units(pattern), dots_match_all="s" in flags, many_lines="m" in flags)
    return translator.translated(), translator.names
