"""What a person is shown beside the words of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from runtimes.values import Json, JsonObject

CardOrigin = Literal["selected", "static", "plain", "local", "rich", "sign-in"]
"""Where a card comes from: the two templates of spec 9.4.2, the host's own from title and URL, a local plugin (spec
13.2), a rich response (spec 8), or a refusal that asks for a sign-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a piece of an answer comes from (spec 9.4.2.2)."""

    title: str
    subtitle: str | None = None
    url: str | None = None
    """An http or https URL, or nothing."""
    thumbnail_url: str | None = None
    information_protection_label: str | None = None
    """The sensitivity label of the source, to be shown with the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedCitation(Citation):
    """A citation in its turn."""

    number: int
    """By which the model was told to cite it: from 1, in the order of the calls."""
    is_cited: bool
    """True where the answer has its mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A visual result: an Adaptive Card, expanded."""

    body: JsonObject
    template: str | None = None
    """The URL of the template that `body` is the data for, where the host does not know it (spec 13.2.2.1); empty where
    it names none, or one that is not allowed; None when `body` is a card itself."""
    origin: CardOrigin = "local"
    result_id: str = ""
    """What a local plugin calls the result (spec 13.2.1.1)."""
    notes: tuple[str, ...] = ()
    """Why the card is not the one that the manifest asks for first, a line for each choice that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedCard(Card):
    """A card of a reply, with the call that it came back with: what is chosen on it names that call."""

    call_id: str


def shown_card(card: Card) -> Json:
    """A card as commands print it: the Adaptive Card itself, or data with the URL of a template that is not known."""
    return card.body if card.template is None else {"template": card.template, "data": card.body}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAction:
    """What a person chose on a card: it is sent as the next message."""

    call_id: str
    """The call whose answer the card came with."""
    title: str
    """What the person saw on the button."""
    result_id: str = ""
    """What a local plugin calls the result that the card shows (spec 13.2.1.1)."""
    verb: str = ""
    """Of an `Action.Execute`: what it is to do."""
    data: Json = field(default=None)
    """The action's own data, with what the person put into the card's inputs."""
    secret: tuple[str, ...] = ()
    """The members of `data` that were typed unseen: they are sent, and neither shown nor told to a model."""
    plugin: str = ""
    """The namespace of the plugin whose card it is; the conversation fills it in."""
    function: str = ""
    """The function whose answer the card came with; the conversation fills it in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one call gives the person to see."""

    text: str = ""
    citations: tuple[Citation, ...] = ()
    cards: tuple[Card, ...] = ()
    cards_left_out: int = 0
    """How many more cards the answer would have given; one answer has a limit."""
    rich: Json = None
    """The answer as it is, where the function says that it is a rich response (spec 8)."""
    notes: tuple[str, ...] = ()
    """Why something is not shown that the manifest asks for, and nothing stands in its place; a line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """A file of a conversation: all but its bytes."""

    id: str
    """What calls name it by; unique in the conversation."""
    name: str = ""
    """A plain file name; empty where it has none."""
    media_type: str = ""
    size: int
    """Bytes."""
    sha256: str
    """Of its bytes, in hexadecimal."""

    @property
    def label(self) -> str:
        """The file in a few words: name, type and size."""
        name = repr(self.name) if self.name else "a file without a name"
        return f"{name}, {self.media_type or 'of unknown type'}, {self.size} bytes"
