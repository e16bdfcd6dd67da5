"""The errors that `orchestrator` raises.

* OrchestratorError
  + UsageError                  the caller's mistake: a wrong name, a wrong option (exit code 2)
    - UnknownName               a name that nothing has; carries what was probably meant
  + FunctionUnavailable         a function that a plugin has, and that cannot be called
  + CallForbidden               a rule of the host denies a call
  + ManifestError               a manifest cannot be loaded; carries every problem found
  + CardError                   an expression in a card cannot be read, or has no value
  + CardLimit                   a card's template asks for more work than the host does
  + ModelError                  the model gave no usable reply
  + ConversationError           the conversation is not in a state for that
    - QuestionsPending          a question is open: decide it, or supersede it
    - ConversationBusy          a turn is running
      . ConversationHeld        another process drives it
    - ConversationEnded         the model has disengaged
    - ConversationGone          it was deleted
    - JournalConflict           somebody else appended first
    - LeaseLost                 another process has taken its turn over
  + StoreError                  what keeps the conversations failed
    - StoreUnavailable          it cannot be reached or written to now: what was kept is intact
    - StoreDamaged              what it keeps cannot be read
    - StoreNewer                a newer version of this program has made it
  + HistoryUnreadable           a file of exported conversations cannot be read (`orchestrator.journal.reading`)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

MAX_NAMES_LISTED = 12
"""How many known names an error lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a document, named where it stands."""

    severity: Literal["error", "warning"]
    code: str
    """Stable, kebab-case: what kind of mistake."""
    message: str
    """What is wrong, in one line."""
    pointer: str = ""
    """RFC 6901 pointer of the member; empty for the document as a whole."""
    line: int = 0
    """1-based; 0 where no place is known."""
    column: int = 0
    """1-based, in code points."""
    hint: str = ""
    """What to do about it."""
    clause: str = ""
    """The clause of the specification that is violated, such as `5.2.1`."""
    file: str = ""
    """The file it stands in, where that is not the document itself but one that it refers to."""
    before: str = ""
    """Of a text that is wrong from some character on: what comes before it, so that a report can point there."""

    @property
    def place(self) -> str:
        """`:line:column` where known, else ` at /pointer`."""
        if self.line:
            return f":{self.line}:{self.column}"
        return f" at {self.pointer}" if self.pointer else ""


class OrchestratorError(Exception):
    """Base of all of them; the message is one line for a person."""


class UsageError(OrchestratorError):
    """The caller asked for something that cannot be."""


class UnknownName(UsageError):
    """Nothing has that name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        from difflib import get_close_matches

        names = sorted(known)
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        listed = ", ".join(names[:MAX_NAMES_LISTED]) + (", …" if len(names) > MAX_NAMES_LISTED else "")
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {listed or 'none'}"
        super().__init__(f"there is no {kind} {name!r}; {hint}")


class FunctionUnavailable(OrchestratorError):
    """A plugin has the function, and it cannot be called; the message says why."""


class CallForbidden(OrchestratorError):
    """A rule of the host denies a call; the message has the rule's reason."""


class ManifestError(OrchestratorError):
    """A manifest cannot be loaded; `problems` has every reason at once."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        is_named = repr(source) in first.message  # as one that is not there
        super().__init__(f"{first.message}{more}" if is_named else f"{source}{first.place}: {first.message}{more}")
        self.source = source
        """Where the manifest is, for people: a URL without its query and its user."""
        self.problems = tuple(problems)


class ModelError(OrchestratorError):
    """The model gave no usable reply; the message says why, without a key or a header."""


class ConversationError(OrchestratorError):
    """The conversation is not in a state for that."""


class QuestionsPending(ConversationError):
    """A question to the person is open."""


class ConversationBusy(ConversationError):
    """A turn of this conversation is running."""


class ConversationEnded(ConversationError):
    """The model has disengaged; start a new conversation."""


class ConversationGone(ConversationError):
    """What was known of the conversation is not kept any more."""

    def __init__(self, conversation: str) -> None:
        super().__init__(f"conversation {conversation!r} was deleted; start a new one")


class JournalConflict(ConversationError):
    """The journal has grown since it was read."""


class ConversationHeld(ConversationBusy):
    """Another process drives a turn of this conversation."""

    def __init__(self, conversation: str) -> None:
        super().__init__(
            f"a turn of conversation {conversation!r} is running in another process, or was until a moment ago"
        )


class LeaseLost(ConversationError):
    """Another process has taken the turn over, because this one gave no sign of life."""

    def __init__(self, conversation: str) -> None:
        super().__init__(f"another process has taken over the turn of conversation {conversation!r}; it goes on there")


class StoreError(OrchestratorError):
    """What keeps the conversations failed; the message names it, without a password."""


class StoreUnavailable(StoreError):
    """It cannot be reached or written to now; the conversations in it are intact up to the last fact."""


class StoreDamaged(StoreError):
    """What it keeps cannot be read."""


class StoreNewer(StoreError):
    """A newer version of this program has made it."""
