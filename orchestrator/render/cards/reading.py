"""One card on its way from JSON to blocks: what may still be read of it, and what its parts need to know of the whole.

How each kind of element is drawn is not known here: `draws` says it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from orchestrator.render.cards.blocks import Barred, Block, Part, Stack, Words
from orchestrator.render.cards.lines import Align, Flow, line
from orchestrator.render.cards.look import Look
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.response.card_flags import flag
from orchestrator.response.card_standing import is_hidden, unmet
from runtimes.values import Json, JsonObject

MAX_CARD_DEPTH = 12
"""How deep elements may nest; deeper ones are replaced by a note."""
MAX_ELEMENTS = 1_000
"""How many elements and actions of a card are drawn."""
MAX_TEXT = 4_000
"""Characters of one text."""
MAX_NAME = 200
"""Characters of a title, a label or a name."""
MAX_CARD_TEXT = 40_000
"""Characters of all texts of a card."""

_INDENT = "  "
_GAPS = {"medium": 1, "large": 1, "extralarge": 1, "padding": 1}
"""Empty lines for a spacing; the others need none."""

Draw: TypeAlias = "Callable[[Reading, JsonObject], Block | None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """What the whole card says of its parts."""

    numbers: Mapping[int, int]
    """The number of each choice, by the identity of its node."""
    revealers: Mapping[str, str]
    """By the id of an element: the title of the action that shows it."""


def objects(value: Json) -> list[JsonObject]:
    """The objects of an array; of anything else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def word(value: Json) -> str:
    """A word of the format, which is read in any case."""
    return value.casefold() if isinstance(value, str) else ""


def align_of(value: Json, otherwise: Align = "left") -> Align:
    """A horizontal alignment."""
    name = word(value)
    if name == "left":
        return "left"
    return "center" if name == "center" else "right" if name == "right" else otherwise


class Reading:
    """The card that is being read."""

    def __init__(self, look: Look, locale: str, bindings: Bindings, draws: Mapping[str, Draw]) -> None:
        self.look = look
        self.signs = look.signs
        self.locale = locale
        self.align: Align = "left"
        """Where text stands that does not say it."""
        self.is_cut = False
        """True when there was more than may be shown."""
        self._bindings = bindings
        self._draws = draws
        self._depth = 0
        self._elements = MAX_ELEMENTS
        self._characters = MAX_CARD_TEXT

    # --- texts

    def text(self, value: Json) -> str:
        """A text, clean and bounded; line ends stay."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str | int | float):
            return ""
        raw = str(value)
        room = min(MAX_TEXT, self._characters)
        self.is_cut = self.is_cut or len(raw) > room
        raw = raw[:room] + (self.signs.more if len(raw) > room else "")
        self._characters -= min(room, len(raw))
        return clean(raw)

    def name(self, value: Json) -> str:
        """A short text, on one line."""
        text = clean_line(self.text(value))
        return text if len(text) <= MAX_NAME else text[: MAX_NAME - 1] + self.signs.more

    def note(self, text: str) -> Words:
        """What the program says in the place of something."""
        return Words(flows=(Flow(spans=line(f"[{text}]", "dim")),))

    # --- what is known of the whole

    def number(self, action: JsonObject) -> int | None:
        """The number that the choice is taken by."""
        return self._bindings.numbers.get(id(action))

    def revealer(self, node: JsonObject) -> str | None:
        """The title of the action that shows the element, as the card has it; None where nothing shows it."""
        name = node.get("id")
        return self._bindings.revealers.get(name) if isinstance(name, str) else None

    @contextmanager
    def aligning(self, value: Json) -> Generator[None]:
        """While entered, text stands there unless it says otherwise."""
        before, self.align = self.align, align_of(value, self.align)
        try:
            yield
        finally:
            self.align = before

    # --- elements

    def has_room(self) -> bool:
        """Counts one more element; False when there have been enough."""
        self._elements -= 1
        self.is_cut = self.is_cut or self._elements < 0
        return self._elements >= 0

    def element(self, node: JsonObject, implied: str = "") -> Block | None:
        """The element as a block; `implied` is what it is where it does not say so."""
        if not self.has_room():
            return None
        if self._depth >= MAX_CARD_DEPTH:
            return self.note("more, nested too deep to show")
        if not is_hidden(node):
            return self._drawn(node, implied)
        if (title := self.revealer(node)) is None:
            return None
        block = self._drawn(node, implied)
        if block is None:
            return None
        note = Flow(spans=line(f"{self.signs.opens} hidden until “{self.name(title) or 'toggle'}”:", "dim"))
        return Stack((Part(block=Words(flows=(note,))), Part(block=Barred(block=block, bar=_INDENT))))

    def _draw_of(self, kind: str) -> Draw | None:
        """How the kind is drawn; an input that is not known is filled in, and so drawn, like a text."""
        return self._draws.get(kind) or (self._draws.get("Input.Text") if kind.startswith("Input.") else None)

    def _drawn(self, node: JsonObject, implied: str) -> Block | None:
        kind = node.get("type", implied)
        draw = self._draw_of(kind) if isinstance(kind, str) else None
        name = self.name(kind) or "element without a type"
        if draw is None:
            return self.note(f"{name}: not shown in a terminal")
        if feature := unmet(node):
            return self.note(f"{name}: needs {self.name(feature)}, which is not here")
        self._depth += 1
        try:
            return draw(self, node)
        finally:
            self._depth -= 1

    def parts(self, value: Json, implied: str = "") -> Iterator[Part]:
        """The elements of an array below each other."""
        for node in objects(value):
            if (block := self.element(node, implied)) is not None:
                yield self.part(node, block)

    def part(self, node: JsonObject, block: Block) -> Part:
        """The block of an element, with what parts it from the one above."""
        rule = self.signs.rule if flag(node.get("separator")) else ""
        return Part(block=block, gap=0 if rule else _GAPS.get(word(node.get("spacing")), 0), rule=rule)

    def stack(self, value: Json) -> Stack:
        """The elements of an array."""
        return Stack(tuple(self.parts(value)))
