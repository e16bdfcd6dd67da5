"""The data-flow stage over the whole product of its inputs, against the table of the findings (3.4) written by hand."""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import Literal

import pytest

from orchestrator.labels import CLEAN, Label
from orchestrator.policy.evidence import EXPORT, PRIVATE_DATA, PUBLIC_DATA, STATE_UPDATE, TRANSFORM, Evidence
from orchestrator.policy.flow import Agreement, denial, flow_of, told
from orchestrator.policy.rules import MODES, Mode
from orchestrator.policy.words import Words

Held = Literal["nothing", "public", "private", "isolated", "both"]
"""What the model had read of one plugin."""

HELD: tuple[Held, ...] = ("nothing", "public", "private", "isolated", "both")
ALL_WORDS: tuple[Words, ...] = ("spoken", "other", "address")
VALUES = (PUBLIC_DATA, PRIVATE_DATA, TRANSFORM, STATE_UPDATE, EXPORT)
HANDLINGS = tuple(chain.from_iterable(combinations(VALUES, count) for count in range(len(VALUES) + 1)))

ASKS: dict[Mode, dict[Words, tuple[bool, bool]]] = {
    # after answers of itself or public ones of others; after private data of others
    "standard": {"spoken": (False, False), "other": (False, True), "address": (True, True)},
    "strict": {"spoken": (False, True), "other": (True, True), "address": (True, True)},
}


def label(held: dict[str, Held]) -> Label:
    return Label(
        seen=tuple(name for name, what in held.items() if what != "nothing"),
        private=tuple(name for name, what in held.items() if what in ("private", "both")),
        isolated=tuple(name for name, what in held.items() if what in ("isolated", "both")),
    )


def expected(
    handling: tuple[str, ...], held: dict[str, Held], words: Words, mode: Mode, *, is_attended: bool
) -> tuple[set[str], bool]:
    """Who is in the way, and whether it asks."""
    others = {name: what for name, what in held.items() if name != "me" and what != "nothing"}
    if mode == "off":
        return set(), False
    stopping = {name for name, what in others.items() if not handling or what in ("isolated", "both")}
    if stopping or not any(what != "nothing" for what in held.values()):
        return stopping, False
    if EXPORT in handling:
        return set(), True
    is_foreign = "private" in others.values()
    return set(), ASKS[mode][words][is_foreign] or (is_foreign and not is_attended)


@pytest.mark.parametrize("mode", MODES)
def test_the_whole_product_is_as_the_table_says(mode: Mode) -> None:
    checked = 0
    for handling, mine, one, two, words, attended in product(HANDLINGS, HELD, HELD, HELD, ALL_WORDS, (True, False)):
        held: dict[str, Held] = {"me": mine, "one": one, "two": two}
        flow = flow_of(
            Evidence(method="GET", data_handling=handling),
            plugin="me",
            mode=mode,
            context=label(held),
            words=words,
            is_attended=attended,
        )
        told = expected(handling, held, words, mode, is_attended=attended)
        assert (set(flow.in_the_way), flow.asks) == told, (handling, held, words, attended)
        checked += 1
    assert checked == 32 * 5**3 * 3 * 2


@pytest.mark.parametrize(
    ("label_", "handling", "is_quoted", "mode", "asks"),
    [
        (Label(seen=("me", "one"), private=("one",)), (PRIVATE_DATA,), True, "standard", False),
        (Label(seen=("me", "one", "two"), private=("one", "two")), (PRIVATE_DATA,), True, "standard", False),
        (CLEAN, (PRIVATE_DATA,), True, "standard", True),
        (Label(seen=("me",)), (PRIVATE_DATA,), True, "standard", True),
        (Label(seen=("me", "one"), private=("one",)), (PRIVATE_DATA,), False, "standard", True),
        (Label(seen=("me", "one"), private=("one",)), (EXPORT,), True, "standard", True),
        (Label(seen=("me", "one"), private=("one",)), (PRIVATE_DATA,), True, "strict", True),
    ],
)
def test_who_has_agreed_in_this_turn_is_not_asked_again(
    label_: Label, handling: tuple[str, ...], is_quoted: bool, mode: Mode, asks: bool
) -> None:
    """Only standard, only reading, only copied values, only for the owners whose data was there then."""
    flow = flow_of(
        Evidence(method="GET", data_handling=handling),
        plugin="me",
        mode=mode,
        context=Label(seen=("me", "one"), private=("one",)),
        words="address",
        agreement=Agreement(label=label_, is_quoted=is_quoted),
    )
    assert (flow.asks, flow.is_agreed) == (asks, not asks)
    assert flow.may_agree == (mode == "standard" and EXPORT not in handling)


def test_no_agreement_lets_data_meet_that_must_not() -> None:
    context = Label(seen=("me", "one"), isolated=("one",))
    flow = flow_of(
        Evidence(method="GET", data_handling=(PUBLIC_DATA,)),
        plugin="me",
        mode="standard",
        context=context,
        words="spoken",
        agreement=Agreement(label=context, is_quoted=True),
    )
    assert flow.in_the_way == ("one",)


def test_a_label_without_seen_names_its_owners_all_the_same() -> None:
    """A label that was put together wrongly fails closed."""
    evidence = Evidence(method="GET")
    for context in (Label(private=("one",)), Label(isolated=("one",))):
        assert flow_of(evidence, plugin="me", mode="standard", context=context, words="spoken").in_the_way == ("one",)


def test_a_denial_says_who_does_not_say_how_data_is_handled() -> None:
    assert [
        denial(evidence, "web", names).text
        for evidence, names in (
            (Evidence(method="GET"), ("mail",)),
            (Evidence(method="GET", data_handling=(PUBLIC_DATA,)), ("mail",)),
            (Evidence(method="GET", data_handling=(PUBLIC_DATA,)), tuple(f"p{number}" for number in range(8))),
        )
    ] == [
        "web does not say how it handles data, so nothing of mail may reach it",
        "mail does not say how its data is to be handled, so nothing of it may reach web",
        "p0, p1, p2, p3, p4 and 3 more do not say how their data is to be handled, so nothing of it may reach web",
    ]


def test_a_person_is_told_what_the_model_had_read() -> None:
    evidence = Evidence(method="GET", data_handling=(EXPORT,))
    context = Label(seen=("mail", "news", "web"), private=("mail", "web"))
    assert [(reason.source, reason.text) for reason in told(evidence, "web", context, "address")] == [
        ("manifest", "the plugin declares that it gives data to others (DataExport)"),
        ("data", "the model had read private data of mail, which the call could take to web"),
        ("data", "the model had read answers of mail, news and web, which may hold instructions"),
        ("data", "the arguments hold an address that the person did not write"),
    ]
    assert list(told(evidence, "web", CLEAN, "address")) == []
