"""Which cards an answer is shown by: the first choice that works, and why it is not an earlier one (spec 9.4.2).

Pure but for the clock it is given.

For each result: the card that `template_selector` selects, else `static_template`, else, where one of them was wanted
and fails, a plain card of title, subtitle, picture and link, else nothing but the words of the answer. A function
that names no template gets no plain cards: its citations show the same already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.content import Card, Shown
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.manifest.queries import data_path_of, path_of
from orchestrator.response.citations import what_is_said_of
from orchestrator.response.jsonpath import Budget, InvalidQuery, select
from orchestrator.response.plain_card import plain_card
from orchestrator.response.semantics import TEMPLATE_SELECTOR, Results, readings_of, results_at
from orchestrator.response.templates import (
    MAX_CARDS,
    CardTemplate,
    Chosen,
    Expander,
    NoCard,
    card_in,
    fits,
    selected_template,
    work_for_answer,
)
from runtimes.base import CallResult
from runtimes.values import Json, JsonObject

MAX_RESULTS = 200
"""Results of one answer that are looked at for cards: templates may hide most of them."""

MAX_NOTES = 5
"""Notes on one answer that stand beside no card."""

SIGN_IN_STATUSES = (401, 403)
"""The failures that may bring a card to sign in by."""

_STATIC = "static_template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """How the answers of one function are shown."""

    template: CardTemplate | None = None
    """Its `static_template`, if any."""
    visual_templates: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject], repr=False)
    """The templates that local plugins may name, by the last part of their URLs (spec 13.2.2.1)."""
    is_rich: bool = False
    """True when the function declares a rich response (spec 8)."""
    clock: Callable[[], float] = field(default=time.time, repr=False)
    """The time that cards know, in seconds since the epoch."""

    def makes_cards(self, semantics: ResponseSemantics | None) -> bool:
        """True when answers may be shown by templates."""
        return semantics is not None and (self.template is not None or TEMPLATE_SELECTOR in readings_of(semantics))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What one result is shown by."""

    cards: tuple[Card, ...] = ()
    notes: tuple[str, ...] = ()


class _Presenter:
    """One answer."""

    def __init__(
        self, semantics: ResponseSemantics, template: CardTemplate | None, payload: Json, base: str, expander: Expander
    ) -> None:
        self._semantics = semantics
        self._template = template
        self._payload = payload
        self._base = base
        self._expander = expander
        self._selector = readings_of(semantics).get(TEMPLATE_SELECTOR)
        self._budget = Budget()

    def _choices(self, result: Json, path: str, notes: list[str]) -> Iterator[Chosen]:
        """The templates for a result, the best first; `notes` is told of those that are none."""
        selected = None
        try:
            selected = selected_template(self._selector, result, path=path, payload=self._payload, budget=self._budget)
        except NoCard as reason:
            notes.append(str(reason))
        if selected is not None:
            yield selected
        if self._template is None:
            if self._selector is not None and selected is None and not notes:
                notes.append("template_selector selects nothing for this result, and there is no static_template")
        elif self._template.content is None:
            notes.append(f"{_STATIC} is not used: {self._template.problem}")
        else:
            yield Chosen(origin="static", content=self._template.content, name=_STATIC)

    def result(self, result: Json, path: str) -> _Made:
        """What one result, found by `path`, is shown by; it is the template's `$root`."""
        notes: list[str] = []
        for chosen in self._choices(result, path, notes):
            try:
                bodies = self._expander.cards(chosen, result)
            except NoCard as reason:
                notes.append(str(reason))
                continue
            return _Made(cards=tuple(Card(body=body, origin=chosen.origin, notes=tuple(notes)) for body in bodies))
        said = what_is_said_of(self._semantics, result, path=path, base=self._base, budget=self._budget)
        if said is None:
            return _Made(notes=tuple(notes))
        return _Made(cards=(Card(body=plain_card(said), origin="plain", notes=tuple(notes)),))

    def shown(self, results: Results) -> Shown:
        cards: list[Card] = []
        notes: dict[str, None] = {}
        values = [value for value in results.values if value not in (None, "")]
        done = 0
        while done < min(len(values), MAX_RESULTS) and len(cards) < MAX_CARDS:
            made = self.result(values[done], results.path)
            cards += made.cards
            notes |= dict.fromkeys(made.notes)
            done += 1
        left_out = len(values) - done + max(0, len(cards) - MAX_CARDS)
        return Shown(cards=tuple(cards[:MAX_CARDS]), cards_left_out=left_out, notes=tuple(notes)[:MAX_NOTES])


def semantic_cards(
    semantics: ResponseSemantics | None,
    presentation: Presentation,
    payload: Json,
    *,
    base: str,
    locale: str | None = None,
) -> Shown:
    """The cards of an answer, by the response semantics of its function; `base` is as for citations.

    The data path is taken as it is written: authors write their templates for what it selects.
    """
    if semantics is None or not presentation.makes_cards(semantics):
        return Shown()
    try:
        results = results_at(data_path_of(semantics.data_path), payload)
    except InvalidQuery:
        return Shown(notes=("no card is made: the data path selects nothing that can be read",))
    expander = Expander(work_for_answer(), locale, presentation.clock)
    return _Presenter(semantics, presentation.template, payload, base, expander).shown(results)


def sign_in_cards(semantics: ResponseSemantics | None, result: CallResult) -> tuple[Card, ...]:
    """The card to sign in by that `oauth_card_path` selects in an answer, or in a refusal (401, 403).

    Other hosts write the name of a file there, which selects nothing.
    """
    written = semantics.oauth_card_path if semantics is not None else None
    query = path_of(written) if written else None
    if query is None or (result.is_error and result.status not in (None, *SIGN_IN_STATUSES)):
        return ()
    try:
        found = select(query, result.payload)
    except InvalidQuery:
        return ()
    card = card_in(found[0]) if found else None
    return (Card(body=card, origin="sign-in"),) if card is not None and fits(card) else ()
