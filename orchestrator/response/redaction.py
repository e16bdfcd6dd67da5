"""Takes out of an answer what the host's rules name, before anything else sees it. Pure.

A rule that cannot be applied withholds the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice

from orchestrator.errors import UsageError
from orchestrator.response.redaction_documents import Run, Unapplied, by_patterns, children, embedded, redacted_document
from orchestrator.response.redaction_rules import MAX_RULES, PathRule, Redaction, Rule, read_rule
from runtimes.base import CallResult
from runtimes.values import InvalidJson, Json, dump_json, parse_json

_PROBE = 24
"""Characters by which a redacted text is recognised in what is said of the answer."""

_LEFT_OUT = "what the answer says of itself is left out: it has redacted parts in it"


def _is_opaque(result: CallResult, rules: Sequence[Rule]) -> bool:
    """True for text from a server in which no rule can find anything: a path needs JSON."""
    if not isinstance(result.payload, str) or not result.payload or result.status is None:
        return False
    if result.attachments or result.is_own_words:
        return False
    return embedded(result.payload) is None and all(isinstance(rule, PathRule) for rule in rules)


def _words(text: str) -> Iterator[str]:
    """The characters that are seen: who quotes a text changes the others."""
    return (char for char in text if char.isprintable() and not char.isspace())


def _probes(found: Sequence[Json]) -> set[str]:
    """The beginnings of all texts and numbers that were found."""
    probes: set[str] = set()
    stack = list(found)
    while stack:
        node = stack.pop()
        if isinstance(node, (str, int, float)) and not isinstance(node, bool):
            probes.add("".join(islice(_words(str(node)), _PROBE)))
        stack += [child for _, child in children(node)]
    return probes - {""}


def _without(line: str, run: Run, probes: set[str]) -> str:
    """The line without what patterns find in it; empty where it quotes what was found elsewhere."""
    words = "".join(_words(line))
    return "" if any(probe in words for probe in probes) else by_patterns(line, run)


def _told(result: CallResult, payload: Json, run: Run) -> CallResult:
    """The result with what is left of its payload, and what is told of that.

    Where something was taken out, what was told of the whole goes; what a runtime tells of the rest may stand, without
    what it has from elsewhere, such as the headers.
    """
    told = replace(result, payload=payload, retell=None)
    if run.found:
        told = (
            replace(result.retell(payload), retell=None) if result.retell else replace(told, explanation="", notes=())
        )
    probes = _probes(run.found)
    explanation = _without(told.explanation, run, probes)
    same = [note for note in told.notes if note in result.notes]  # others are about masks, such as links to them
    notes = tuple(line for note in same if (line := _without(note, run, probes)))
    if not run.found:
        return result
    lines = (result.explanation, *result.notes)
    is_less = len([line for line in (explanation, *notes) if line]) < len([line for line in lines if line])
    return replace(told, explanation=explanation, notes=(*notes, _LEFT_OUT) if is_less else notes)


class Redactor:
    """The rules of a host; hashes are made with its key, so that equal values of other hosts differ."""

    def __init__(self, redactions: Sequence[Redaction], key: bytes) -> None:
        """Raises: `UsageError` for a rule that cannot be read."""
        if len(redactions) > MAX_RULES:
            raise UsageError(f"a host may have {MAX_RULES} redactions")
        self._rules = tuple(read_rule(redaction) for redaction in redactions)
        self._key = key

    def rules_for(self, names: Sequence[str]) -> Sequence[Rule]:
        """The rules for a function, which has several names: its own, and those with its plugin's."""
        return [rule for rule in self._rules if any(fnmatchcase(name, rule.redaction.function) for name in names)]

    def redacted(self, result: CallResult, rules: Sequence[Rule]) -> CallResult:
        """The result without what the rules name; the result itself is not changed."""
        run = Run(rules=rules, key=self._key)
        try:
            if _is_opaque(result, rules):
                raise Unapplied("it is no JSON, and only rules with a pattern are for text")
            return _told(result, redacted_document(parse_json(dump_json(result.payload)), run, 0), run)
        except (Unapplied, InvalidJson, RecursionError) as error:
            return withheld(result, str(error))


def withheld(result: CallResult, reason: str) -> CallResult:
    """That the call was carried out, and that its answer is not shown."""
    told = f"the call was carried out, and its answer is withheld by the host's redaction rules: {reason}"
    return CallResult(payload=None, is_error=True, status=result.status, explanation=told)
