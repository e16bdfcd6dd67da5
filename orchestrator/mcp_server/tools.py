"""The functions of a toolbox as tools of an MCP server: what a model is told of them, and what they can do. Pure.

The hints are what the host's own policy rests on; one that nothing is known of is told of as the worst it may be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import mcp_types as types

from orchestrator.labels import CLEAN
from orchestrator.manifest.model import State, lines_of
from orchestrator.model.base import ToolDefinition
from orchestrator.policy.answers import Grant
from orchestrator.policy.decide import Situation, decide
from orchestrator.policy.evidence import effects, is_unsaid
from orchestrator.policy.rules import Policy
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.tools.definitions import MAX_DESCRIPTION
from orchestrator.tools.toolbox import BoundFunction, Toolbox
from orchestrator.turn.standing import evidence_of, grant_for, is_safe_to_repeat, rules_for
from runtimes.values import Json, JsonObject

MAX_TITLE = 100
"""Characters of a tool's title."""

HEADER_MARK = "x-mcp-header"
"""A member of schemas by which clients are made to copy arguments into header fields: no author may ask for that."""

_NAMING = frozenset({"properties", "$defs"})


def _texts(state: State, lead: str) -> Iterator[str]:
    """What an author tells the model in a state (spec 10.2), below a line that says when it holds."""
    lines = [line.strip() for line in (*lines_of(state.instructions), *lines_of(state.examples)) if line.strip()]
    if lines:
        yield lead
        yield from (f"- {line}" for line in lines)


def _description(function: BoundFunction, definition: ToolDefinition) -> str:
    states = function.declaration.states
    parts = [
        definition.description,
        *_texts(states.reasoning, "When you call it:"),
        *_texts(states.responding, "When you answer from its results:"),
    ]
    return clean("\n".join(part for part in parts if part.strip()))[:MAX_DESCRIPTION]


def _without_marks(schema: Json, *, has_names: bool = False) -> Json:
    """The schema without what clients would take for an order; `has_names` where its members are of the author's own
    naming, as arguments are."""
    if isinstance(schema, list):
        return [_without_marks(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_marks(one, has_names=name in _NAMING and not has_names)
        for name, one in schema.items()
        if has_names or name.lower() != HEADER_MARK
    }


def _input_schema(definition: ToolDefinition) -> JsonObject:
    schema = _without_marks(definition.parameters)
    return {**schema, "type": "object"} if isinstance(schema, dict) else {"type": "object"}


def _title(function: BoundFunction) -> str:
    return clean_line(f"{function.plugin.manifest.name_for_human}: {function.name}")[:MAX_TITLE]


def _is_read_only(function: BoundFunction, policy: Policy, granted: Collection[Grant], person: str, now: float) -> bool:
    """True where nothing says that it changes something, something says that it does not, and nobody would be asked."""
    evidence = evidence_of(function)
    if any(effects(evidence)) or is_unsaid(evidence):
        return False
    situation = Situation(
        plugin=policy.owner(function.plugin.namespace),
        mode=policy.mode,
        context=CLEAN,
        rules=rules_for(policy, function, {}, person, now=now),
        is_remembered=grant_for(function) in granted,
    )
    return decide(evidence, situation).decision == "allow"


def _hints(function: BoundFunction, *, is_read_only: bool) -> types.ToolAnnotations:
    is_destructive = function.signature.is_destructive
    return types.ToolAnnotations(
        title=_title(function),
        read_only_hint=is_read_only,
        destructive_hint=False if is_read_only else is_destructive is not False,
        idempotent_hint=is_read_only or is_safe_to_repeat(function),
        open_world_hint=True,
    )


def tools_of(
    toolbox: Toolbox, policy: Policy, granted: Collection[Grant], person: str, *, now: float
) -> tuple[types.Tool, ...]:
    """Every function that is offered; `now` is in seconds since the epoch.

    There is no output schema: what a client is given is what a model would read, cut where it is long.
    """
    definitions = {one.name: one for one in toolbox.tools.definitions}
    return tuple(
        types.Tool(
            name=function.tool_name,
            title=_title(function),
            description=_description(function, definitions[function.tool_name]),
            input_schema=_input_schema(definitions[function.tool_name]),
            annotations=_hints(function, is_read_only=_is_read_only(function, policy, granted, person, now)),
        )
        for function in toolbox.functions
    )
