"""The open runtimes of plugins, and what each of them answers at the moment: a server may change what it offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from orchestrator.manifest.load import Plugin
from orchestrator.manifest.model import Runtime
from orchestrator.response.presentation import Presentation
from runtimes.base import RuntimeExecutor
from runtimes.pinned import Pinned
from runtimes.wrappers import Guarded


def matches(name: str, patterns: tuple[str, ...] | None) -> bool:
    """True for a name that one of the patterns means; None means all names."""
    return patterns is None or any(fnmatchcase(name, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRuntime:
    """A runtime object, and what it says it answers."""

    runtime: Runtime
    executor: RuntimeExecutor | None = None
    """None where the runtime cannot be opened, or needs a credential that cannot be had."""
    wrap: Callable[[RuntimeExecutor], RuntimeExecutor] = Guarded
    """What the host puts around the executor."""
    allowed: tuple[str, ...] | None = None
    """The patterns that names have to match where the runtime was asked for its own functions."""
    reserved: tuple[str, ...] = ()
    """The functions that nobody answers in the place of a runtime without its credential."""
    obstacles: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why functions are not offered, by their names or for all of them."""

    @property
    def names(self) -> tuple[str, ...]:
        """The functions that it claims, which those of a server may change."""
        if self.executor is None:
            return self.reserved
        return tuple(name for name in self.executor.functions if matches(name, self.allowed))

    def offered(self) -> RuntimeExecutor | None:
        """The executor with its functions as they are at the moment, for whatever is bound to them."""
        return None if self.executor is None else self.wrap(Pinned(self.executor))

    def reasons(self) -> Iterator[tuple[str, str]]:
        """Why functions of it are not offered."""
        yield from self.obstacles.items()
        if self.executor is not None:
            yield from self.executor.unusable.items()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlugin:
    """A plugin and its runtimes."""

    plugin: Plugin
    runtimes: Sequence[OpenRuntime]
    presentations: Mapping[str, Presentation]

    def claims(self) -> dict[str, list[OpenRuntime]]:
        """Which runtimes claim a function."""
        by_name: dict[str, list[OpenRuntime]] = {}
        for runtime in self.runtimes:
            for name in runtime.names:
                by_name.setdefault(name, []).append(runtime)
        return by_name
