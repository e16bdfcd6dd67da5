"""What a running call may ask of the person: a seam between plugins that ask back and whoever can show a question.

Such a question lives as long as its call. It is no fact and never pending: where nobody is present it is refused at
once, and when its call ends so does it. Asking before a call is made is another thing: that is consent, and a fact.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from runtimes.values import Json, JsonObject

ANSWER_SECONDS = 300.0
"""How long the person may take for one answer; the time of the call stands still meanwhile."""

MAX_QUESTIONS = 10
"""How many questions one call may ask."""

MAX_QUESTION_CHARS = 4096
"""How much of the text of a question is shown."""

MAX_TITLE_CHARS = 120
"""How much of its title."""

Action = Literal["accept", "decline", "cancel"]
"""What the person did: said yes, said no, or did not choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveQuestion:
    """What a plugin asks while its call runs, in its own words: whoever shows them says whose they are."""

    text: str
    title: str = ""
    form: JsonObject | None = None
    """A JSON Schema object whose members are what is asked for, none of them nested; None asks for a yes or a no."""
    url: str = ""
    """A page that the person is asked to open; a yes says that they have agreed, not that they are done there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAnswer:
    """What came of a question."""

    action: Action
    content: JsonObject = field(default_factory=dict[str, Json])
    """What the person gave, by the members of the form; empty unless `action` is `accept`."""
    reason: str = ""
    """Why it was not put to the person, or not answered, for the plugin and the model; empty where they chose."""


Ask = Callable[[LiveQuestion], Awaitable[LiveAnswer]]
"""Puts a question to the person. Raises nothing: what cannot be asked is declined, with the reason."""


async def nobody_present(question: LiveQuestion) -> LiveAnswer:
    """Declines: there is nobody to ask."""
    del question
    return LiveAnswer(action="decline", reason="nobody is present to answer")
