"""Why a call ran, asked or was stopped, in a paragraph (issue 7, line 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import pytest

from orchestrator.content import CardAction, Shown
from orchestrator.errors import UnknownName
from orchestrator.events import (
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallJudged,
    CallRefused,
    CallReturned,
    CallUnknown,
    CallWithdrawn,
    DataSetAside,
    Fact,
    Judgement,
    QuestionExpired,
    Reason,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnStarted,
)
from orchestrator.manifest.load import read_document
from orchestrator.model.base import ModelCall
from orchestrator.policy.decide import NEW_MESSAGE
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.explain import MAX_MESSAGE, NO_CALLS, explain
from orchestrator.turn.folding import fold
from orchestrator.turn.last_word import decided_by
from orchestrator.turn.state import TurnState
from runtimes.values import JsonObject
from tests.orchestrator.turn.toolboxes import toolbox_of

POSTS = Reason(source="method", text="it is a POST request, which may change something")
READS = Reason(source="method", text="it is a GET request, which changes nothing")
CONFIRMS = Reason(source="manifest", text="the plugin asks for a confirmation before this function")
DECLARES = Reason(source="description", text="the API's description says that calling it has consequences")
FORBIDS = Reason(source="rule", text="a rule of the host forbids it: not at night")
ALLOWS = Reason(source="rule", text="a rule of the host allows it")
ALWAYS = Reason(source="person", text="the person has allowed this function for always")
MEETS = Reason(source="data", text=f"nothing of mail may reach shop; {NEW_MESSAGE}")
SHOP = read_document(
    {
        "schema_version": "v2.2",
        "name_for_human": "Corner Shop",
        "namespace": "shop",
        "description_for_human": "Sells.",
        "functions": [{"name": "buy", "description": "Buys."}],
    },
    location="plugin.json",
)
TOOLBOX = toolbox_of(SHOP)


def started(set_aside: tuple[str, ...] = (), action: CardAction | None = None) -> TurnStarted:
    return TurnStarted(text="buy two", person="ada", documents={}, set_aside=set_aside, action=action)


def wanted(*call_ids: str) -> ReplyReceived:
    calls = (ModelCall(id=f"m{one}", tool="shop-buy", arguments="{}") for one in call_ids)
    return ReplyReceived(
        text="",
        calls=tuple(RequestedCall(call_id=one, request=call) for one, call in zip(call_ids, calls, strict=True)),
    )


def judged(verdict: Judgement, *reasons: Reason, call_id: str = "c1", across: tuple[str, ...] = ()) -> CallJudged:
    return CallJudged(
        call_id=call_id,
        plugin="shop",
        function="buy",
        arguments={"count": 2},
        verdict=verdict,
        reasons=reasons,
        across=across,
    )


ASKED = CallAsked(call_id="c1", fingerprint="f", title="Buy?", body="", destination="https://shop.example", expires=1.0)
YES = CallDecided(call_id="c1", decision="approve", by="ada")
SENT = CallDispatched(call_id="c1", attempt=1, request_hash="h")
SENT_AGAIN = CallDispatched(call_id="c1", attempt=2, request_hash="h")
CAME = CallReturned(call_id="c1", text="SECRET", shown=Shown())


def turn(*facts: Fact, begin: TurnStarted | None = None) -> TurnState:
    """The turn with one call, which these facts are about."""
    begin = begin or started()
    return reduce(fold, (wanted("c1"), *facts), TurnState(started=begin, set_aside=frozenset(begin.set_aside)))


WHAT = "`buy` of Corner Shop (to nowhere)"
ASKING = "`buy` of Corner Shop (to https://shop.example) was put to you first, because it is a POST request, which may"

CASES: Sequence[tuple[str, Sequence[Fact], str]] = (
    (
        "allowed",
        [judged("allow", READS), SENT, CAME],
        f"{WHAT} was allowed by the policy, because it is a GET request, which changes nothing (the HTTP method). "
        f"It ran.",
    ),
    (
        "approved",
        [judged("ask", POSTS), ASKED, YES, SENT, CAME],
        f"{ASKING} change something (the HTTP method). It ran after you allowed it.",
    ),
    (
        "several reasons",
        [judged("ask", CONFIRMS, DECLARES, POSTS)],
        f"{WHAT} was put to you first, because the plugin asks for a confirmation before this function (the plugin's "
        f"manifest); the API's description says that calling it has consequences; and it is a "
        f"POST request, which may change something (the HTTP method). You are about to be asked.",
    ),
    (
        "always",
        [judged("ask", CONFIRMS), ASKED, CallDecided(call_id="c1", decision="approve", by="ada", always=True)],
        "`buy` of Corner Shop (to https://shop.example) was put to you first, because the plugin asks for a "
        "confirmation before this function (the plugin's manifest). You said yes, and allowed this function for "
        "always. It is about to run.",
    ),
    (
        "remembered",
        [judged("allow", ALWAYS, CONFIRMS), SENT],
        f"{WHAT} was allowed by the policy, because you have allowed this function for always, although the "
        f"plugin asks for a confirmation before this function (the plugin's manifest). It is running.",
    ),
    (
        "declined with words",
        [judged("ask", POSTS), ASKED, CallDecided(call_id="c1", decision="decline", by="ada", note="not now.")],
        f"{ASKING} change something (the HTTP method). You said no, with the words “not now”. It did not run, because "
        f"you declined.",
    ),
    (
        "expired",
        [judged("ask", POSTS), ASKED, QuestionExpired(call_id="c1")],
        f"{ASKING} change something (the HTTP method). It did not run, because nobody answered in time.",
    ),
    (
        "changed since",
        [judged("ask", POSTS), ASKED, YES, ASKED],
        f"{ASKING} change something (the HTTP method). What you had said yes to has changed since, so you are asked "
        f"again. It waits for your answer.",
    ),
    (
        "superseded",
        [
            judged("ask", POSTS),
            ASKED,
            CallDecided(call_id="c1", decision="decline", by="ada", note="superseded by a new message", left_open=True),
            TurnEnded(reason="cancelled", detail="superseded by a new message"),
        ],
        f"{ASKING} change something (the HTTP method). It did not run: the question was still open when the turn was "
        f"superseded by a new message.",
    ),
    (
        "forbidden",
        [judged("deny", FORBIDS)],
        f"{WHAT} was not allowed by the policy: a rule of the host forbids it: not at night.",
    ),
    (
        "forbidden afterwards",
        [judged("allow", READS), CallRefused(call_id="c1", code="forbidden", message="a rule forbids it")],
        f"{WHAT} was allowed by the policy, because it is a GET request, which changes nothing (the HTTP method). "
        f"It was stopped before it ran: a rule forbids it.",
    ),
    (
        "across",
        [judged("deny", MEETS, across=("mail",))],
        f"{WHAT} was not allowed by the policy: nothing of mail may reach shop; "
        f"{NEW_MESSAGE}. With your next message the model reads a placeholder in the place of the data of mail, so "
        f"that the same call can be made there.",
    ),
    (
        "refused",
        [CallRefused(call_id="c1", code="unknown", message="there is no function 'shop-buy'.")],
        f"{WHAT} was refused before it ran: there is no function 'shop-buy'.",
    ),
    (
        "unknown outcome",
        [judged("allow"), SENT, CallUnknown(call_id="c1", message="it broke off")],
        f"{WHAT} was allowed by the policy. It was sent, and whether it was carried out is unknown: it broke off.",
    ),
    (
        "failed at the second attempt",
        [
            judged("allow"),
            CallDispatched(call_id="c1", attempt=2, request_hash="h"),
            CallFailed(call_id="c1", message=""),
        ],
        f"{WHAT} was allowed by the policy. It failed, at attempt 2.",
    ),
    (
        "an error for an answer",
        [judged("allow"), SENT, CallReturned(call_id="c1", text="SECRET", shown=Shown(), is_error=True)],
        f"{WHAT} was allowed by the policy. It ran, and the answer was an error.",
    ),
    ("withdrawn", [CallWithdrawn(call_id="c1")], f"{WHAT} was asked for. It was withdrawn before it ran."),
    (
        "withdrawing",
        [CallWithdrawn(call_id="c1", disengages=True)],
        f"{WHAT} ends the conversation. It was withdrawn before it ran.",
    ),
)


@pytest.mark.parametrize(("facts", "paragraph"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_call_is_explained_in_a_paragraph(facts: Sequence[Fact], paragraph: str) -> None:
    assert explain(turn(*facts), toolbox=TOOLBOX) == paragraph


def test_a_turn_without_calls_says_so() -> None:
    assert explain(None) == NO_CALLS
    assert explain(TurnState(started=started()), "1") == NO_CALLS


def test_changed_arguments_are_told_at_both_calls() -> None:
    own = RequestedCall(call_id="c2", request=ModelCall(id="m2", tool="shop-buy", arguments="{}"))
    wrote = Reason(source="person", text="the person wrote these arguments, which allows the call")
    state = turn(
        judged("ask", POSTS),
        ASKED,
        CallDecided(call_id="c1", decision="approve", by="ada", edited=own),
        judged("allow", wrote, POSTS, call_id="c2"),
    )
    first, second = explain(state, toolbox=TOOLBOX).split("\n\n")
    assert first.endswith("You answered with other arguments; what ran in its place is call 2.")
    assert second == (
        f"2. {WHAT} stands in the place of call 1, with arguments of your own. It was allowed by the policy, because "
        f"you wrote these arguments, which allows the call, although it is a POST request, which may change "
        f"something (the HTTP method). It is about to run."
    )


def test_data_that_was_set_aside_is_told_with_its_placeholder() -> None:
    state = turn(DataSetAside(plugins=("mail",), call_ids=("c1",)))
    assert explain(state, toolbox=TOOLBOX).split("\n\n") == [
        f"{WHAT} was not made: the model was asked again, without earlier data of mail.",
        "From what was said before, the model is not shown data of mail, which other plugins must not see: in the "
        "place of each turn that has some, it reads your words and a placeholder.",
    ]


def test_data_of_a_plugin_that_says_how_it_handles_it_is_told_with_what_it_was_kept_from() -> None:
    """It is the other plugin then that does not say how it handles data."""
    security: JsonObject = {"security_info": {"data_handling": ["GetPrivateData"]}}
    mail: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Contoso Mail",
        "namespace": "mail",
        "description_for_human": "Reads.",
        "functions": [{"name": "read", "description": "Reads.", "capabilities": security}],
    }
    toolbox = Toolbox([*TOOLBOX.functions, *toolbox_of(read_document(mail, location="mail.json")).functions])
    state = turn(judged("allow", READS), SENT, begin=started(("mail",)))
    assert "the model is not shown data of Contoso Mail, which was kept from Corner Shop: in" in explain(
        state, toolbox=toolbox
    )


def test_an_approved_call_waits_for_the_answers_to_the_others() -> None:
    other = replace(ASKED, call_id="c2")
    facts: Sequence[Fact] = (
        wanted("c1", "c2"),
        judged("ask", POSTS),
        replace(judged("ask", POSTS), call_id="c2"),
        ASKED,
        other,
        YES,
    )
    state = reduce(fold, facts, TurnState(started=started()))
    first, second = explain(state).split("\n\n")
    assert first.endswith("You allowed it; it runs once the other questions are answered.")
    assert second.endswith("It waits for your answer.")
    always = reduce(fold, (*facts[:-1], replace(YES, always=True)), TurnState(started=started()))
    told = explain(always, "c1")
    assert told.endswith("and allowed this function for always. It runs once the other questions are answered.")


def test_arguments_of_the_person_are_told_as_theirs() -> None:
    wrote = Reason(source="person", text="the person wrote these arguments, which allows the call")
    assert "because you wrote these arguments, which allows the call" in explain(turn(judged("allow", wrote)))


def test_data_that_comes_back_is_told() -> None:
    state = turn(DataSetAside(plugins=(), call_ids=("c1",)), begin=started(("mail",)))
    assert explain(state, toolbox=TOOLBOX) == (
        f"{WHAT} was not made: the model was asked again, with earlier data of mail."
    )


def test_one_call_is_chosen_by_id_number_or_name() -> None:
    facts: Sequence[Fact] = (wanted("c1", "c2"), judged("allow", READS))
    state = reduce(fold, facts, TurnState(started=started()))
    assert explain(state, "c2").startswith("2. ")
    assert explain(state, "2") == explain(state, "c2")
    assert explain(state, "Shop.Buy").startswith("1. ")
    assert explain(state, "shop-buy").count("\n\n") == 1
    with pytest.raises(UnknownName, match="there is no call 'sell'"):
        explain(state, "sell")
    with pytest.raises(UnknownName):
        explain(state, "3")


def test_nothing_that_strangers_write_breaks_a_paragraph_or_grows_without_end() -> None:
    state = turn(judged("allow"), SENT, CallFailed(call_id="c1", message="a\n\n2. \x1b[31m" + "x" * 5000))
    text = explain(state, toolbox=TOOLBOX)
    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) < MAX_MESSAGE + 200


def test_what_was_typed_unseen_and_what_came_back_are_not_told() -> None:
    action = CardAction(call_id="c0", title="Sign in", verb="buy", data={"pin": "4711"}, secret=("pin",))
    refused = CallRefused(call_id="c1", code="arguments", message="pin: '4711' is too short")
    text = explain(turn(refused, begin=started(action=action)))
    assert "4711" not in text
    assert "is too short" in text
    assert "SECRET" not in explain(turn(judged("allow"), SENT, CAME))


@pytest.mark.parametrize(
    ("facts", "who"),
    [
        ([], None),
        ([judged("allow", READS)], "policy"),
        ([judged("deny", MEETS)], "policy"),
        ([judged("deny", FORBIDS)], "rule"),
        ([judged("allow", ALLOWS, POSTS)], "rule"),
        ([judged("allow", ALWAYS, CONFIRMS)], "person"),
        ([judged("ask", POSTS)], None),
        ([judged("ask", POSTS), ASKED], None),
        ([judged("ask", POSTS), ASKED, YES], "person"),
        ([judged("ask", POSTS), ASKED, QuestionExpired(call_id="c1")], None),
        ([judged("ask", POSTS), ASKED, replace(YES, decision="decline", left_open=True)], None),
        ([judged("allow", READS), CallRefused(call_id="c1", code="forbidden", message="no")], "rule"),
        ([CallRefused(call_id="c1", code="unknown", message="no")], None),
    ],
)
def test_who_had_the_last_word(facts: Sequence[Fact], who: str | None) -> None:
    assert decided_by(turn(*facts).calls["c1"]) == who
