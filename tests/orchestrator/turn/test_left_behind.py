"""What a turn leaves behind, and what it looks at again (issue 11: no garbage but what frees itself)."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from orchestrator import Orchestrator, load_plugin
from orchestrator.events import TurnEnded, TurnStarted
from orchestrator.journal.memory import MemoryJournal
from orchestrator.model.scripted import Call, Say, ScriptedModel, ScriptTurn
from orchestrator.policy.words import words_of
from orchestrator.turn.history import History, advanced
from orchestrator.turn.typed import Typed
from runtimes.memory import MemoryRuntime
from runtimes.values import JsonObject

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Todos",
    "namespace": "todos",
    "description_for_human": "Keeps todos.",
    "runtimes": [{"type": "x-python"}],
}


async def look() -> str:
    """Looks."""
    return "nothing to see"


def _of_ours(found: list[object]) -> list[str]:
    return sorted({type(one).__qualname__ for one in found if type(one).__module__.startswith("orchestrator.")})


async def test_a_turn_leaves_nothing_that_only_the_collector_of_cycles_frees() -> None:
    plugin = await load_plugin(MANIFEST)
    script = [ScriptTurn(user="go", steps=(Call("look", {}), Say("Done."))) for _ in range(2)]
    async with Orchestrator(
        plugins=[plugin],
        model=ScriptedModel(turns=script),
        runtimes={"x-python": MemoryRuntime(look, read_only={"look"})},
        store=MemoryJournal(),
    ) as host:
        chat = host.conversation()
        await chat.ask("go")
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await chat.ask("go")
            gc.collect()
            left = _of_ours(gc.garbage)
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
    assert left == []


class Told:
    """What was typed, of which only the newest may be looked at."""

    def __iter__(self) -> Iterator[str]:
        raise NotImplementedError

    def __reversed__(self) -> Iterator[str]:
        yield "a house with a garden in Seattle"
        raise NotImplementedError


def test_what_was_typed_before_the_words_of_a_call_is_not_looked_at() -> None:
    assert words_of({"city": "Seattle"}, Told()) == "spoken"


def test_what_was_typed_is_read_the_oldest_and_the_newest_first() -> None:
    said = ["one", "two", "three"]
    ended = TurnEnded(reason="answered")
    turns = [TurnStarted(text=text, person="ada", documents={}) for text in said]
    typed = Typed(advanced(History(), [turns[0], ended, turns[1], ended, turns[2]]))
    assert [*typed] == said
    assert [*reversed(typed)] == said[::-1]
