"""The conversations that are kept for the person at the command line: which one is meant, and what it was held with."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from orchestrator.cli.beginnings import named_by
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.events import TurnStarted
from orchestrator.host import DEFAULT_PERSON
from orchestrator.journal.base import Journal, Kept
from orchestrator.paths import typed_path
from orchestrator.render.sanitize import clean_line
from runtimes.http import is_url, shown_url

MAX_LISTED = 5
"""How many conversations an error lists."""

FIRST_LOOK = 256
"""How many of the last facts are read to find the last turn's beginning; more where it is not among them."""


def _listed(kept: Sequence[Kept]) -> str:
    names = [f"{one.conversation} ({clean_line(one.title)})" for one in kept[:MAX_LISTED]]
    return ", ".join(names) + (", …" if len(kept) > MAX_LISTED else "")


async def newest_kept(journal: Journal) -> Kept:
    """The conversation that grew last. Raises: `OrchestratorError` where none is kept."""
    kept = await journal.kept(DEFAULT_PERSON)
    if not kept:
        raise OrchestratorError("no conversation is kept there to go on with")
    return kept[0]


async def find_kept(journal: Journal, written: str) -> Kept:
    """The conversation of that id, or the only one whose id begins so. Raises: `UsageError`."""
    kept = {one.conversation: one for one in await journal.kept(DEFAULT_PERSON)}
    if not kept:
        raise UsageError(f"there is no conversation {written!r}: none is kept there")
    if difflib.get_close_matches(written, kept) or any(written and one.startswith(written) for one in kept):
        return kept[named_by(written, [*kept], kind="conversation")]
    raise UsageError(f"there is no conversation {written!r}; the newest: {_listed([*kept.values()])}")


def lasting_sources(sources: Sequence[str]) -> tuple[str, ...]:
    """Plugins as they can be named from any folder, without what may be secret in a URL."""
    return tuple(shown_url(one) if is_url(one) else str(typed_path(one).absolute()) for one in sources)


async def sources_of(journal: Journal, one: Kept) -> tuple[str, ...]:
    """Where the plugins of its last turn were read from; none where nobody can read them there again."""
    count = FIRST_LOOK
    while True:
        after = max(0, one.facts - count)
        facts = await journal.read(one.conversation, after)
        if started := next((fact for fact in reversed(facts) if isinstance(fact, TurnStarted)), None):
            return started.sources
        if not after:
            return ()
        count *= 2
