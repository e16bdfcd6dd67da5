"""What the policy would say of functions, as text for people and as JSON. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len

from orchestrator.cli.outlook import Outlook
from orchestrator.manifest.load import Plugin
from orchestrator.policy.decide import Verdict
from orchestrator.policy.flow import COLUMNS, Column
from orchestrator.policy.rules import Policy, Rule
from orchestrator.render.sanitize import clean_line
from orchestrator.tools.toolbox import Skipped
from runtimes.http import shown_url
from runtimes.values import Json, JsonObject, dump_json

MAX_WIDTH = 100
"""Columns of a line of reasons; a wide terminal makes no longer ones."""

MIN_WIDTH = 30
"""Columns that it has in any terminal."""

_HEADS: Mapping[Column, str] = {
    "clean": "nothing",
    "public": "public",
    "own": "own",
    "foreign": "private",
    "isolated": "undeclared",
}
_LEGEND = (
    "The columns are what the model has read before it writes the call: nothing but what the person says, public data "
    "of another plugin, private data of this plugin itself (own), private data of another plugin, and data of another "
    "plugin that does not say how it handles data (undeclared). The arguments are taken to be others than the person's "
    "own words."
)
_FUNCTION = "function"
_INDENT = "  "
_WIDTHS: Mapping[Column, int] = {column: max(len(head), len("allow")) for column, head in _HEADS.items()}
"""Columns of the terminal that the verdicts take."""


# --- JSON


def _verdict_json(verdict: Verdict) -> JsonObject:
    reasons: list[Json] = [{"source": reason.source, "text": reason.text} for reason in verdict.reasons]
    return {"decision": verdict.decision, "may_always": verdict.may_always, "reasons": reasons}


def _rule_json(number: int, rule: Rule) -> JsonObject:
    return {"number": number, "effect": rule.effect, "arguments": {**rule.arguments}, "reason": rule.reason}


def _outlook_json(outlook: Outlook) -> JsonObject:
    counts: list[Json] = [
        {"kind": count.kind, "source": count.reason.source, "text": count.reason.text} for count in outlook.counts
    ]
    rules: list[Json] = [_rule_json(number, rule) for number, rule in outlook.conditional]
    return {
        "name": outlook.function.name,
        "destination": outlook.function.signature.destination,
        "counts_as": counts,
        "after": {column: _verdict_json(outlook.verdicts[column]) for column in COLUMNS},
        "rules_for_arguments": rules,
        "is_remembered": outlook.is_remembered,
    }


def _plugin_json(plugin: Plugin, outlooks: Sequence[Outlook], skipped: Sequence[Skipped]) -> JsonObject:
    functions: list[Json] = [_outlook_json(one) for one in _of(plugin, outlooks)]
    left_out: list[Json] = [
        {"function": one.function, "reason": one.reason} for one in skipped if one.plugin == plugin.namespace
    ]
    return {
        "namespace": plugin.namespace,
        "name": plugin.manifest.name_for_human,
        "location": shown_url(plugin.location),
        "hash": plugin.digest,
        "functions": functions,
        "skipped": left_out,
    }


def as_json(
    plugins: Sequence[Plugin],
    outlooks: Sequence[Outlook],
    skipped: Sequence[Skipped],
    policy: Policy,
    idle: Sequence[str],
) -> JsonObject:
    """All of it, for machines."""
    told: list[Json] = [_plugin_json(plugin, outlooks, skipped) for plugin in plugins]
    return {"mode": policy.mode, "plugins": told, "notes": [*idle]}


# --- text


def _of(plugin: Plugin, outlooks: Sequence[Outlook]) -> Sequence[Outlook]:
    return [one for one in outlooks if one.function.plugin.namespace == plugin.namespace]


def _wrapped(text: str, width: int, indent: str = "", hanging: str = "    ") -> Sequence[str]:
    """Lines whose first is indented so far, and the others by so much more."""
    return textwrap.wrap(
        clean_line(text),
        max(width, MIN_WIDTH),
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_on_hyphens=False,
    )


def _cells(texts: Mapping[Column, str]) -> str:
    return "".join(f"  {texts[column]:<{_WIDTHS[column]}}" for column in COLUMNS)


def _table(outlooks: Sequence[Outlook], width: int) -> Iterator[str]:
    """A row for each function; a name that leaves too little room stands on lines of its own above it."""
    room = max(width, MIN_WIDTH) - len(_cells(_HEADS)) - len(_INDENT)
    names = [clean_line(one.function.name) for one in outlooks]
    column = max(cell_len(name) for name in (_FUNCTION, *names) if cell_len(name) <= max(room, len(_FUNCTION)))
    yield f"{_INDENT}{_padded(_FUNCTION, column)}{_cells(_HEADS)}".rstrip()
    for name, one in zip(names, outlooks, strict=True):
        is_long = cell_len(name) > column
        if is_long:
            yield from _wrapped(name, width, _INDENT)
        cells = _cells({head: verdict.decision for head, verdict in one.verdicts.items()})
        yield f"{_INDENT}{_padded('' if is_long else name, column)}{cells}".rstrip()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _verdict_text(verdict: Verdict, plain: Verdict) -> str:
    """What is said of a column; `plain` is what was said of the first one, which is not said twice."""
    always = " (you may say always)" if verdict.may_always else ""
    added = [reason.text for reason in verdict.reasons if reason not in plain.reasons]
    if verdict is plain or len(added) == len(verdict.reasons):
        return f"{verdict.decision}{always}: {'; '.join(reason.text for reason in verdict.reasons)}"
    return f"{verdict.decision}{always}: {'; '.join(['as before', *added])}"


def _verdicts(outlook: Outlook) -> Iterator[str]:
    """What is said of each column; columns that say the same stand together."""
    plain = outlook.verdicts["clean"]
    heads: dict[str, list[str]] = {}
    for column in COLUMNS:
        verdict = outlook.verdicts[column]
        is_same = (verdict.decision, verdict.reasons) == (plain.decision, plain.reasons)
        heads.setdefault(_verdict_text(plain if is_same else verdict, plain), []).append(_HEADS[column])
    for text, columns in heads.items():
        yield f"after {', '.join(columns)}: {text}"


def _counts(outlook: Outlook) -> Iterator[str]:
    kinds: dict[str, list[str]] = {}
    for count in outlook.counts:
        kinds.setdefault(count.kind, []).append(count.reason.text)
    for kind, texts in kinds.items():
        yield f"counts as {kind}: {'; '.join(texts)}"


def _conditions(rule: Rule) -> str:
    return " and ".join(f"{name} is like {dump_json(pattern)}" for name, pattern in rule.arguments.items())


def _notes(outlook: Outlook) -> Iterator[str]:
    for number, rule in outlook.conditional:
        reason = f": {rule.reason}" if rule.reason else ""
        yield f"rule {number}: {rule.effect} where {_conditions(rule)}{reason}"
    if outlook.is_remembered:
        yield "remembered: you have allowed it for always"


def _why(outlook: Outlook, width: int) -> Iterator[str]:
    yield f"  {clean_line(outlook.function.name)}  {clean_line(outlook.function.signature.destination)}".rstrip()
    for text in (*_counts(outlook), *_verdicts(outlook), *_notes(outlook)):
        yield from _wrapped(text, width, "    ")


def _plugin_lines(plugin: Plugin, outlooks: Sequence[Outlook], skipped: Sequence[Skipped], width: int) -> Iterator[str]:
    yield f"{clean_line(plugin.manifest.name_for_human)}  {plugin.namespace}"
    yield f"  from  {clean_line(shown_url(plugin.location))}"
    yield f"  hash  {plugin.digest}"
    if outlooks:
        yield ""
        yield "  What happens, by what the model has read before the call:"
        yield from _table(outlooks, width)
    for one in outlooks:
        yield ""
        yield from _why(one, width)
    for left_out in skipped:
        if left_out.plugin == plugin.namespace:
            yield ""
            yield from _wrapped(f"{left_out.function} is not offered: {left_out.reason}", width, "  ")
    yield ""


def as_lines(
    plugins: Sequence[Plugin],
    outlooks: Sequence[Outlook],
    skipped: Sequence[Skipped],
    policy: Policy,
    idle: Sequence[str],
    width: int,
) -> Iterator[str]:
    """All of it, for people, in lines of so many columns."""
    narrowed = min(width, MAX_WIDTH)
    for plugin in plugins:
        yield from _plugin_lines(plugin, _of(plugin, outlooks), skipped, narrowed)
    for note in idle:
        yield from _wrapped(f"note: {note}", narrowed)
    yield from _wrapped(f"{_LEGEND} The policy is {policy.mode}.", narrowed, hanging="")
