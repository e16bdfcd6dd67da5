"""What the processes of a fault run tell each other, as lines of JSON: errands to workers, and the log of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import Discriminator, TypeAdapter

Side = Literal["before", "after"]

LEASE_ALONE = "lease"
"""What stands for the kind of a fact where a commit has none."""

LEASE_SECONDS = 0.4
"""How long a turn stays with a worker of a fault run that gives no sign of life, unless the run says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a worker is to do, and at which commit it kills itself."""

    worker: int
    store: str
    api: str
    """Where the service is."""
    log: str
    """The file that it tells in what it does."""
    lease_seconds: float = LEASE_SECONDS
    at_once: int = 3
    """How many turns it goes on with at a time."""
    ask: tuple[str, str] | None = None
    """A conversation and a message to begin with."""
    decide: tuple[str, str, bool] | None = None
    """A conversation, a call that is asked about in it and the answer; it does nothing else then."""
    at: float = 0.0
    """When it decides, on the monotonic clock."""
    dies_at: int = 0
    """The number of the commit, from 1; 0 for none."""
    dies: Side = "before"
    dies_in: str = ""
    """Counted are only commits with a fact of this kind; `lease` for those without any fact, empty for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A line to the nursery: start a worker, or send one a signal."""

    errand: Errand | None = None
    worker: int = 0
    signal: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """A line from the nursery."""

    worker: int
    status: int
    """As of `os.waitstatus_to_exitcode`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """It is about to append; not known from this alone is whether it did."""

    number: int
    conversation: str
    expected: int
    facts: tuple[str, ...]
    epoch: int | None
    """Of its lease; None without one, and for a claim, which makes one."""
    time: float
    """On the monotonic clock, which all processes share."""
    kind: Literal["offered"] = "offered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What was offered under that number is kept."""

    number: int
    epoch: int | None
    time: float
    kind: Literal["accepted"] = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """It has taken a turn over."""

    conversation: str
    epoch: int
    time: float
    """When it knew."""
    kind: Literal["took"] = "took"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fell:
    """It kills itself now."""

    side: Side
    commit: int
    wrote: tuple[str, ...]
    """The kinds of the facts of that transaction; none for one that only concerns the lease."""
    kind: Literal["fell"] = "fell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What came of an answer."""

    conversation: str
    call_id: str
    is_approved: bool
    result: str
    kind: Literal["decided"] = "decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broke:
    """An error ended it, which nothing in a fault run should."""

    trace: str
    kind: Literal["broke"] = "broke"


Record = Offered | Accepted | Took | Fell | Decided | Broke


@cache
def _records() -> TypeAdapter[Record]:
    return TypeAdapter(Annotated[Record, Discriminator("kind")])


@cache
def _orders() -> TypeAdapter[Ordered]:
    return TypeAdapter(Ordered)


@cache
def _deaths() -> TypeAdapter[Died]:
    return TypeAdapter(Died)


def line_of(record: Record | Ordered | Died) -> bytes:
    """One line."""
    return orjson.dumps(record) + b"\n"


def order_of(line: bytes) -> Ordered:
    """What a line to the nursery says."""
    return _orders().validate_json(line)


def death_of(line: bytes) -> Died:
    """What a line from it says."""
    return _deaths().validate_json(line)


def records_in(log: Path) -> Iterator[Record]:
    """What a worker has told; the last line may be cut off where it was killed."""
    if not log.exists():
        return
    for line in log.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield _records().validate_json(line)
