"""How citations and cards are held against what was expected. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from orchestrator.content import Card, NumberedCitation, shown_card
from orchestrator.response.jsonpath import InvalidQuery, select
from orchestrator.testing.format.expectations import (
    CardExpectation,
)
from orchestrator.testing.format.matching import cut, described, difference, shown
from orchestrator.testing.format.parts import Listed
from orchestrator.testing.format.patterns import Absent, Pattern, escaped, read_pattern
from orchestrator.testing.judging.listing import Kind
from orchestrator.testing.judging.mismatch import Mismatch, ranked, text_mismatch, value_mismatch
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

VISIBLE = frozenset({"altText", "errorMessage", "label", "placeholder", "subtitle", "text", "title", "value"})
"""The members of a card whose texts a person reads."""


def _citation_json(citation: NumberedCitation) -> JsonObject:
    return {name: value for name, value in asdict(citation).items() if value is not None}


def _explain_citation(pattern: Pattern, citation: NumberedCitation) -> Mismatch | None:
    found = value_mismatch(pattern, _citation_json(citation), "", "the citation differs")
    has_title = isinstance(pattern.raw, dict) and "title" in pattern.raw
    is_of_title = found is not None and dict(found.details).get("at") == "$.title"
    return ranked((None, found)) if found is not None and has_title and not is_of_title else found


CITATIONS: Kind[Pattern, NumberedCitation] = Kind(
    explain=_explain_citation,
    expected=lambda pattern: described(pattern.node),
    came=lambda citation: repr(citation.title),
    missing=lambda pattern: f"there is no citation {described(pattern.node)}",
    noun="citation",
)


def _texts_of(card: Card) -> Sequence[str]:
    """What a person reads on a card; of data for a template that is not known, every text."""
    texts: list[str] = []
    stack: list[Json] = [card.body]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            texts.append(node)
        elif isinstance(node, list):
            stack.extend(reversed(node))
        elif isinstance(node, dict):
            shown_members = (
                item
                for name, item in node.items()
                if card.template is not None or name in VISIBLE or not isinstance(item, str)
            )
            stack.extend(reversed(tuple(shown_members)))
    return texts


def _path_mismatch(query: str, pattern: Pattern, card: Json) -> Mismatch | None:
    pointer, subject = pointer_to("paths", query), f"the card has another value at {query!r}"
    try:
        nodes = select(query, card)
    except InvalidQuery as error:
        return Mismatch(pointer=pointer, message=f"the query cannot be carried out: {error}")
    if isinstance(pattern.node, Absent):
        came = (("expected", "nothing"), ("came", ", ".join(map(shown, nodes))))
        return Mismatch(pointer=pointer, message=subject, details=came) if nodes else None
    if any(difference(pattern.node, node) is None for node in nodes):
        return None
    if len(nodes) == 1:
        return value_mismatch(pattern, nodes[0], pointer, subject)
    details = (("expected", described(pattern.node)), ("came", cut(", ".join(map(shown, nodes))) or "nothing"))
    return Mismatch(pointer=pointer, message=subject, details=details)


def _snapshot_mismatch(name: str | None, snapshots: Mapping[str, Json], card: Json) -> Mismatch | None:
    if name is None:
        return None
    if name not in snapshots:
        return Mismatch(pointer="/snapshot", message=f"there is no snapshot {name!r}; `--update` writes it")
    whole = read_pattern(escaped(snapshots[name]))
    return value_mismatch(whole, card, "/snapshot", f"the card is not the one in {name!r}; `--update` writes it anew")


def cards_kind(snapshots: Mapping[str, Json]) -> Kind[CardExpectation, Card]:
    """How cards are compared, with what is in the snapshot files."""

    def explain(expectation: CardExpectation, card: Card) -> Mismatch | None:
        value = shown_card(card)
        texts = "\n".join(_texts_of(card))

        def checks() -> Iterator[Mismatch | None]:
            yield None  # one card is as near to another as any
            yield text_mismatch(expectation.shows, texts, "/shows", "what the card shows")
            yield value_mismatch(expectation.subset, value, "/subset", "the card has no such part")
            for query, pattern in expectation.paths.items():
                yield _path_mismatch(query, pattern, value)
            yield _snapshot_mismatch(expectation.snapshot, snapshots, value)

        return ranked(checks())

    return Kind(
        explain=explain,
        expected=lambda expectation: "a card",
        came=lambda card: cut(next(iter(_texts_of(card)), "a card")),
        missing=lambda expectation: "a card is missing",
        noun="card",
    )


def snapshots_due(expected: Listed[CardExpectation], cards: Sequence[Card]) -> Mapping[str, Json]:
    """What is to be in the snapshot files if the cards are right: for each file the card that it is compared with.

    That is the card at its place, or in a list without an order the first that is otherwise as expected.
    """
    kind, due = cards_kind({}), dict[str, Json]()
    for index, expectation in enumerate(expected.items):
        if expectation.snapshot is None:
            continue
        others = expectation.model_copy(update={"snapshot": None})
        chosen = cards[index : index + 1] if expected.order == "in_order" else cards
        fitting = (card for card in chosen if expected.order == "in_order" or kind.explain(others, card) is None)
        card = next(fitting, None)
        if card is not None:
            due[expectation.snapshot] = shown_card(card)
    return due
