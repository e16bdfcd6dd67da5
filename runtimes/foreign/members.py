"""Whether somebody else's factory and executor have what the seam asks for, before they are used. Pure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping

from runtimes.foreign.kinds import is_mapping
from runtimes.foreign.words import RAISED, Unfit, kind_of, words_of

_METHODS: Mapping[str, tuple[str, ...]] = {
    "preview": ("call",),
    "sign_in": ("function", "person"),
    "invoke": ("call", "context"),
}
"""The methods of `RuntimeExecutor` with what they are called with, by position."""

_HOW_TO_OPEN = "it has to return an async context manager: put @asynccontextmanager above it"


def _takes(function: Callable[..., object], arguments: tuple[str, ...]) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some of those written in C tell nothing
        return True
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True


def factory_mistakes(factory: object) -> Iterator[str]:
    """What is wrong with what a distribution has registered."""
    if not callable(factory):
        yield "it cannot be called"
        return
    if not _takes(factory, ("spec", "services")):
        yield "it cannot be called with (spec, services)"
    if inspect.iscoroutinefunction(factory) or inspect.isasyncgenfunction(factory):
        yield _HOW_TO_OPEN


def member(executor: object, name: str) -> object:
    """A member of somebody else's executor. Raises: `Unfit` where there is none, or reading it raises."""
    try:
        return getattr(executor, name)
    except AttributeError:
        raise Unfit(f"it has no {name!r}") from None
    except RAISED as error:
        raise Unfit(f"reading its {name!r} raises {words_of(error)}") from error


def _method_mistakes(executor: object, name: str) -> Iterator[str]:
    try:
        method = member(executor, name)
    except Unfit as error:
        yield str(error)
        return
    if not callable(method):
        yield f"its {name!r} cannot be called"
    elif not _takes(method, _METHODS[name]):
        yield f"its {name!r} cannot be called with ({', '.join(_METHODS[name])})"


def _mapping(executor: object, name: str) -> Mapping[object, object]:
    """Raises: `Unfit`."""
    value = member(executor, name)
    if not is_mapping(value):
        hint = ", without being called" if callable(value) else ""
        raise Unfit(f"its {name!r} has to be a mapping by the names of functions{hint}, and is {kind_of(value)}")
    return value


def described(executor: object) -> tuple[Mapping[object, object], Mapping[object, object]]:
    """The `functions` and `unusable` of an executor, each read once.

    Raises: `Unfit`, with everything that it lacks of the seam.
    """
    found: list[Mapping[object, object]] = []
    mistakes: list[str] = []
    for name in ("functions", "unusable"):
        try:
            found.append(_mapping(executor, name))
        except Unfit as error:
            mistakes.append(str(error))
    for name in _METHODS:
        mistakes.extend(_method_mistakes(executor, name))
    if mistakes:
        raise Unfit("; ".join(mistakes))
    functions, unusable = found
    return functions, unusable
