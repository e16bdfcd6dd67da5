"""Cuts an expression of the card language into tokens. Pure.

Text between back quotes is one token with its parts, because other rules hold in there: every character counts, and a
`${…}` that is not well formed is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from orchestrator.response.cards.errors import CardError
from orchestrator.response.cards.limits import CardLimit
from orchestrator.response.cards.utf16 import WHITE_SPACE

MAX_BRACES: Final = 50
"""Objects written inside each other in one `${…}`."""

MAX_TRIES: Final = 100_000
"""How often one text is searched for the end of an expression; quotes behind backslashes leave several."""

_TOKEN: Final = re.compile(
    r"(?P<space>[ \t\ufeff\u00a0]+|\r?\n)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<name>%[A-Za-z0-9_]+|(?:@@|[A-Za-z_#@$])[A-Za-z0-9_]*)"
    r"|(?P<sign>==|!=|<>|&&|\|\||<=|>=|=>|\?\?|[-+!^*/%&<>().\[\]{},:?])"
)
_PLAIN: Final = re.compile(r"[^\r\n{}'\"`]+")
_KEY: Final = re.compile(r"(?:@@|[A-Za-z_#@$%])[A-Za-z0-9_]*:")


_SPECIAL: Final = re.compile(r"`|\\[`$]|\$\{")


class Lexeme(Enum):
    """The kinds of tokens."""

    NUMBER = auto()
    NAME = auto()
    SIGN = auto()
    STRING = auto()
    TEXT = auto()
    """Everything from one back quote to the next."""
    END = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a text between back quotes."""

    text: str
    at: int
    is_expression: bool = False
    """`text` is what stands between the braces, trimmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token; `text` is as written."""

    kind: Lexeme
    text: str
    at: int
    """Where it begins, in code points."""
    pieces: tuple[Piece, ...] = ()


_KINDS: Final = {"number": Lexeme.NUMBER, "name": Lexeme.NAME, "sign": Lexeme.SIGN}

_State: TypeAlias = tuple[int, int, bool]
"""Where the search for the end stands: the place, the objects that are open, and whether something must follow."""


def _string_ends(text: str, start: int) -> Iterator[int]:
    """Where the string that opens at `start` may end, the likeliest first.

    A quote behind a backslash may be part of the string or its end: an odd number of backslashes escapes it, unless
    the string would then never end; an even number does not, unless the braces around it would then never close.
    """
    quote, later = text[start], list[int]()
    at = text.find(quote, start + 1)
    while at >= 0:
        slashes = at - start - 1 - len(text[start + 1 : at].rstrip("\\"))
        if slashes % 2:
            later.append(at + 1)
        else:
            yield at + 1
        if not slashes:
            break
        at = text.find(quote, at + 1)
    yield from reversed(later)


def _after_brace(text: str, at: int, depth: int) -> Iterator[_State]:
    """Where an object that opens at `at` goes on: behind it when it is empty, else behind its first key."""
    if depth == MAX_BRACES:
        raise CardLimit(f"objects in an expression are nested more than {MAX_BRACES} deep")
    key = _KEY.match(text, at + 1)
    if key:
        yield key.end(), depth + 1, True
    elif text[at + 1 : at + 2] == "}":
        yield at + 2, depth, False
    elif text[at + 1 : at + 2] in ("'", '"'):
        ends = _string_ends(text, at + 1)
        yield from ((end + 1, depth + 1, True) for end in ends if text[end : end + 1] == ":")


def _next_states(text: str, state: _State) -> int | Iterator[_State]:
    """The end, or where to go on."""
    at, depth, is_empty = state
    while True:
        plain = _PLAIN.match(text, at)
        if plain:
            at, is_empty = plain.end(), False
        letter = text[at : at + 1]
        if letter in ("'", '"'):
            return ((end, depth, False) for end in _string_ends(text, at))
        if letter == "{":
            return _after_brace(text, at, depth)
        if letter != "}" or is_empty:
            return iter(())
        if not depth:
            return at + 1
        at, depth = at + 1, depth - 1


class _Braces:
    """Finds the `}` of every `${` in a text; what has led nowhere once is not tried again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._failed: set[_State] = set()
        self._tries = 0

    def end(self, start: int) -> int:
        """Behind the `}` that closes the `${` at `start`, or -1 where the two make no expression."""
        first = start + 2, 0, True
        waiting: list[tuple[_State, Iterator[_State]]] = [(first, iter([first]))]
        while waiting:
            self._tries += 1
            if self._tries > MAX_TRIES:
                raise CardLimit(f"a text has more than {MAX_TRIES} places where an expression could end")
            before, states = waiting[-1]
            state = next(states, None)
            if state is None:
                self._failed.add(before)
                waiting.pop()
            elif state not in self._failed:
                found = _next_states(self._text, state)
                if isinstance(found, int):
                    return found
                waiting.append((state, found))
        return -1


def _inside(text: str, start: int, end: int) -> Piece:
    """The expression between `${` and `}`: one more pair of braces around it is taken off with them."""
    inner = text[start + 1 : end].strip(WHITE_SPACE)
    inner = inner[1:-1] if inner[:1] == "{" and inner[-1:] == "}" else inner
    stripped = inner.strip(WHITE_SPACE)
    return Piece(text=stripped, at=text.index(stripped, start + 2), is_expression=True)


def _quoted_text(text: str, start: int) -> Token:
    """The text from the back quote at `start` to the next."""
    pieces, at, plain, braces = list[Piece](), start + 1, start + 1, _Braces(text)
    while True:
        stop = _SPECIAL.search(text, at)
        if stop is None:
            raise CardError("the text between back quotes has no end", text=text, offset=start)
        at, end = stop.start(), stop.end()
        piece = Piece(text=stop[0][-1], at=at)
        if stop[0] == "${":
            end = braces.end(at)
            if end < 0:
                at += 1
                continue
            piece = _inside(text, at, end)
        if plain < at:
            pieces.append(Piece(text=text[plain:at], at=plain))
        if stop[0] == "`":
            return Token(kind=Lexeme.TEXT, text=text[start:end], at=start, pieces=tuple(pieces))
        pieces.append(piece)
        at = plain = end


def _special(text: str, at: int) -> Token:
    """A string or a text; anything else has no place in an expression."""
    if text[at] == "`":
        return _quoted_text(text, at)
    if text[at] in ("'", '"'):
        end = next(_string_ends(text, at), -1)
        if end < 0:
            raise CardError(f"the string that {text[at]} opens has no end", text=text, offset=at)
        return Token(kind=Lexeme.STRING, text=text[at:end], at=at)
    raise CardError(f"{text[at]!r} has no place here", text=text, offset=at)


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The tokens between two places of a text, and `END`. Raises: `CardError`, `CardLimit`."""
    text = text[:end]
    at, stop = start, len(text)
    while at < stop:
        match = _TOKEN.match(text, at)
        if match is None:
            token = _special(text, at)
            yield token
            at = token.at + len(token.text)
        else:
            at = match.end()
            if match.lastgroup != "space":
                yield Token(kind=_KINDS[match.lastgroup or ""], text=match[0], at=match.start())
    yield Token(kind=Lexeme.END, text="", at=stop)
