"""Reads expressions of the card language. Pure.

Precedence, from the tightest: members, elements and calls; signs in front; `^` (from the right); `* / %`; `+ -`;
`== !=`; `&`; `< <= > >=`; `&&`; `||`; `??`; `? :`. All of them but `^` group from the left, the last too.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from orchestrator.response.cards.errors import CardError
from orchestrator.response.cards.function import Kind
from orchestrator.response.cards.lexing import Lexeme, Piece, Token, tokens
from orchestrator.response.cards.limits import CardLimit
from orchestrator.response.cards.nodes import ACCESSOR, ELEMENT, Call, Constant, Node, Record
from orchestrator.response.cards.table import NAMES, problem
from orchestrator.response.cards.values import ABSENT, Value

MAX_EXPRESSION_CHARS: Final = 20_000
"""Characters of a text with expressions in it."""

MAX_BRACKETS: Final = 50
"""Brackets inside each other, of calls too, and signs in front of each other."""

MAX_DEPTH: Final = 120
"""Calls and operators inside each other; a chain such as `a + b + c` has one for each operator."""

MAX_KEPT_CHARS: Final = 500
"""Characters of an expression that is kept once it is read."""

_KEPT: Final = 2048
"""Expressions that are kept."""

_LEVELS: Final = {
    sign: level
    for level, signs in enumerate(("?", "??", "||", "&&", "< <= > >=", "&", "== != <>", "+ -", "* / %", "^"), start=1)
    for sign in signs.split()
}
_TERNARY: Final = 1
_SIGN_LEVEL: Final = _LEVELS["^"] + 1

_WORDS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None, "undefined": ABSENT}
_EXACT: Final = 2**53
_ESCAPE: Final = re.compile(r"\\[^\r\n]?")
_ESCAPED: Final = {"\\r": "\r", "\\n": "\n", "\\t": "\t", "\\\\": "\\"}


def _unescaped(literal: str) -> str:
    """What a string in quotes says; a backslash before other letters is kept."""
    inner = literal[1:-1].replace("\\" + literal[0], literal[0])
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[0], match[0]), inner)


def _number(digits: str) -> int | float:
    value = float(digits)
    return int(value) if value < _EXACT and value.is_integer() else value


class _Parser:
    """Reads one expression from a text."""

    def __init__(self, text: str, start: int, end: int, *, is_lenient: bool) -> None:
        self._text = text
        self._tokens = list(tokens(text, start, end))
        self._place = 0
        self._depth = 0
        self._is_lenient = is_lenient

    def whole(self) -> Node:
        """The expression, with nothing behind it."""
        node = self._expression(0)
        if self._token.kind is not Lexeme.END:
            raise self._unexpected()
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._place]

    def _unexpected(self) -> CardError:
        found = repr(self._token.text) if self._token.text else "the end of the expression"
        return CardError(f"{found} has no place here", text=self._text, offset=self._token.at)

    def _is(self, *signs: str) -> bool:
        return self._token.kind is Lexeme.SIGN and self._token.text in signs

    def _next(self) -> Token:
        token = self._token
        self._place += 1
        return token

    def _expect(self, sign: str) -> None:
        if not self._is(sign):
            found = repr(self._token.text) if self._token.text else "the end of the expression"
            raise CardError(f"expected {sign!r}, not {found}", text=self._text, offset=self._token.at)
        self._place += 1

    def _call(self, name: str, arguments: tuple[Node, ...], at: int) -> Node:
        """A checked call. Raises: `CardError`."""
        entry = NAMES.get(name)
        if entry is None:
            if not self._is_lenient:
                raise CardError(f"there is no function {name!r}", text=self._text, offset=at)
            return self._bounded(Call(name=name, arguments=arguments, gives=Kind.STRING, at=at, is_known=False))
        wrong = problem(entry, arguments)
        if wrong:
            raise CardError(wrong, text=self._text, offset=at)
        return self._bounded(Call(name=entry.name, arguments=arguments, gives=entry.gives, at=at))

    def _bounded(self, node: Node) -> Node:
        if node.depth > MAX_DEPTH:
            raise CardLimit(f"an expression of the card is nested more than {MAX_DEPTH} deep")
        return node

    def _expression(self, level: int) -> Node:
        """Everything that binds at least as tight as that."""
        self._depth += 1
        if self._depth > MAX_BRACKETS:
            raise CardLimit(f"the brackets of an expression are nested more than {MAX_BRACKETS} deep")
        left = self._signed()
        while self._token.kind is Lexeme.SIGN and _LEVELS.get(self._token.text, -1) >= level:
            sign = self._next()
            if sign.text == "?":
                then = self._expression(0)
                self._expect(":")
                left = self._call("if", (left, then, self._expression(_TERNARY + 1)), sign.at)
            else:
                tighter = _LEVELS[sign.text] + (sign.text != "^")
                left = self._call(sign.text, (left, self._expression(tighter)), sign.at)
        self._depth -= 1
        return left

    def _signed(self) -> Node:
        if not self._is("!", "-", "+"):
            return self._primary()
        sign = self._next()
        operand = self._expression(_SIGN_LEVEL)
        if sign.text == "!":
            return self._call("!", (operand,), sign.at)
        return self._call(sign.text, (Constant(value=0, at=sign.at), operand), sign.at)

    def _checked(self, name: str, arguments: tuple[Node, ...], at: int) -> Node | CardError:
        """The call, or what is wrong with it: nothing is, where it turns out to be part of a function's name."""
        try:
            return self._call(name, arguments, at)
        except CardError as error:
            return error

    def _primary(self) -> Node:
        """A value and the members, elements and calls behind it."""
        first = self._place
        node: Node | CardError = self._atom()
        while True:
            at = self._token.at
            if self._is("(") or (self._is("!") and self._tokens[self._place + 1].text == "("):
                opening = self._place + self._is("!")
                name = "".join(token.text for token in self._tokens[first:opening])
                self._place = opening + 1
                node = self._checked(name, self._arguments(")"), self._tokens[first].at)
            elif self._is("."):
                self._place += 1
                if self._token.kind is not Lexeme.NAME:
                    raise self._unexpected()
                member = self._next()
                node = self._behind(ACCESSOR, node, Constant(value=member.text, at=member.at), at)
            elif self._is("["):
                self._place += 1
                index = self._expression(0)
                self._expect("]")
                node = self._behind(ELEMENT, node, index, at)
            elif isinstance(node, CardError):
                raise node
            else:
                return node

    def _behind(self, name: str, node: Node | CardError, behind: Node, at: int) -> Node | CardError:
        """A member or an element of what stands in front."""
        if isinstance(node, CardError):
            return node
        return self._checked(name, (behind, node) if name == ACCESSOR else (node, behind), at)

    def _arguments(self, closing: str) -> tuple[Node, ...]:
        """What stands between brackets; the opening one is read."""
        found = list[Node]()
        while not self._is(closing) or found:
            if self._token.kind is Lexeme.NAME and self._tokens[self._place + 1].text == "=>":
                variable = self._next()
                self._place += 1
                found.append(self._name(variable))
            found.append(self._expression(0))
            if not self._is(","):
                break
            self._place += 1
        self._expect(closing)
        return tuple(found)

    def _name(self, token: Token) -> Node:
        return self._call(ACCESSOR, (Constant(value=token.text, at=token.at),), token.at)

    def _atom(self) -> Node:
        token = self._next()
        if token.kind is Lexeme.NAME:
            if token.text in _WORDS:
                return Constant(value=_WORDS[token.text], at=token.at)
            return self._name(token)
        if token.kind is Lexeme.NUMBER:
            return Constant(value=_number(token.text), at=token.at)
        if token.kind is Lexeme.STRING:
            return Constant(value=_unescaped(token.text), at=token.at)
        if token.kind is Lexeme.TEXT:
            return self._text_between(token)
        if token.kind is Lexeme.SIGN and token.text in "([{":
            return self._bracketed(token)
        self._place -= 1
        raise self._unexpected()

    def _bracketed(self, opening: Token) -> Node:
        if opening.text == "[":
            return self._call("createArray", self._arguments("]"), opening.at)
        if opening.text == "{":
            return self._record(opening.at)
        node = self._expression(0)
        self._expect(")")
        return node

    def _record(self, at: int) -> Node:
        members = list[tuple[str, Node]]()
        while not self._is("}") or members:
            key = self._next()
            if key.kind not in (Lexeme.NAME, Lexeme.STRING):
                self._place -= 1
                raise self._unexpected()
            self._expect(":")
            name = key.text if key.kind is Lexeme.NAME else key.text[1:-1]
            members.append((name, self._expression(0)))
            if not self._is(","):
                break
            self._place += 1
        self._expect("}")
        return self._bounded(Record(members=tuple(members), at=at))

    def _text_between(self, token: Token) -> Node:
        """Text between back quotes: its pieces, behind an empty one."""
        nodes: list[Node] = [Constant(value="", at=token.at)]
        nodes += [self._piece(piece) for piece in token.pieces]
        return self._call("concat", tuple(nodes), token.at)

    def _piece(self, piece: Piece) -> Node:
        if not piece.is_expression:
            return Constant(value=piece.text, at=piece.at)
        return _read(self._text, piece.at, piece.at + len(piece.text), is_lenient=self._is_lenient)


def _read(text: str, start: int, end: int, *, is_lenient: bool) -> Node:
    if start == end:
        return Constant(value="", at=start)
    if text[start] == "=":
        start += 1
    if start == end:
        return Constant(value="", at=start)
    return _Parser(text, start, end, is_lenient=is_lenient).whole()


@lru_cache(maxsize=_KEPT)
def _kept(text: str, *, is_lenient: bool) -> Node:
    return _read(text, 0, len(text), is_lenient=is_lenient)


def parse(text: str, *, is_lenient: bool = False) -> Node:
    """Reads an expression; a lenient reading leaves a function that there is not to whoever evaluates it.

    Short ones are kept: the cards of a plugin repeat each other, and whoever judges a card reads it more than once.

    Raises: `CardError` with the place of the mistake, `CardLimit`.
    """
    if len(text) > MAX_EXPRESSION_CHARS:
        raise CardLimit(f"an expression of the card has more than {MAX_EXPRESSION_CHARS} characters")
    if len(text) <= MAX_KEPT_CHARS:
        return _kept(text, is_lenient=is_lenient)
    return _read(text, 0, len(text), is_lenient=is_lenient)
