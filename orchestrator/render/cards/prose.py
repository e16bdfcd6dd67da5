"""The Markdown that Adaptive Cards have in their texts: bold, italic, links and lists. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len

from orchestrator.render.cards.blocks import Words
from orchestrator.render.cards.dates import with_dates
from orchestrator.render.cards.lines import Align, Flow, Span, line
from orchestrator.render.cards.reading import MAX_NAME, Reading
from orchestrator.render.sanitize import clean, clean_line
from runtimes.values import Json

MAX_LEVEL = 16
"""How deep lists and emphasis may nest; a text that is deeper is shown as it was written."""
MAX_BRACKETS = 100
"""Opening brackets of a text, each of which may begin a link; a text with more is shown as it was written."""
MAX_URL = 2_000
"""Characters of an address that is shown."""

_PARSER = MarkdownIt("zero", {"html": False, "linkify": False, "maxNesting": MAX_LEVEL * 4}).enable(
    ["list", "newline", "escape", "emphasis", "link", "entity"]
)
_LINK = "blue"


def styled(*styles: str) -> str:
    """Several styles at once."""
    return " ".join(dict.fromkeys(word for style in styles for word in style.split()))


def web_url(value: Json) -> str:
    """The URL, where it is one that a person may follow: http or https, and nothing hidden in it."""
    if not isinstance(value, str) or len(value) > MAX_URL:
        return ""
    url = value.strip()
    if clean_line(url) != url or " " in url or "\\" in url:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname and parts.username is None else ""


@dataclass(slots=True)
class _Draft:
    """A flow that is being written; the spans of addresses are kept apart by their place."""

    mark: str
    indent: int
    spans: list[Span] = field(default_factory=list[Span])
    addresses: set[int] = field(default_factory=set[int])

    def flow(self, *, is_bare: bool = False) -> Flow:
        spans = [span for place, span in enumerate(self.spans) if not (is_bare and place in self.addresses)]
        return Flow(spans=tuple(spans), mark=self.mark, indent=self.indent)


class _Writer:
    """Writes the tokens of one text."""

    def __init__(self, style: str, bullet: str) -> None:
        self._style = style
        self._bullet = bullet
        self.drafts: list[_Draft] = []
        self.links: list[str] = []
        self._lists: list[int | None] = []
        self._hangs: list[int] = []
        self._mark = ""
        self._inline: list[str] = []
        self._targets: list[tuple[str, int]] = []

    def block(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                start = token.attrs.get("start", 1)
                self._lists.append(start if isinstance(start, int) else 1)
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._item()
            case "list_item_close":
                if self._mark:  # an item without words
                    self._open()
                self._hangs.pop()
            case "inline":
                self._open()
                for child in token.children or ():
                    self._piece(child)
            case _:
                pass

    def _item(self) -> None:
        number = self._lists[-1]
        self._mark = f"{self._bullet} " if number is None else f"{number}. "
        if number is not None:
            self._lists[-1] = number + 1
        self._hangs.append(cell_len(self._mark))

    def _open(self) -> None:
        hang = sum(self._hangs)
        self.drafts.append(_Draft(self._mark, hang - cell_len(self._mark)))
        self._mark = ""

    def _add(self, text: str, style: str = "", *, is_address: bool = False) -> None:
        draft = self.drafts[-1]
        if is_address:
            draft.addresses.add(len(draft.spans))
        text = clean(text).replace("\n", " ").replace("\t", " ")
        draft.spans.append(Span(text, styled(self._style, *self._inline, style)))

    def _piece(self, token: Token) -> None:
        match token.type:
            case "strong_open":
                self._inline.append("bold")
            case "em_open":
                self._inline.append("italic")
            case "strong_close" | "em_close":
                self._inline.pop()
            case "link_open":
                self._targets.append((web_url(token.attrs.get("href")), len(self.drafts[-1].spans)))
                self._inline.append("underline")
            case "link_close":
                self._inline.pop()
                self._end_link()
            case "softbreak" | "hardbreak":
                self._open()
            case _ if token.content:
                self._add(token.content)
            case _:
                pass

    def _end_link(self) -> None:
        url, start = self._targets.pop()
        said = "".join(span.text for span in self.drafts[-1].spans[start:])
        if url and said.strip() != url:
            self._add(f" ({url})", _LINK, is_address=True)
            self.links.append(url)


def _flows(drafts: Iterable[_Draft], *, is_bare: bool = False) -> tuple[Flow, ...]:
    flows = [draft.flow(is_bare=is_bare) for draft in drafts]
    return tuple(flow for flow in flows if flow.mark or any(span.text.strip() for span in flow.spans))


def _as_written(text: str, style: str) -> Iterator[_Draft]:
    for one in text.splitlines():
        yield _Draft("", 0, [Span(clean_line(one), style)])


def _drafts(text: str, style: str, bullet: str) -> tuple[Sequence[_Draft], Sequence[str]]:
    tokens = _PARSER.parse(text) if text.count("[") <= MAX_BRACKETS else []
    if not tokens or max((token.level for token in tokens), default=0) > MAX_LEVEL:
        return tuple(_as_written(text, style)), ()
    writer = _Writer(style, bullet)
    for token in tokens:
        writer.block(token)
    return writer.drafts, writer.links


def prose(
    reading: Reading,
    value: Json,
    style: str = "",
    *,
    align: Align | None = None,
    most: int = 0,
    is_wrapped: bool = True,
) -> Words:
    """A text with Markdown and dates; `most` is the number of lines that are shown, 0 for all."""
    text = with_dates(reading.text(value), reading.locale, reading.look.zone)
    drafts, links = _drafts(text, style, reading.signs.bullet)
    arrow = f"{reading.signs.arrow} "
    return Words(
        flows=_flows(drafts),
        bare=_flows(drafts, is_bare=True) if links else (),
        addresses=tuple(Flow(spans=(Span(url, _LINK),), mark=arrow) for url in links),
        most=most,
        is_wrapped=is_wrapped,
        align=align or reading.align,
        more=reading.signs.more,
    )


def said(text: str, style: str = "") -> Words:
    """A line of the program's own, or of a name that is clean already."""
    return Words(flows=(Flow(spans=line(text[: MAX_NAME * 4], style)),))


def link(reading: Reading, title: str, url: str) -> Words:
    """An address that a person may follow, after what it is."""
    spans = (*line(f"{title}: " if title else ""), Span(url, _LINK))
    return Words(flows=(Flow(spans=spans, mark=f"{reading.signs.arrow} "),))
