"""How much of a conversation the model is told: tokens as they are estimated, and which turns have room. Pure.

No tokenizer is asked: each model has its own, and an estimate that errs on the large side serves them all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.labels import Label
from orchestrator.model.base import AssistantMessage, EarlierMessage, Message, UserMessage

BYTES_OF_WORDS = 4
"""Bytes of small letters and blanks that are one token: English has 4 to 5 in one, other Latin languages 3 to 4."""

BYTES_OF_OTHERS = 2
"""Bytes of anything else that are one token.

Digits come in threes at best and marks mostly one by one, and words in capitals are cut into short pieces. In UTF-8 an
accented, Greek, Cyrillic, Hebrew or Arabic letter has 2 bytes and is up to one token, a sign of Chinese, Japanese,
Korean or an Indic script has 3 and is one or two, and an emoji has 4 and is two or three.
"""

MESSAGE_TOKENS = 6
"""Tokens of a message or a call beside its texts: its role, its id, and what stands between two of them."""

FENCE_TOKENS = 32
"""Tokens of the two lines that data from outside stands between."""

NOTICE_TOKENS = 128
"""Tokens that are held free for the host's words in the place of turns that are not shown."""

SUMMARY_SHARE = 2
"""A summary is shown where it fills at most this part of the window: one half."""

_WORDS = b"abcdefghijklmnopqrstuvwxyz \n"


def estimated_tokens(text: str) -> int:
    """How many tokens a text has for a model, rather too many than too few."""
    data = text.encode(errors="surrogatepass")
    others = len(data.translate(None, _WORDS))
    return -(-(BYTES_OF_OTHERS * (len(data) - others) + BYTES_OF_WORDS * others) // (BYTES_OF_WORDS * BYTES_OF_OTHERS))


def within(text: str, tokens: int) -> str:
    """The longest beginning of a text that has at most so many tokens."""
    text = text[: max(tokens, 0) * BYTES_OF_WORDS]
    if estimated_tokens(text) <= tokens:
        return text
    length = bisect_right(range(len(text)), tokens, key=lambda end: estimated_tokens(text[:end]))
    return text[: max(length - 1, 0)]


def cost_of(messages: Iterable[Message]) -> int:
    """How many tokens messages have in a request."""
    cost = 0
    for message in messages:
        cost += MESSAGE_TOKENS + estimated_tokens(message.text)
        if isinstance(message, AssistantMessage):
            texts = (text for call in message.calls for text in (call.tool, call.arguments))
            cost += MESSAGE_TOKENS * len(message.calls) + sum(map(estimated_tokens, texts))
            continue
        if isinstance(message, (UserMessage, EarlierMessage)):
            cost += estimated_tokens(message.note)
        cost += FENCE_TOKENS if message.fence else 0
    return cost


class Counted(Protocol):
    """A turn, with the tokens of all before it."""

    @property
    def start(self) -> int: ...


def first_that_fits(past: Sequence[Counted], end: int, room: int) -> int:
    """Where the newest turns begin that fit together; the number of turns, where not even the last one fits.

    `end` is the tokens of all turns.
    """
    return bisect_left(past, end - room, key=lambda turn: turn.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a model has written of the oldest turns."""

    text: str
    turns: int
    """How many, counted from the first that was not taken back."""
    label: Label
    """Whose data the text may hold."""
    fence: str
    """The mark of the turn that it was written in."""
    cost: int
    """The tokens of what stands for it in a request, whether it is shown or set aside."""

    def is_shown(self, set_aside: Collection[str]) -> bool:
        """True when it holds no data of the plugins that are set aside."""
        return not self.label.is_of_any(set_aside)


def summary_of(text: str, turns: int, label: Label, fence: str) -> Summary:
    """A summary, with what it costs."""
    names = sum(estimated_tokens(name) + 1 for name in label.seen)  # the placeholder says them twice
    cost = NOTICE_TOKENS + max(estimated_tokens(text) + FENCE_TOKENS, 2 * names)
    return Summary(text=text, turns=turns, label=label, fence=fence, cost=cost)
