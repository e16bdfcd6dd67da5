"""A request as it arrived and an answer as it leaves: nothing is decoded that a description decides. Pure.

Nothing in this package is shared with what writes requests (`runtimes.openapi.styles`, `.serialisation`, `.request`,
`.encoding` and the like): the mock reads by the specifications alone, so that it can judge our own requests too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from runtimes.values import Json, dump_json

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"
"""The media type of a refusal (RFC 9457)."""

MAX_COMPLAINTS = 20
"""How many mistakes of one request are named."""

MAX_COMPLAINT_CHARS = 300
"""Characters of one of them: it may quote what was sent."""

MAX_DETAIL = 3
"""How many of them stand in the one line of the answer that people read."""

Pair = tuple[str, str]
"""A name and a value, decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request."""

    method: str
    target: str
    """Path and query, still percent-encoded."""
    headers: tuple[Pair, ...] = ()
    body: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        """The target without its query, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What follows the question mark, still percent-encoded."""
        return self.target.partition("?")[2]

    @property
    def has_body(self) -> bool:
        """True where there is one, be it empty: a media type says so too."""
        return bool(self.body) or self.header("Content-Type") is not None

    def header(self, name: str) -> str | None:
        """The fields of that name, whatever its case, in one (RFC 9110 5.2); None where there is none."""
        folded = name.casefold()
        joint = "; " if folded == "cookie" else ", "
        found = [value for key, value in self.headers if key.casefold() == folded]
        return joint.join(found) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer; it has no length of its own, the server counts its bytes."""

    status: int
    media_type: str = ""
    body: bytes = field(default=b"", repr=False)
    headers: tuple[Pair, ...] = ()
    operation: str = ""
    """What the operation is called that was meant, for the log."""
    complaints: tuple[str, ...] = ()
    """What was wrong with the request, for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing that is wrong with a request."""

    place: str
    """`path`, `query`, `header`, `cookie` or `body`."""
    name: str = ""
    """Of the parameter."""
    pointer: str = ""
    """A JSON pointer into its value."""
    message: str

    def __str__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        pointer = f" at {self.pointer}" if self.pointer else ""
        return f"{self.place}{name}{pointer}: {self.message}"

    @property
    def as_json(self) -> Json:
        """A member of the list `errors` of a refusal."""
        told: dict[str, Json] = {"in": self.place, "name": self.name, "pointer": self.pointer, "message": self.message}
        return {name: value for name, value in told.items() if value}


def refusal(
    status: int,
    title: str,
    complaints: Iterable[Complaint] = (),
    *,
    detail: str = "",
    headers: tuple[Pair, ...] = (),
    operation: str = "",
) -> Answer:
    """An answer that says what is wrong, in the form of RFC 9457."""
    found = list(complaints)
    texts = [str(one)[:MAX_COMPLAINT_CHARS] for one in found]
    more = f"; {len(texts) - MAX_DETAIL} more" if len(texts) > MAX_DETAIL else ""
    said = detail[:MAX_COMPLAINT_CHARS] or "; ".join(texts[:MAX_DETAIL]) + more
    told: dict[str, Json] = {"type": "about:blank", "title": title, "status": status, "detail": said}
    if found:
        told["errors"] = [one.as_json for one in found[:MAX_COMPLAINTS]]
    return Answer(
        status=status,
        media_type=PROBLEM_TYPE,
        body=dump_json(told).encode(),
        headers=headers,
        operation=operation,
        complaints=tuple(texts) or (said,),
    )


def query_pairs(query: str) -> tuple[tuple[str, str, bool], ...]:
    """Name, value and whether there is a `=`, of each pair of a query; the name is decoded, the value is not."""
    parts = (pair.partition("=") for pair in query.split("&") if pair)
    return tuple((unquote(name.replace("+", " ")), value, bool(joint)) for name, joint, value in parts)


def cookie_pairs(header: str) -> tuple[Pair, ...]:
    """The cookies of a `Cookie` header (RFC 6265 5.4), nothing decoded."""
    parts = (pair.strip().partition("=") for pair in header.split(";") if pair.strip())
    return tuple((name, value) for name, _, value in parts)
