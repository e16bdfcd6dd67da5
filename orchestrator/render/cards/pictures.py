"""Images and media: what they show in words, or where they are. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.render.cards.actions import selectable
from orchestrator.render.cards.blocks import Block, Part, Stack, Words
from orchestrator.render.cards.lines import Flow, Line, Span, line
from orchestrator.render.cards.prose import link, web_url
from orchestrator.render.cards.reading import Reading, align_of, objects
from orchestrator.response.card_standing import is_hidden
from runtimes.values import JsonObject

MAX_SOURCES = 6
"""How many sources, and how many captions, of one Media are listed."""


def _picture(reading: Reading, node: JsonObject) -> Line:
    if words := reading.name(node.get("altText")):
        return line(f"[image: {words}]", "dim")
    url = web_url(node.get("url"))
    return (Span("[image: ", "dim"), Span(url, "blue"), Span("]", "dim")) if url else line("[image]", "dim")


def image(reading: Reading, node: JsonObject) -> Block:
    """An Image: its alternative text, else its address."""
    align = align_of(node.get("horizontalAlignment"), reading.align)
    return selectable(reading, node, Words(flows=(Flow(spans=_picture(reading, node)),), align=align))


def image_set(reading: Reading, node: JsonObject) -> Block:
    """The images of an ImageSet, one after the other."""
    shown = [one for one in objects(node.get("images")) if not is_hidden(one) and reading.has_room()]
    spans: list[Span] = []
    for one in shown:
        spans += [Span(" "), *_picture(reading, one)] if spans else _picture(reading, one)
    links = (selectable(reading, one, Words(flows=())) for one in shown if "selectAction" in one)
    return Stack((Part(block=Words(flows=(Flow(spans=tuple(spans)),))), *(Part(block=block) for block in links)))


def _sources(reading: Reading, node: JsonObject) -> Iterator[Block]:
    for source in objects(node.get("sources"))[:MAX_SOURCES]:
        if url := web_url(source.get("url")):
            yield link(reading, reading.name(source.get("mimeType")), url)
    for caption in objects(node.get("captionSources"))[:MAX_SOURCES]:
        if url := web_url(caption.get("url")):
            yield link(reading, f"captions {reading.name(caption.get('label'))}".rstrip(), url)


def media(reading: Reading, node: JsonObject) -> Block:
    """A Media: what it is, and where each of its sources is."""
    kinds = [reading.name(source.get("mimeType")) for source in objects(node.get("sources"))[:1]]
    kind = "audio" if kinds and kinds[0].startswith("audio/") else "video"
    words = reading.name(node.get("altText"))
    heading = Words(flows=(Flow(spans=line(f"[{kind}: {words}]" if words else f"[{kind}]", "dim")),))
    return Stack((Part(block=heading), *(Part(block=block) for block in _sources(reading, node))))
