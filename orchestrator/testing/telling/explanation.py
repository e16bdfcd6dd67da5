"""Every step of a turn as plain data: what `--explain` tells. Pure."""

from __future__ import annotations

from dataclasses import dataclass

MAX_TEXT = 600
"""Characters that are told of an argument, a request, an answer or a text."""

MAX_LISTED = 20
"""Tools, citations, reasons, notes or lines of a card that are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The beginning of a text."""

    text: str
    left_out: int = 0
    """How many characters follow."""


def excerpt(text: str, more: int = 0) -> Excerpt:
    """The text, or the beginning of a long one; `more` characters are known to follow it."""
    return Excerpt(text=text[:MAX_TEXT], left_out=max(0, len(text) - MAX_TEXT) + more)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedExchange:
    """What was sent for a call, and what came back."""

    request: str
    """`JSON-RPC` or the method and the URL, without the values of credentials."""
    body: Excerpt | None
    status: int | None = None
    """None where nothing is known of an answer, or none came."""
    media_type: str = ""
    size: int = 0
    """Bytes of the answer."""
    answer: Excerpt | None = None
    """None for an answer that is empty or no text."""
    error: str = ""
    """Why no answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedQuestion:
    """What the person was asked, and answered."""

    title: str
    body: Excerpt
    destination: str
    answer: str
    """`approve`, `always`, `decline`, `edit`, `expired` or `open`."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedCard:
    """A card as lines of text."""

    origin: str
    """As `Card.origin`."""
    lines: tuple[str, ...]
    left_out: int = 0
    """How many lines follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedCall:
    """A call, from the model's wish to what the person saw of it."""

    function: str
    arguments: Excerpt
    edits: str = ""
    """The function whose call it stands for, with the person's own arguments."""
    verdict: str = ""
    """`allow`, `ask` or `deny`; empty where it was refused before any."""
    reasons: tuple[str, ...] = ()
    decision: str = ""
    """What was decided of it, why, and what the person answered, in a line."""
    questions: tuple[ExplainedQuestion, ...] = ()
    exchanges: tuple[ExplainedExchange, ...] = ()
    status: str = ""
    """Where it ended, as expectations name it."""
    code: str = ""
    """Why it was refused."""
    told: Excerpt | None = None
    """What the model was told of it; None where there is no request left to tell it in."""
    text: Excerpt | None = None
    """What the plugin says to the person."""
    citations: tuple[str, ...] = ()
    cards: tuple[ExplainedCard, ...] = ()
    notes: tuple[str, ...] = ()
    """Why something is not shown, or shown otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedRequest:
    """One request to the model, its reply, and what came of that."""

    number: int
    """From 1 in its turn, as `prompts` of a conversation file count."""
    state: str
    why: str
    offered: tuple[str, ...] = ()
    """The tools, by name."""
    text: Excerpt | None = None
    """What it replied in words."""
    calls: tuple[ExplainedCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTurn:
    """A turn, step by step."""

    number: int
    """From 1 in its conversation."""
    said: Excerpt | None
    """None where it goes on with the turn before."""
    resumed: tuple[ExplainedCall, ...] = ()
    """Calls of the turn before that it goes on with."""
    requests: tuple[ExplainedRequest, ...] = ()
    exchanges: tuple[ExplainedExchange, ...] = ()
    """What was sent besides, for no call that is known."""
    answer: Excerpt | None = None
    end: str = ""
    """How it ended, or `waiting`."""
    detail: str = ""
    tokens: int | None = None
    """None where the model does not count."""
