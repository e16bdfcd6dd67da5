"""Which runtime runs which function, as the manifest and what it refers to have it (spec 11.1.3). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain

from orchestrator.check.codes import problem
from orchestrator.check.sources import Source
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess, nearest
from orchestrator.manifest.model import Function, Runtime
from orchestrator.manifest.problems import MAX_QUOTED, quoted
from runtimes.openapi.document import Description, Entry
from runtimes.positions import pointer_to

MAX_NAMES_LISTED = 5
"""How many names a message lists."""

MAX_WILDCARDS = 20
"""How many wildcards of one runtime are looked at."""

MAX_WILDCARD_CHARS = 256
"""How long a wildcard may be, in characters."""

MAX_MATCHED = 1000
"""How many functions a wildcard is compared with."""


def listed(names: Sequence[str]) -> str:
    """Some of the names, for a message."""
    shown = ", ".join(quoted(name) for name in names[:MAX_NAMES_LISTED])
    more = len(names) - MAX_NAMES_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def _is_wild(pattern: str) -> bool:
    return not {"*", "?", "["}.isdisjoint(pattern)


class Patterns:
    """The names and wildcards of `run_for_functions`; without any, all functions are meant."""

    def __init__(self, written: Sequence[str] | None, member: str) -> None:
        self.written = written
        self.member = member
        """How the manifest spells the member."""
        self._outright = frozenset(written or ())
        wild = [pattern for pattern in written or () if _is_wild(pattern)][:MAX_WILDCARDS]
        self._wild = [pattern for pattern in wild if len(pattern) <= MAX_WILDCARD_CHARS]

    def match(self, name: str) -> bool:
        """True when the function is among those meant."""
        return self.written is None or name in self._outright or any(fnmatchcase(name, one) for one in self._wild)

    def name(self, name: str) -> bool:
        """True when the very name is among them."""
        return name in self._outright

    @property
    def outright(self) -> frozenset[str] | None:
        """The names, where they are the only functions meant; None with a wildcard, or without any name."""
        is_explicit = self.written is not None and not any(map(_is_wild, self.written))
        return self._outright if is_explicit else None


class Operations:
    """The operations of a description by the names that functions may have for them."""

    def __init__(self, description: Description, source: Source) -> None:
        self.description = description
        self.source = source
        self.names = tuple(dict.fromkeys(entry.operation_id or entry.function_name for entry in description.entries))
        self._by_id: dict[str, list[Entry]] = {}
        self._by_name: dict[str, list[Entry]] = {}
        for entry in description.entries:
            for name in {entry.plain_name, entry.function_name}:
                self._by_name.setdefault(name, []).append(entry)
            if entry.operation_id is not None:
                self._by_id.setdefault(entry.operation_id, []).append(entry)

    def named(self, function: str) -> Sequence[Entry]:
        """Those that a function of this name means: by operationId, else by its sanitised spelling."""
        return self._by_id.get(function) or self._by_name.get(function) or ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Described:
    """A runtime object, and what is known of the functions that it describes."""

    index: int
    runtime: Runtime
    patterns: Patterns
    operations: Operations | None = None
    """Of a runtime of type `OpenApi` whose description was read."""
    tools: tuple[str, ...] | None = None
    """Of a runtime of type `RemoteMCPServer` whose tools the manifest names."""

    @property
    def is_known(self) -> bool:
        """True when it is known which functions it describes."""
        return self.operations is not None or self.tools is not None

    def has(self, function: str) -> bool:
        """True when it certainly describes the function."""
        in_operations = self.operations is not None and bool(self.operations.named(function))
        return in_operations or function in (self.tools or ())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bound:
    """A function and an operation that it means."""

    name: str
    function: Function | None
    """None where the manifest leaves its functions to the description."""
    pointer: str
    """Of the function in the manifest."""
    described: Described
    operations: Operations
    entry: Entry

    @property
    def where(self) -> str:
        """The operation, for a message."""
        return f"{self.entry.method} {self.entry.path}"[:MAX_QUOTED]


def _known_names(described: Described, declared: Sequence[str] | None) -> Sequence[str] | None:
    """The functions that `run_for_functions` may mean; None where they are not known."""
    if declared is None:
        operations = described.operations
        inferred = [entry.function_name for entry in operations.description.entries] if operations is not None else []
        return tuple(dict.fromkeys([*operations.names, *inferred])) if operations is not None else None
    is_dynamic = not declared and described.runtime.type.casefold() != "openapi"
    return None if is_dynamic else declared


def _hint_for_unknown(name: str, known: Sequence[str], described: Described) -> str:
    """What to do about a name that no function has; where the runtime describes it, the function is misspelt."""
    if not described.has(name):
        return guess(name, known, f"functions: {listed(known) or 'none'}")
    near = nearest(name, known)
    declare = f"the runtime describes {quoted(name)}: declare a function of that name"
    return f"{declare}, or rename the function {quoted(near)}" if near is not None else declare


def pattern_problems(described: Described, declared: Sequence[str] | None) -> Iterator[Problem]:
    """What is wrong with the names and wildcards of one runtime; `declared` are the manifest's functions."""
    known = _known_names(described, declared)
    if known is None:
        return
    names, wild = frozenset(known), 0
    for index, pattern in enumerate(described.patterns.written or ()):
        pointer = pointer_to("runtimes", described.index, described.patterns.member, index)
        if pattern in names:
            continue
        if not _is_wild(pattern):
            hint = _hint_for_unknown(pattern, known, described)
            yield problem("unknown-function", pointer, f"there is no function {quoted(pattern)}", hint=hint)
            continue
        wild += 1
        if wild > MAX_WILDCARDS or len(pattern) > MAX_WILDCARD_CHARS:
            limits = f"{MAX_WILDCARDS} wildcards of {MAX_WILDCARD_CHARS} characters"
            message = f"there is more than {limits}; this one is not looked at"
            yield problem("too-many-references", pointer, message, hint="name the functions")
            return
        if len(known) <= MAX_MATCHED and not any(fnmatchcase(name, pattern) for name in known):
            hint = f"functions: {listed(known) or 'none'}"
            yield problem("wildcard-unmatched", pointer, f"{quoted(pattern)} matches no function", hint=hint)


def _not_described(name: str, pointer: str, candidates: Sequence[Described]) -> Iterator[Problem]:
    """`candidates` are the runtimes that could run the function; none of them describes it."""
    if any(not described.is_known for described in candidates):
        return
    described = next((one for one in candidates if one.patterns.name(name)), candidates[0])
    if described.operations is not None:
        known, file = described.operations.names, described.operations.source.name or "api_description"
        hint = guess(name, known, f"operations: {listed(known) or 'none'}")
        message = f"{quoted(file)} has no operation {quoted(name)}{described.operations.description.unknown}"
        yield problem("no-operation", pointer, message, hint=hint)
        return
    known = described.tools or ()
    message = f"the server of runtime {described.index} has no tool {quoted(name)}"
    yield problem("unknown-tool", pointer, message, hint=guess(name, known, f"tools: {listed(known) or 'none'}"))


def names_without_function(runtimes: Sequence[Described], declared: Sequence[str] | None) -> Sequence[str]:
    """The names that runtimes run or describe and that no function has: one may have been misspelt."""
    functions = frozenset(declared or ())
    outright = (name for described in runtimes for name in described.patterns.written or () if not _is_wild(name))
    operations = (name for described in runtimes if described.operations for name in described.operations.names)
    tools = (name for described in runtimes for name in described.tools or ())
    return tuple(dict.fromkeys(name for name in chain(outright, operations, tools) if name not in functions))


def function_problems(
    name: str, pointer: str, runtimes: Sequence[Described], meant: Sequence[str]
) -> Iterator[Problem]:
    """What is wrong with the way a declared function is bound; `pointer` is that of its name.

    `meant` are the names that it may be a misspelling of.
    """
    candidates = [described for described in runtimes if described.patterns.match(name)]
    if not candidates:
        message = f"no runtime runs the function {quoted(name)}"
        otherwise = "add its name to 'run_for_functions' of a runtime" if runtimes else "add a runtime"
        yield problem("unbound-function", pointer, message, hint=guess(name, meant, otherwise))
        return
    holders = [described for described in candidates if described.has(name)]
    if not holders:
        yield from _not_described(name, pointer, candidates)
    elif len(holders) > 1 and not all(described.patterns.name(name) for described in holders):
        first, second = holders[0].index, holders[1].index
        message = f"runtimes {first} and {second} both describe {quoted(name)}, and only one may run it"
        hint = "name the functions of each runtime in 'run_for_functions'"
        yield problem("function-described-twice", pointer, message, hint=hint)


def _auth_of(runtime: Runtime) -> tuple[str, str | None, tuple[str, ...]]:
    auth = runtime.auth
    return (auth.type or "None").casefold(), auth.reference_id, auth.scopes


def _difference(one: Runtime, other: Runtime) -> str:
    """What differs between the auth of two runtimes, for a message."""
    (kind, reference, _), (other_kind, other_reference, _) = _auth_of(one), _auth_of(other)
    if kind != other_kind:
        return " and ".join((runtime.auth.type or "None")[:MAX_QUOTED] for runtime in (one, other))
    if reference != other_reference:
        return " and ".join(quoted(name) if name else "no reference_id" for name in (reference, other_reference))
    return "other scopes"


def _are_told_apart(sharing: Sequence[Described]) -> bool:
    """True when each of them names its functions, and none that another names."""
    named = [described.patterns.outright for described in sharing]
    known = [names for names in named if names is not None]
    return len(known) == len(named) and len(frozenset[str]().union(*known)) == sum(map(len, known))


def shared_descriptions(runtimes: Sequence[Described]) -> Iterator[Problem]:
    """Runtimes that have one description and different auth, so that it matters which one runs a function."""
    groups: dict[int, list[Described]] = {}
    for described in runtimes:
        if described.operations is not None and described.operations.source.location:
            groups.setdefault(id(described.operations), []).append(described)
    for first, *others in (group for group in groups.values() if not _are_told_apart(group)):
        for other in (one for one in others if _auth_of(one.runtime) != _auth_of(first.runtime)):
            difference = _difference(first.runtime, other.runtime)
            message = f"runtimes {first.index} and {other.index} share a description with different auth ({difference})"
            hint = "each function gets the auth of the runtime that runs it; see that no function is in both"
            yield problem("shared-description", pointer_to("runtimes", other.index, "auth"), message, hint=hint)


def _functions(
    described: Described, functions: Sequence[Function] | None
) -> Iterator[tuple[str, Function | None, str]]:
    if functions is not None:
        for index, function in enumerate(functions):
            if described.patterns.match(function.name):
                yield function.name, function, pointer_to("functions", index)
        return
    operations = described.operations
    for entry in operations.description.entries if operations is not None else ():
        if described.patterns.match(entry.function_name):
            yield entry.function_name, None, ""


def bound_by(described: Described, functions: Sequence[Function] | None) -> Iterator[Bound]:
    """The functions that a runtime runs, each with the first operation it means."""
    operations = described.operations
    if operations is None:
        return
    for name, function, pointer in _functions(described, functions):
        for entry in operations.named(name)[:1]:
            yield Bound(
                name=name, function=function, pointer=pointer, described=described, operations=operations, entry=entry
            )
