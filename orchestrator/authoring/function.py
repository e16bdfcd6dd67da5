"""One function of a manifest, from an operation of a description (spec 5).

It has no `parameters`: a runtime infers them (spec 5.2.3), with the types, limits and nested objects that the subset
of spec 6 cannot say. Written twice they could only come to differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.authoring.card import simple_card
from orchestrator.authoring.confirmation import confirmation
from orchestrator.authoring.extensions import Cards, capabilities_of, card_semantics, instructions_of
from orchestrator.authoring.results import Results, find_results, semantics_of
from orchestrator.authoring.security import Auth
from orchestrator.authoring.wording import has_words, label, one_line, prose
from orchestrator.manifest.known import MAX_STRING
from runtimes.openapi.document import Description, Entry, text_at
from runtimes.openapi.operations import REPEATABLE_METHODS, Operation
from runtimes.values import Json, JsonObject

MAX_HEADING = 100
"""Characters of the line that names what a function does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Usable:
    """An operation that becomes a function."""

    entry: Entry
    operation: Operation
    auth: Auth

    @property
    def name(self) -> str:
        """The function's: the operationId, with underscores where a name may have no other character."""
        return self.entry.function_name

    @property
    def heading(self) -> str:
        """What it does, in a line for people."""
        summary = one_line(text_at(self.entry.operation, "summary"), MAX_HEADING)
        return summary if has_words(summary) else label(self.name) or self.name

    @property
    def changes_something(self) -> bool:
        """The description's own word (`x-openai-isConsequential`), else that of the HTTP method."""
        stated = self.operation.signature.is_consequential
        return self.entry.method not in REPEATABLE_METHODS if stated is None else stated


def _description(usable: Usable) -> str:
    names = ("x-ai-description", "description", "summary")
    texts = (prose(text_at(usable.entry.operation, name), MAX_STRING) for name in names)
    return next((text for text in texts if has_words(text)), usable.heading)


def _states(usable: Usable, results: Results | None) -> JsonObject:
    """Instructions only where the description has them: a host takes a request of its own to follow them."""
    effect = (
        "changes data: call it only where the person asks for that" if usable.changes_something else "changes nothing"
    )
    reasoning: JsonObject = {"description": f"`{usable.name}` {effect}."}
    responding: JsonObject = {}
    if results is not None:
        answer = f"a list of results at `{results.path}`" if results.is_list else "one result"
        responding = {"description": f"`{usable.name}` answers with {answer}."}
    responding |= instructions_of(usable.entry.operation, "responding")
    states: JsonObject = {"reasoning": reasoning | instructions_of(usable.entry.operation, "reasoning")}
    if responding:
        states["responding"] = responding
    return states


def _semantics(usable: Usable, results: Results | None, stated: Iterable[JsonObject]) -> JsonObject:
    """What is stated wins over what is guessed, the last most; with a `data_path` of its own it stands alone."""
    guessed: JsonObject = {}
    if results is not None:
        guessed = semantics_of(results)
        if card := simple_card(results, label(usable.name) or usable.name):
            guessed["static_template"] = card
    for semantics in stated:
        guessed = semantics if "data_path" in semantics else guessed | semantics
    return {"data_path": "$", **guessed} if guessed else {}


def _data_handling(usable: Usable) -> list[Json]:
    is_open = usable.auth.type == "None"
    if not usable.changes_something:
        return ["GetPublicData" if is_open else "GetPrivateData"]
    return ["ResourceStateUpdate"] if is_open else ["ResourceStateUpdate", "GetPrivateData"]


def _capabilities(usable: Usable, results: Results | None, cards: Cards) -> JsonObject:
    given = capabilities_of(usable.entry.operation, cards)
    found: JsonObject = {}
    asked = given.get("confirmation", {})
    if asked.get("type") == "None":
        found["confirmation"] = {"type": "None"}
    elif usable.changes_something or asked:
        found["confirmation"] = {**confirmation(usable.heading, usable.operation.arguments.schemas), **asked}
    stated = (card_semantics(usable.entry.operation, cards), given.get("response_semantics", {}))
    if semantics := _semantics(usable, results, stated):
        found["response_semantics"] = semantics
    found["security_info"] = {"data_handling": _data_handling(usable), **given.get("security_info", {})}
    return found


def write_function(description: Description, usable: Usable, cards: Cards) -> JsonObject:
    """The function object of an operation; `cards` are those in files that exist."""
    results = find_results(description, usable.entry)
    return {
        "name": usable.name,
        "description": _description(usable),
        "states": _states(usable, results),
        "capabilities": _capabilities(usable, results, cards),
    }
