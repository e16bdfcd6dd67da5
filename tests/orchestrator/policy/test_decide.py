"""What is decided, over the whole product of the inputs (issue 7, "The table test"; design decision 2).

It is staged, as the decision is: what asks by itself, over all that may be known of a function; the flow of data
(`test_flow.py`); and all that comes together, over what those stages say. Each expectation is written anew here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.labels import CLEAN, Label
from orchestrator.policy.decide import Decision, Situation, Verdict, decide
from orchestrator.policy.evidence import DATA_HANDLING, READING, ConfirmationKind, Evidence, result_label
from orchestrator.policy.flow import Agreement
from orchestrator.policy.rules import EFFECTS, MODES, Effect, Rule
from orchestrator.policy.words import Words

CONFIRMATIONS: tuple[ConfirmationKind, ...] = ("absent", "none", "wanted", "non-consequential")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "DELETE", None)
HANDLINGS = tuple(chain.from_iterable(combinations(sorted(DATA_HANDLING), count) for count in range(6)))
RULES: dict[Effect, Rule] = {
    effect: Rule(effect=effect, hash="0" * 64, reason=f"because of {effect}") for effect in EFFECTS
}


def every_evidence() -> Iterator[Evidence]:
    hints = (None, False, True)
    for confirmation, handling, method, repeatable, consequential, read_only, destructive in product(
        CONFIRMATIONS, HANDLINGS, METHODS, (False, True), hints, hints, hints
    ):
        yield Evidence(
            confirmation=confirmation,
            data_handling=handling,
            method=method,
            repeatable=repeatable,
            is_consequential=consequential,
            is_read_only=read_only,
            is_destructive=destructive,
        )


# --- the first stage: what asks by itself


def asking_sources(evidence: Evidence) -> set[str]:
    """Who says that a person must be asked."""
    declared = set(evidence.data_handling)
    sources: set[str] = set()
    if evidence.confirmation in ("wanted", "non-consequential") or "ResourceStateUpdate" in declared:
        sources.add("manifest")
    if evidence.is_consequential is True:
        sources.add("description")
    if evidence.method in ("POST", "DELETE"):
        sources.add("method")
    if evidence.is_destructive is True or evidence.is_read_only is False:
        sources.add("server")
    only_reads = bool(declared) and declared <= {"GetPublicData", "GetPrivateData", "DataTransform"}
    if not sources and evidence.method is None and not evidence.repeatable and not only_reads:
        sources.add("host")
    return sources


def test_what_asks_by_itself_over_all_that_may_be_known_of_a_function() -> None:
    checked = 0
    for evidence in every_evidence():
        verdict = decide(evidence, Situation())
        expected = asking_sources(evidence)
        if expected:
            assert verdict.decision == "ask", evidence
            assert {reason.source for reason in verdict.reasons} == expected, evidence
        else:
            assert verdict.decision == "allow", evidence
            source = "method" if evidence.method else "runtime" if evidence.repeatable else "manifest"
            assert [reason.source for reason in verdict.reasons] == [source]
        harmless = not (expected - {"manifest"}) and "ResourceStateUpdate" not in evidence.data_handling
        may_always = evidence.method == "GET" and harmless and "DataExport" not in evidence.data_handling
        assert verdict.may_always == (verdict.decision == "ask" and may_always), evidence
        checked += 1
    assert checked == 4 * 32 * 6 * 2 * 3**3


# --- the last stage: what comes together

READS = Evidence(method="GET", data_handling=("GetPrivateData",))
FUNCTIONS = {
    "reads": READS,
    "confirms": replace(READS, confirmation="wanted"),
    "changes": Evidence(method="POST", data_handling=("GetPrivateData",)),
    "exports": Evidence(method="GET", data_handling=("DataExport",)),
}
CONTEXTS = {
    "clean": CLEAN,
    "own": Label(seen=("me",), private=("me",)),
    "foreign": Label(seen=("one",), private=("one",)),
    "isolated": Label(seen=("one",), isolated=("one",)),
}
RULE_SETS = tuple(chain.from_iterable(combinations(EFFECTS, count) for count in range(4)))


def expected_of(function: str, context: str, rules: tuple[Effect, ...], situation: Situation) -> tuple[Decision, bool]:
    """The decision, and whether the data in the way is all that is in the way."""
    asks_itself = function in ("confirms", "changes") or situation.is_first_use or "ask" in rules
    flow_asks = context == "foreign" or (context == "own" and function == "exports")
    may_stand = function in ("reads", "confirms") and context in ("clean", "own")
    remembered = situation.is_remembered and may_stand
    is_lifted = situation.edited_by is not None or ("ask" not in rules and ("allow" in rules or remembered))
    can_ask = situation.is_attended and not situation.is_halted
    if "deny" in rules:
        return "deny", False
    if context == "isolated":
        return "deny", can_ask or is_lifted or not asks_itself
    if is_lifted or not (asks_itself or flow_asks):
        return "allow", False
    return ("ask" if can_ask else "deny"), False


def test_all_that_comes_together() -> None:
    checked = 0
    bools = (False, True)
    for function, context, rules in product(FUNCTIONS, CONTEXTS, RULE_SETS):
        for remembered, first, attended, halted, edited in product(bools, bools, bools, bools, bools):
            situation = Situation(
                plugin="me",
                context=CONTEXTS[context],
                rules=tuple(RULES[effect] for effect in rules),
                is_remembered=remembered,
                is_first_use=first,
                is_attended=attended,
                is_halted=halted,
                edited_by="ann" if edited else None,
            )
            verdict = decide(FUNCTIONS[function], situation)
            decision, is_across = expected_of(function, context, rules, situation)
            assert (verdict.decision, verdict.across) == (decision, ("one",) if is_across else ()), situation
            may = function in ("reads", "confirms") and context in ("clean", "own") and "ask" not in rules
            assert verdict.may_always == (decision == "ask" and may), situation
            assert verdict.reasons
            checked += 1
    assert checked == 4 * 4 * 8 * 32


# --- what is said


def said(verdict: Verdict) -> list[tuple[str, str]]:
    return [(reason.source, reason.text) for reason in verdict.reasons]


def test_a_rule_that_denies_gives_its_reason_and_nothing_else() -> None:
    rules = tuple(RULES.values())
    verdict = decide(FUNCTIONS["changes"], Situation(rules=rules, edited_by="ann"))
    assert said(verdict) == [("rule", "a rule of the host forbids it: because of deny")]


def test_a_question_names_every_reason_for_it() -> None:
    evidence = Evidence(
        confirmation="wanted",
        method="POST",
        data_handling=("DataExport", "ResourceStateUpdate"),
        is_consequential=True,
        is_destructive=True,
    )
    situation = Situation(
        plugin="bank",
        context=Label(seen=("mail",), private=("mail",)),
        words="address",
        rules=(Rule(effect="ask"),),
        is_first_use=True,
    )
    assert said(decide(evidence, situation)) == [
        ("rule", "a rule of the host wants the person to be asked"),
        ("manifest", "the plugin asks for a confirmation before this function"),
        ("manifest", "the plugin declares that it changes something (ResourceStateUpdate)"),
        ("description", "the API's description says that calling it has consequences"),
        ("method", "it is a POST request, which may change something"),
        ("server", "the server's own hints say that it may change something"),
        ("host", "nobody has agreed to the use of this plugin yet"),
        ("manifest", "the plugin declares that it gives data to others (DataExport)"),
        ("data", "the model had read private data of mail, which the call could take to bank"),
        ("data", "the model had read answers of mail, which may hold instructions"),
        ("data", "the arguments hold an address that the person did not write"),
    ]


FOREIGN = Situation(plugin="bank", context=Label(seen=("mail",), private=("mail",)))


@pytest.mark.parametrize(
    ("evidence", "situation", "first"),
    [
        (READS, Situation(), ("method", "it is a GET request, which changes nothing")),
        (Evidence(repeatable=True), Situation(), ("runtime", "calling it changes nothing")),
        (
            Evidence(data_handling=("GetPublicData",)),
            Situation(),
            ("manifest", "the plugin declares that it only reads"),
        ),
        (
            FUNCTIONS["changes"],
            Situation(edited_by="ann"),
            ("person", "the person wrote these arguments, which allows the call"),
        ),
        (
            FUNCTIONS["changes"],
            Situation(rules=(RULES["allow"],)),
            ("rule", "a rule of the host allows it: because of allow"),
        ),
        (
            FUNCTIONS["confirms"],
            Situation(is_remembered=True),
            ("person", "the person has allowed this function for always"),
        ),
        (
            FUNCTIONS["changes"],
            Situation(is_attended=False),
            ("host", "it would need a person's consent, and nobody can be asked here"),
        ),
        (
            FUNCTIONS["changes"],
            Situation(is_halted=True),
            (
                "person",
                "the person said no to a call of this turn, so nothing more is asked in it; ask again in a new message",
            ),
        ),
        (
            READS,
            Situation(plugin="web", context=Label(seen=("mail",), isolated=("mail",))),
            (
                "data",
                "mail does not say how its data is to be handled, so nothing of it may reach web; "
                "ask again in a new message",
            ),
        ),
    ],
)
def test_the_first_reason_is_what_decided(evidence: Evidence, situation: Situation, first: tuple[str, str]) -> None:
    assert said(decide(evidence, situation))[0] == first


def test_a_call_that_runs_beside_foreign_data_says_why() -> None:
    spoken = decide(READS, replace(FOREIGN, words="spoken"))
    agreed = decide(
        READS,
        replace(
            FOREIGN, agreement=Agreement(label=Label(seen=("bank", "mail"), private=("bank", "mail")), is_quoted=True)
        ),
    )
    assert [said(verdict)[-1] for verdict in (spoken, agreed)] == [
        ("data", "its arguments are the person's own words"),
        (
            "person",
            "the person has allowed this function in view of the same data in this turn, and the arguments are quotes",
        ),
    ]
    assert (spoken.decision, agreed.decision) == ("allow", "allow")


def test_a_question_says_what_else_a_yes_allows() -> None:
    """Only where another call like it would not be a question for another reason."""
    told = ("host", "a yes also lets it read on in this turn, with values that stand in what was read before")
    asked = decide(READS, FOREIGN)
    assert (asked.decision, said(asked)[-1], asked.may_agree) == ("ask", told, True)
    for evidence, situation in (
        (READS, replace(FOREIGN, mode="strict")),
        (READS, replace(FOREIGN, is_attended=False)),
        (READS, replace(FOREIGN, rules=(RULES["ask"],))),
        (READS, replace(FOREIGN, is_first_use=True)),
        (FUNCTIONS["confirms"], FOREIGN),
        (FUNCTIONS["changes"], FOREIGN),
        (FUNCTIONS["exports"], FOREIGN),
    ):
        verdict = decide(evidence, situation)
        assert told not in said(verdict)
        assert not verdict.may_agree


def test_a_call_that_could_not_be_asked_about_does_not_set_data_aside() -> None:
    """Without the other plugin's data it would not run either."""
    situation = Situation(plugin="web", context=Label(seen=("mail",), isolated=("mail",)), is_attended=False)
    verdict = decide(FUNCTIONS["changes"], situation)
    assert (verdict.decision, verdict.across) == ("deny", ())
    assert "new message" not in verdict.reasons[0].text


def test_off_says_nothing_of_what_the_model_had_read() -> None:
    verdict = decide(FUNCTIONS["changes"], replace(FOREIGN, mode="off", words="address"))
    assert "data" not in {reason.source for reason in verdict.reasons}


# --- over everything

WORDS: tuple[Words, ...] = ("spoken", "other", "address")
RANK: dict[Decision, int] = {"allow": 0, "ask": 1, "deny": 2}
HINTS = st.sampled_from([None, False, True])
NAMES = st.lists(st.sampled_from(["me", "one", "two"]), max_size=3, unique=True).map(sorted).map(tuple)
LABELS = st.builds(Label, seen=NAMES, private=NAMES, isolated=NAMES)
EVIDENCE = st.builds(
    Evidence,
    confirmation=st.sampled_from(CONFIRMATIONS),
    data_handling=st.sampled_from(HANDLINGS),
    method=st.sampled_from(METHODS),
    repeatable=st.booleans(),
    is_consequential=HINTS,
    is_read_only=HINTS,
    is_destructive=HINTS,
    has_credential=st.booleans(),
)
SITUATIONS = st.builds(
    Situation,
    plugin=st.just("me"),
    mode=st.sampled_from(MODES),
    context=LABELS,
    words=st.sampled_from(WORDS),
    rules=st.lists(st.sampled_from(list(RULES.values())), max_size=2).map(tuple),
    is_remembered=st.booleans(),
    is_first_use=st.booleans(),
    is_attended=st.booleans(),
    is_halted=st.booleans(),
    agreement=st.none() | st.builds(Agreement, label=LABELS, is_quoted=st.booleans()),
    edited_by=st.none() | st.just("ann"),
)


def stricter_evidence(evidence: Evidence) -> Iterator[Evidence]:
    """The same function, of which one thing more is known that speaks for care."""
    yield replace(evidence, confirmation="wanted")
    yield replace(evidence, is_consequential=True)
    yield replace(evidence, is_destructive=True)
    yield replace(evidence, is_read_only=False)
    yield replace(evidence, repeatable=False)
    yield replace(evidence, has_credential=True)
    if evidence.method is not None:
        yield replace(evidence, method="POST")
    if READING.issuperset(evidence.data_handling):
        yield replace(evidence, data_handling=())
    for value in DATA_HANDLING if evidence.data_handling else ():
        yield replace(evidence, data_handling=tuple(sorted({*evidence.data_handling, value})))


def stricter_situations(situation: Situation, more: Label) -> Iterator[Situation]:
    """The same call, where one thing more speaks for care."""
    yield replace(situation, context=situation.context | more)
    yield from (replace(situation, mode=mode) for mode in MODES[: MODES.index(situation.mode)])
    yield from (replace(situation, words=words) for words in WORDS[WORDS.index(situation.words) :])
    yield replace(situation, rules=(*situation.rules, RULES["ask"]))
    yield replace(situation, rules=(*situation.rules, RULES["deny"]))
    yield replace(situation, rules=tuple(rule for rule in situation.rules if rule.effect != "allow"))
    yield replace(situation, is_remembered=False)
    yield replace(situation, is_first_use=True)
    yield replace(situation, is_attended=False)
    yield replace(situation, is_halted=True)
    yield replace(situation, agreement=None)
    yield replace(situation, edited_by=None)


@given(EVIDENCE, SITUATIONS, LABELS)
def test_more_that_speaks_for_care_never_makes_it_looser(evidence: Evidence, situation: Situation, more: Label) -> None:
    """What a plugin's word may loosen is the isolation of a function that says nothing (spec 9.5), and with it the
    question about one that has no method."""
    rank = RANK[decide(evidence, situation).decision]
    for stricter in stricter_evidence(evidence):
        assert RANK[decide(stricter, situation).decision] >= rank, stricter
    for tighter in stricter_situations(situation, more):
        assert RANK[decide(evidence, tighter).decision] >= rank, tighter


@given(EVIDENCE, SITUATIONS)
def test_what_holds_of_every_decision(evidence: Evidence, situation: Situation) -> None:
    verdict = decide(evidence, situation)
    assert verdict.reasons
    assert all(reason.text and reason.source for reason in verdict.reasons)
    if any(rule.effect == "deny" for rule in situation.rules):
        assert verdict.decision == "deny"
    if not situation.is_attended:
        assert verdict.decision != "ask"
    assert verdict.decision == "deny" or not verdict.across
    assert "me" not in verdict.across
    assert verdict.decision == "ask" or not verdict.may_always
    is_allowed_by_somebody = any(rule.effect == "allow" for rule in situation.rules) or situation.edited_by
    if asking_sources(evidence) and verdict.decision == "allow" and not is_allowed_by_somebody:
        assert situation.is_remembered
        assert evidence.method == "GET"
        assert not asking_sources(replace(evidence, confirmation="absent"))


@given(EVIDENCE, SITUATIONS)
def test_data_that_must_not_meet_never_meets(evidence: Evidence, situation: Situation) -> None:
    """Neither a rule, nor an answer, nor the person's own words let it."""
    context = situation.context
    held = {*context.seen, *context.private, *context.isolated} if not evidence.data_handling else {*context.isolated}
    if situation.mode != "off" and held - {"me"}:
        assert decide(evidence, situation).decision == "deny"


@given(EVIDENCE, LABELS, LABELS)
def test_the_label_of_an_answer_only_grows(evidence: Evidence, context: Label, more: Label) -> None:
    label, larger = result_label(evidence, "me", context), result_label(evidence, "me", context | more)
    assert "me" in label.seen
    assert context | label == label
    assert label | larger == larger
