"""Turns that nobody goes on with, because no worker has the plugins that they were begun with."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.errors import StoreDamaged, StoreNewer
from orchestrator.events import TurnStarted
from orchestrator.host import Orchestrator
from orchestrator.journal.base import ConversationId, Journal
from orchestrator.phrases import listed

MAX_LOOKED_AT = 100
"""How many of them are looked at."""

MAX_NAMED = 12
"""How many plugins of theirs are named."""


async def _plugins(journal: Journal, conversation: ConversationId) -> frozenset[str]:
    """Those that the last turn was begun with; none where that cannot be read."""
    try:
        facts = await journal.read(conversation)
    except (StoreDamaged, StoreNewer):
        return frozenset()
    started = (fact for fact in reversed(facts) if isinstance(fact, TurnStarted))
    return frozenset(next((fact.documents for fact in started), ()))


async def complain_of_left(host: Orchestrator, say: Callable[[str], None]) -> bool:
    """Says which plugins the turns were begun with that this host cannot go on with; False where there are none.

    Raises: `StoreError`.
    """
    own = frozenset(plugin.namespace for plugin in host.plugins)
    left = [one for one in await host.journal.kept() if one.standing == "left"][:MAX_LOOKED_AT]
    sets = [plugins for one in left if (plugins := await _plugins(host.journal, one.conversation)) != own]
    if not sets:
        return False
    names = sorted({" with ".join(sorted(plugins)) or "no plugins" for plugins in sets})
    more = ", …" if len(names) > MAX_NAMED else ""
    turns = "1 turn waits" if len(sets) == 1 else f"{len(sets)} turns wait"
    say(f"{turns} for a worker with other plugins: {listed(names[:MAX_NAMED])}{more}")
    return True
