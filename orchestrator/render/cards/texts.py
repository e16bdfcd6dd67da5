"""TextBlock and RichTextBlock. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from orchestrator.render.cards.actions import inline_action
from orchestrator.render.cards.blocks import Block, Words
from orchestrator.render.cards.lines import Flow, Span
from orchestrator.render.cards.prose import prose, styled
from orchestrator.render.cards.reading import Reading, align_of, word
from orchestrator.response.card_flags import flag
from orchestrator.response.card_standing import is_hidden
from runtimes.values import Json, JsonObject

MAX_RUNS = 200
"""How many pieces of a RichTextBlock are shown."""
MAX_LINES = 1_000
"""The largest `maxLines` that makes a difference."""

_COLORS = {"accent": "cyan", "good": "green", "warning": "yellow", "attention": "red"}
_SIZES = {"large": "bold", "extralarge": "bold"}
_WEIGHTS = {"bolder": "bold", "lighter": "dim"}


def style_of(node: JsonObject) -> str:
    """Weight, size and colour, as far as a terminal has them."""
    subtle = "dim" if flag(node.get("isSubtle")) else ""
    heading = "bold" if word(node.get("style")) in ("heading", "columnheader") else ""
    return styled(
        _WEIGHTS.get(word(node.get("weight")), ""),
        _SIZES.get(word(node.get("size")), ""),
        heading,
        subtle,
        _COLORS.get(word(node.get("color")), ""),
    )


def _most(value: Json) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_LINES
    return value if is_count and isinstance(value, int) else 0


def text_block(reading: Reading, node: JsonObject) -> Block:
    """Its text; one line where it must not be wrapped, as the format has it."""
    return prose(
        reading,
        node.get("text"),
        style_of(node),
        align=align_of(node.get("horizontalAlignment"), reading.align),
        most=_most(node.get("maxLines")),
        is_wrapped=flag(node.get("wrap")),
    )


def _run_style(run: JsonObject) -> str:
    marks = {"italic": "italic", "strikethrough": "strike", "underline": "underline", "highlight": "reverse"}
    return styled(style_of(run), *(style for name, style in marks.items() if flag(run.get(name))))


def _run(reading: Reading, run: Json) -> Iterator[Span]:
    if isinstance(run, str):
        yield Span(reading.text(run))
        return
    if not isinstance(run, dict) or is_hidden(run) or not reading.has_room():
        return
    text = reading.text(run.get("text"))
    if reading.look.is_plain and flag(run.get("strikethrough")):
        text = f"~~{text}~~"
    yield Span(text, _run_style(run))
    action = run.get("selectAction")
    if isinstance(action, dict):
        yield from inline_action(reading, action)


def rich_text_block(reading: Reading, node: JsonObject) -> Block:
    """Its runs, one after the other."""
    inlines = node.get("inlines")
    runs = inlines if isinstance(inlines, list) else []
    reading.is_cut = reading.is_cut or len(runs) > MAX_RUNS
    flows: list[list[Span]] = [[]]
    for span in (span for run in islice(runs, MAX_RUNS) for span in _run(reading, run)):
        first, *others = span.text.replace("\t", " ").split("\n")
        flows[-1].append(Span(first, span.style))
        flows += [[Span(other, span.style)] for other in others]
    return Words(
        flows=tuple(Flow(spans=tuple(spans)) for spans in flows if any(span.text.strip() for span in spans)),
        align=align_of(node.get("horizontalAlignment"), reading.align),
        more=reading.signs.more,
    )
