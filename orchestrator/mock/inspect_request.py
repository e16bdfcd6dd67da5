"""Judges a request by the description of its operation: all that is wrong with it, at once. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from orchestrator.mock.bodies import body_value, is_json_type, matching, plain_type
from orchestrator.mock.contract import Contract, Demand, Media, Schema
from orchestrator.mock.exchange import Complaint, Request, cookie_pairs, query_pairs
from orchestrator.mock.read_only import read_only_members
from orchestrator.mock.schemas import MAX_ERRORS, mistakes
from orchestrator.mock.shapes import Shape, scalar
from orchestrator.mock.styles_read import (
    Place,
    Reading,
    Unreadable,
    decoded,
    decoded_form,
    in_header,
    in_pairs,
    in_segment,
    value_of,
)
from runtimes.values import InvalidJson, Json, parse_json

MAX_NAMED = 5
"""How many names a message lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A request with the pieces of its path that stand for names."""

    request: Request
    path: Mapping[str, str]
    """Still percent-encoded."""
    query: Mapping[str, str]
    """What the path template has in a query of its own, by the name of the parameter, decoded."""
    own_query: frozenset[str]
    """The names of the query parameters that the path template itself writes."""
    names: frozenset[str]
    """Those of all parameters of the operation, and of credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A request that was looked at."""

    complaints: tuple[Complaint, ...]
    given: Mapping[str, Json]
    """The values of its parameters and of the members of its body, by name."""


def _document(text: str, media_type: str, shape: Shape) -> Json:
    """A parameter that is a document of its own."""
    if not is_json_type(plain_type(media_type)):
        return scalar(text, shape)
    try:
        return parse_json(text)
    except InvalidJson as error:
        raise Unreadable(f"it is not JSON: {error}") from None


def _in_path(demand: Demand, matched: Matched) -> Reading | None:
    text = matched.path.get(demand.name)
    if text is None:
        text = matched.query.get(demand.name)
        return None if text is None else Reading(text=text)
    if demand.media_type:
        return Reading(text=decoded(text))
    return in_segment(text, demand.name, demand.style, explode=demand.explode)


def _in_pairs(demand: Demand, place: Place) -> Reading | None:
    if demand.media_type:
        own = [place.decode(value) for name, value in place.pairs if name == demand.name]
        return Reading(text=own[0] if len(own) == 1 else None) if own else None
    return in_pairs(place, demand.name, demand.style, explode=demand.explode, shape=demand.schema.shape)


def _in_query(demand: Demand, matched: Matched) -> Reading | None:
    if demand.name in matched.query:
        text = matched.query[demand.name]
        return Reading(text=text, items=tuple(text.split(",")))
    pairs = tuple((name, value) for name, value, _ in query_pairs(matched.request.query))
    return _in_pairs(demand, Place(pairs=pairs, decode=decoded_form, others=matched.names))


def _in_cookie(demand: Demand, matched: Matched) -> Reading | None:
    is_encoded = demand.style != "cookie" or bool(demand.media_type)
    decode = decoded if is_encoded else str
    pairs = tuple((decode(name), value) for name, value in cookie_pairs(matched.request.header("Cookie") or ""))
    return _in_pairs(demand, Place(pairs=pairs, decode=decode, others=matched.names))


def _in_header(demand: Demand, matched: Matched) -> Reading | None:
    text = matched.request.header(demand.name)
    if text is None:
        return None
    return Reading(text=text) if demand.media_type else in_header(text, explode=demand.explode)


_READERS = {"path": _in_path, "query": _in_query, "header": _in_header, "cookie": _in_cookie}


def _valued(schema: Schema, value: Json, place: str, name: str = "") -> Iterator[Complaint]:
    for pointer, message in mistakes(schema.validator, value):
        yield Complaint(place=place, name=name, pointer=pointer, message=message)


def _value(demand: Demand, reading: Reading) -> Json:
    """Raises: `Unreadable`."""
    if demand.media_type and reading.text is not None:
        return _document(reading.text, demand.media_type, demand.schema.shape)
    return value_of(reading, demand.schema.shape, demand.within)


def _parameter(demand: Demand, matched: Matched, given: dict[str, Json]) -> Iterator[Complaint]:
    try:
        reading = _READERS[demand.place](demand, matched)
        if reading is None:
            if demand.is_required:
                yield Complaint(place=demand.place, name=demand.name, message="it is missing, and required")
            return
        if demand.allows_empty and reading.text == "":
            return
        value = _value(demand, reading)
    except Unreadable as error:
        yield Complaint(place=demand.place, name=demand.name, message=str(error))
        return
    given[demand.name] = value
    yield from _valued(demand.schema, value, demand.place, demand.name)


def _is_claimed(name: str, demand: Demand, names: Collection[str]) -> bool:
    """True when a query parameter belongs to a declared one, be it as a member of an object."""
    shape = demand.schema.shape
    if name == demand.name or name.startswith(f"{demand.name}["):
        return True
    if demand.style != "form" or not demand.explode or "object" not in shape.kinds or demand.media_type:
        return False
    return name in shape.properties or (shape.takes_more and demand.name not in names)


def _unknown(contract: Contract, matched: Matched, keys: frozenset[str]) -> Iterator[Complaint]:
    """Query parameters that nobody declares: a misspelled filter is worse than none."""
    demands = [one for one in contract.demands if one.place == "query"]
    names = dict.fromkeys(name for name, _, _ in query_pairs(matched.request.query))
    for name in names:
        if (
            name in matched.own_query
            or name.casefold() in keys
            or any(_is_claimed(name, one, names) for one in demands)
        ):
            continue
        known = [one.name for one in demands]
        near = difflib.get_close_matches(name, known, n=1)
        listed = ", ".join(known[:MAX_NAMED]) + (", …" if len(known) > MAX_NAMED else "")
        hint = f"did you mean {near[0]!r}?" if near else f"known: {listed or 'none'}"
        yield Complaint(place="query", name=name[:100], message=f"there is no such parameter; {hint}")


def media_of(contract: Contract, request: Request) -> Media | None:
    """The declared media type that the body of a request is of."""
    return matching(contract.media, request.header("Content-Type") or "")


def _body(contract: Contract, request: Request, given: dict[str, Json]) -> Iterator[Complaint]:
    if not contract.takes_body:
        if request.body:
            yield Complaint(place="body", message="the operation takes none")
        return
    media = media_of(contract, request)
    if not request.has_body or media is None:
        if contract.needs_body and not request.has_body:
            yield Complaint(place="body", message="it is missing, and required")
        return
    try:
        found = body_value(request.body, request.header("Content-Type") or "", media)
    except Unreadable as error:
        yield Complaint(place="body", message=str(error))
        return
    if found is None:
        return
    if isinstance(found[0], dict):
        given.update(found[0])
    yield from _valued(media.schema, found[0], "body")
    for pointer in islice(read_only_members(media.schema.shape, found[0]), MAX_ERRORS):
        yield Complaint(place="body", pointer=pointer, message="it is read-only: answers have it, and no request")


def judged(contract: Contract, matched: Matched, keys: frozenset[str]) -> Judged:
    """What a request says, and all that is wrong with it; `keys` are query parameters that carry credentials."""
    given: dict[str, Json] = {}
    found = [one for demand in contract.demands for one in _parameter(demand, matched, given)]
    found += _unknown(contract, matched, keys)
    found += _body(contract, matched.request, given)
    return Judged(complaints=tuple(found), given=given)
