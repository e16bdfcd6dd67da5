"""What the host's owner lays down: the mode of the data-flow policy, and rules that allow, ask or deny. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from orchestrator.errors import UsageError
from orchestrator.policy.addresses import plainly
from orchestrator.policy.rule_values import check_pattern, check_text, elements, groups, patterns_by_name, seconds
from orchestrator.response.hidden import HIDING
from runtimes.values import Json, JsonObject, dump_json

Mode = Literal["strict", "standard", "off"]
"""How strictly data of one plugin is kept from another; `off` keeps only the questions about effects."""

MODES: tuple[Mode, ...] = ("strict", "standard", "off")

Effect = Literal["allow", "ask", "deny"]

EFFECTS: tuple[Effect, ...] = ("allow", "ask", "deny")

_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the host; every condition must hold. Patterns are those of file names: `*`, `?` and `[…]`.

    A rule that allows holds for one version of one plugin: it names the plugin's `hash`. Raises: `UsageError` that
    names the member for one that does not, for a hash that is none, an effect that there is not, an empty pattern for
    a name, and a value of another type, at construction.
    """

    effect: Effect
    plugin: str = "*"
    """A pattern for the namespace. A rule that tightens fits the one that the host has given the plugin or the one of
    its manifest, in any case of the letters; one that allows fits the first alone, as it is written."""
    function: str = "*"
    """A pattern for the name of the function; what tightens fits it in any case of the letters."""
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])
    """By the name of an argument, dots leading into objects, a pattern for its value.

    One that is missing is empty. Of an array one element is enough, but every one must fit for a rule that allows; that
    one takes values exactly as they are, and the others also in other case, without invisible characters and blanks at
    the ends, and with one form of each letter.
    """
    person: str = "*"
    hash: str = ""
    """The digest of the manifest that it holds for (`Plugin.digest`); empty for any."""
    until: float | datetime | None = None
    """When it ends, in seconds since the epoch; a `datetime` becomes that, one without an offset by the local time."""
    reason: str = ""
    """What the person is told."""

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS:
            raise UsageError(f"there is no effect {self.effect!r}; known: {', '.join(EFFECTS)}")
        for member, pattern in (("plugin", self.plugin), ("function", self.function), ("person", self.person)):
            check_pattern(member, pattern)
        check_text("hash", self.hash)
        check_text("reason", self.reason)
        object.__setattr__(self, "arguments", patterns_by_name(self.arguments))
        object.__setattr__(self, "until", seconds(self.until))
        if self.hash and not _DIGEST.fullmatch(self.hash):
            raise UsageError("the hash of a manifest is 64 digits of 0-9 and a-f: `orchestrator policy` shows it")
        if self.effect == "allow" and not self.hash:
            raise UsageError(
                "a rule that allows needs the hash of the plugin's manifest, so that it ends when that changes; "
                "`orchestrator policy` shows it"
            )

    @property
    def ends(self) -> float | None:
        """Seconds since the epoch when it ends."""
        assert not isinstance(self.until, datetime)
        return self.until

    @property
    def tightens(self) -> bool:
        """True for a rule that asks or denies."""
        return self.effect != "allow"


def _repeated(groups: Iterable[Iterable[str]]) -> str | None:
    seen: set[str] = set()
    for group in groups:
        for name in group:
            if name in seen:
                return name
            seen.add(name)
    return None


def _checked_rules(value: object) -> tuple[Rule, ...]:
    """Raises: `UsageError`."""
    found = elements(value)
    rules = tuple(rule for rule in found or () if isinstance(rule, Rule))
    if found is None or len(rules) != len(found):
        raise UsageError(f"rules of a policy are Rule objects, not {value!r}")
    return rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the host's owner lays down for all conversations; it stays as it is while the host is open.

    Raises: `UsageError` that names the member for a mode that there is not, a plugin that stands in two groups and a
    value of another type, at construction.
    """

    mode: Mode = "standard"
    rules: tuple[Rule, ...] = ()
    """Their order says nothing: a denial wins over a question, and a question over a permission."""
    together: tuple[frozenset[str], ...] = ()
    """Groups of plugins, by namespace, that may see each other's data as if they were one."""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(f"there is no mode {self.mode!r}; known: {', '.join(MODES)}")
        object.__setattr__(self, "rules", _checked_rules(self.rules))
        object.__setattr__(self, "together", groups(self.together))
        if (twice := _repeated(self.together)) is not None:
            raise UsageError(f"plugin {twice!r} stands in two groups; make one group of them")

    def owner(self, plugin: str) -> str:
        """The name that stands for the plugin, or for its group."""
        return next((min(group) for group in self.together if plugin in group), plugin)


def _values_at(value: Json, path: str) -> Iterator[Json]:
    """The values that a path leads to, through every element of arrays; a name may itself have dots."""
    if isinstance(value, list):
        for item in value:
            yield from _values_at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            if name == path:
                yield from _values_at(member, "")
            elif path.startswith(f"{name}."):
                yield from _values_at(member, path[len(name) + 1 :])


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dump_json(value)


def _plain(text: str) -> str:
    """The text without what can be written in many ways and read in one."""
    return HIDING.sub("", plainly(text)).strip()


def _fits(rule: Rule, arguments: JsonObject, path: str, pattern: str) -> bool:
    """What tightens fits where any of the values does, in any spelling; what loosens where all do as they are."""
    texts = [_text(value) for value in _values_at(arguments, path)] or [""]
    if rule.effect == "allow":
        return all(fnmatchcase(text, pattern) for text in texts)
    folded = pattern.casefold()
    return any(fnmatchcase(form.casefold(), folded) for text in texts for form in {text, _plain(text)})


def fits_name(rule: Rule, pattern: str, *names: str) -> bool:
    """True where the rule's pattern for a name fits it; what tightens fits any of several, in any case of the letters.

    What allows fits the first alone, as it is written.
    """
    if not rule.tightens:
        return fnmatchcase(names[0], pattern)
    folded = pattern.casefold()
    return any(fnmatchcase(name.casefold(), folded) for name in names)


def applies(
    rule: Rule, *, plugin: str, own: str, digest: str, function: str, arguments: JsonObject, person: str, now: float
) -> bool:
    """True when the rule speaks of this call.

    `plugin` is the namespace that the host has given the plugin, `own` the one of its manifest; `now` is in seconds
    since the epoch.
    """
    return (
        fits_name(rule, rule.plugin, plugin, own)
        and fits_name(rule, rule.function, function)
        and fnmatchcase(person, rule.person)
        and rule.hash in ("", digest)
        and (rule.ends is None or now < rule.ends)
        and all(_fits(rule, arguments, path, pattern) for path, pattern in rule.arguments.items())
    )
