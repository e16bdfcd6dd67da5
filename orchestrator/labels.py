"""Whose data a text may hold: the label of everything that a model reads. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce


def _merged(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    if not right or left == right:
        return left
    larger, smaller = (left, right) if len(left) >= len(right) else (right, left)
    names = {*larger}
    return larger if names.issuperset(smaller) else tuple(sorted(names.union(smaller)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Plugins, by namespace, that a text may have something of. Words of the person have an empty label.

    Whatever a plugin answers is untrusted. A label only ever grows: to lose something of it, a text must be left out.
    """

    seen: tuple[str, ...] = ()
    """Those that anything of it comes from: it may hold instructions of theirs."""
    private: tuple[str, ...] = ()
    """Those whose private data it may hold."""
    isolated: tuple[str, ...] = ()
    """Those whose data must not reach another plugin, because they do not say how they handle it (spec 9.5)."""

    def __or__(self, other: Label) -> Label:
        if other is CLEAN or other == self:
            return self  # what most joins come to: a conversation soon has seen all that it sees
        if self is CLEAN:
            return other
        seen = _merged(self.seen, other.seen)
        private = _merged(self.private, other.private)
        isolated = _merged(self.isolated, other.isolated)
        for one in (self, other):  # the one that holds the other stays itself
            if seen is one.seen and private is one.private and isolated is one.isolated:
                return one
        return Label(seen=seen, private=private, isolated=isolated)

    @property
    def owners(self) -> frozenset[str]:
        """The plugins whose private or isolated data it may hold."""
        return frozenset((*self.private, *self.isolated))

    def is_of_any(self, plugins: Collection[str]) -> bool:
        """True when it holds anything of one of these plugins."""
        return bool(plugins) and not frozenset(plugins).isdisjoint(self.seen)


CLEAN = Label()
"""Holds nothing from outside."""


def join(labels: Iterable[Label]) -> Label:
    """The label of a text that was made from all of these."""
    return reduce(Label.__or__, labels, CLEAN)
