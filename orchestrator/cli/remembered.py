"""What the person at the command line has allowed for always: where it is kept, listed, and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from orchestrator.answers_file import FileAnswers
from orchestrator.errors import UnknownName
from orchestrator.host import DEFAULT_PERSON, Orchestrator
from orchestrator.policy.answers import FIRST_USE, Grant
from orchestrator.render.sanitize import clean, plain_json
from orchestrator.turn.standing import grant_for
from runtimes.values import Json, JsonObject, pretty_json

FILE_NAME = "answers.json"

SHORT_HASH = 12
"""Digits of a hash that are enough to tell versions of one plugin apart."""

_NOTHING = "nothing is remembered"


def answers_path() -> Path:
    """The file, in the person's folder for data."""
    import platformdirs

    return platformdirs.user_data_path("orchestrator") / FILE_NAME


async def person_answers() -> FileAnswers:
    """What is remembered for the person. Raises: `AnswersUnreadable`, before anything rests on it."""
    answers = FileAnswers(answers_path())
    await answers.of(DEFAULT_PERSON)
    return answers


async def remembered_tools(host: Orchestrator) -> Sequence[str]:
    """The functions of a host that the person has allowed for always, by the names of their tools."""
    granted = await host.consent.answers.of(DEFAULT_PERSON)
    return [function.tool_name for function in host.toolbox.functions if grant_for(function) in granted]


def _in_order(grants: Iterable[Grant]) -> Sequence[Grant]:
    return sorted(grants, key=lambda grant: (grant.namespace, grant.function, grant.plugin, grant.description))


def _name(grant: Grant) -> str:
    return grant.namespace if grant.function == FIRST_USE else f"{grant.namespace}.{grant.function}"


def _as_json(grant: Grant) -> JsonObject:
    function: Json = None if grant.function == FIRST_USE else grant.function
    return {
        "plugin": grant.namespace,
        "function": function,
        "hash": grant.plugin,
        "description": grant.description or None,
    }


def _lines(grants: Sequence[Grant]) -> list[str]:
    width = max(len(_name(grant)) for grant in grants)
    return [
        f"{_name(grant):<{width}}  {_what(grant):<14}  for {grant.plugin[:SHORT_HASH]}, as long as that is its hash"
        for grant in grants
    ]


def _what(grant: Grant) -> str:
    return "may be used" if grant.function == FIRST_USE else "runs unasked"


def _print(member: str, grants: Sequence[Grant], *, json_wanted: bool, otherwise: list[str]) -> None:
    if json_wanted:
        told: list[Json] = [_as_json(grant) for grant in grants]
        print(plain_json(pretty_json({"file": str(answers_path()), member: told})))
        return
    print(clean("\n".join(otherwise)))


async def list_answers(*, json_wanted: bool) -> int:
    """Prints all that is remembered; returns the exit code."""
    grants = _in_order(await FileAnswers(answers_path()).of(DEFAULT_PERSON))
    lines = [*_lines(grants), "`orchestrator policy --forget [PLUGIN[.FUNCTION]]` takes it back"] if grants else []
    _print("answers", grants, json_wanted=json_wanted, otherwise=lines or [_NOTHING])
    return 0


def _chosen(grants: Sequence[Grant], what: str) -> Sequence[Grant]:
    """Those that a name means, or all. Raises: `UnknownName`."""
    if not what:
        return grants
    chosen = [grant for grant in grants if what in (grant.namespace, _name(grant))]
    if not chosen:
        known = {name for grant in grants for name in (grant.namespace, _name(grant))}
        raise UnknownName("remembered answer", what, known)
    return chosen


async def forget_answers(what: str, *, json_wanted: bool) -> int:
    """Takes back what a plugin or a function was allowed, or everything; returns the exit code.

    Raises: `UnknownName`.
    """
    answers = FileAnswers(answers_path())
    grants = _chosen(_in_order(await answers.of(DEFAULT_PERSON)), what)
    for grant in grants:
        await answers.forget(DEFAULT_PERSON, grant)
    lines = [f"forgotten: {_name(grant)} ({grant.plugin[:SHORT_HASH]})" for grant in grants]
    _print("forgotten", grants, json_wanted=json_wanted, otherwise=lines or [_NOTHING])
    return 0
