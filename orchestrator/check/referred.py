"""What a manifest refers to, read as far as it can be: descriptions, tools, cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from orchestrator.check.bindings import Described, Operations, Patterns
from orchestrator.check.codes import problem
from orchestrator.check.operations import read_description
from orchestrator.check.places import in_source
from orchestrator.check.responses import SEMANTICS, card_file
from orchestrator.check.sources import Source, Sources
from orchestrator.check.tool_lists import TOOLS, tool_list_problems
from orchestrator.errors import Problem
from orchestrator.manifest.examine import MAX_PROBLEMS
from orchestrator.manifest.model import Function, Manifest, Runtime
from orchestrator.manifest.unresolved import unresolved_in
from runtimes.http import is_url
from runtimes.openapi.document import list_at, object_at, text_at
from runtimes.placeholders import may_have_placeholders
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

MAX_CARD_BYTES = 1024 * 1024
"""The longest card, or list of tools, in a file of its own."""

MAX_RUNTIMES = 64
"""How many runtimes of one manifest are looked at."""

MAX_FUNCTIONS = 1000
"""How many functions of one manifest are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Referred:
    """The manifest and all that it refers to, as far as it could be read."""

    functions: tuple[Function, ...] | None
    """Those that are looked at; None where the manifest leaves them to its runtimes."""
    names: tuple[str, ...] | None
    """The names of all that the manifest declares."""
    runtimes: tuple[Described, ...]
    cards: Mapping[str, Source]
    """Those that lie in files, by the pointers of their functions."""
    problems: tuple[Problem, ...]
    """What kept documents from being read, and what is wrong with them as a whole."""


class _Reader:
    """Reads what runtimes and functions refer to."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._operations: dict[str, Operations | None] = {}
        self.problems: list[Problem] = []

    async def described(self, index: int, runtime: Runtime, member: str) -> Described:
        """What is known of the functions of one runtime; `member` is how it spells `run_for_functions`."""
        kind = runtime.type.casefold()
        pointer = pointer_to("runtimes", index, "spec")
        return Described(
            index=index,
            runtime=runtime,
            patterns=Patterns(runtime.run_for_functions, member),
            operations=await self._read_operations(runtime, pointer) if kind == "openapi" else None,
            tools=await self._tools(runtime, pointer) if kind == "remotemcpserver" else None,
        )

    async def card(self, function: Function, pointer: str) -> Source | None:
        """The card of a function that lies in a file."""
        reference = card_file(function)
        if not reference:
            return None
        place = pointer + SEMANTICS + "/static_template/file"
        return await self._sources.refer(reference, place, max_bytes=MAX_CARD_BYTES)

    async def _read_operations(self, runtime: Runtime, pointer: str) -> Operations | None:
        """Those of the description; a string in the manifest wins over a URL (spec 11.3.2.2)."""
        text, reference = runtime.spec.get("api_description"), runtime.spec.get("url")
        if isinstance(text, str):
            source = self._sources.quote(text, pointer + "/api_description")
            return await self._parsed(source) if source is not None else None
        source = await self._sources.refer(reference, pointer + "/url") if isinstance(reference, str) else None
        if source is None:
            return None
        if source.location not in self._operations:
            self._operations[source.location] = await self._parsed(source)
        return self._operations[source.location]

    async def _parsed(self, source: Source) -> Operations | None:
        neighbours = await self._sources.neighbours(source)
        found = read_description(source.document, source.location if is_url(source.location) else "", neighbours)
        if isinstance(found, Problem):
            self.problems += in_source([found], source)
            return None
        if may_have_placeholders(source.data):
            self.problems += islice(in_source(unresolved_in(source.document), source), MAX_PROBLEMS)
        return Operations(found, source)

    async def _tools(self, runtime: Runtime, pointer: str) -> tuple[str, ...] | None:
        """The names of the tools; None where the server is to be asked for them."""
        name = next((name for name in TOOLS if isinstance(runtime.spec.get(name), dict)), TOOLS[0])
        listing = object_at(runtime.spec, name)
        if reference := text_at(listing, "file"):
            place = pointer + pointer_to(name, "file")
            source = await self._sources.refer(reference, place, max_bytes=MAX_CARD_BYTES)
            if source is None:
                return None
            if found := list(in_source(tool_list_problems(source.document), source)):
                self.problems += found
                return None
            listing = source.document if isinstance(source.document, dict) else {}
        names = (text_at(tool, "name") for tool in list_at(listing, "tools"))
        return tuple(name for name in names if name) or None


def _beyond(manifest: Manifest) -> list[Problem]:
    """What is left out of a manifest that has too much."""
    told: list[Problem] = []
    for member, count, limit in (
        ("functions", len(manifest.functions or ()), MAX_FUNCTIONS),
        ("runtimes", len(manifest.runtimes), MAX_RUNTIMES),
    ):
        if count > limit:
            message = f"there are {count} {member}; those beyond {limit} are not checked against anything"
            told.append(problem("too-many-references", pointer_to(member, limit), message, hint="split the plugin"))
    return told


def _spelling(runtime: Json) -> str:
    """How the member is written in this runtime."""
    usual, other = "run_for_functions", "runs_for_functions"
    return other if isinstance(runtime, dict) and other in runtime and usual not in runtime else usual


async def read_referred(document: JsonObject, manifest: Manifest, sources: Sources) -> Referred:
    """Reads what the manifest refers to; `document` is the same as plain data."""
    reader = _Reader(sources)
    functions = manifest.functions[:MAX_FUNCTIONS] if manifest.functions is not None else None
    spellings = [_spelling(runtime) for runtime in list_at(document, "runtimes")[:MAX_RUNTIMES]]
    looked_at = enumerate(zip(manifest.runtimes, spellings, strict=False))
    runtimes = [await reader.described(index, one, spelling) for index, (one, spelling) in looked_at]
    places = {pointer_to("functions", index): one for index, one in enumerate(functions or ())}
    cards = {pointer: await reader.card(one, pointer) for pointer, one in places.items()}
    return Referred(
        functions=functions,
        names=tuple(one.name for one in manifest.functions) if manifest.functions is not None else None,
        runtimes=tuple(runtimes),
        cards={pointer: card for pointer, card in cards.items() if card is not None},
        problems=(*_beyond(manifest), *sources.problems, *reader.problems),
    )
