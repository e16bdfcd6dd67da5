"""A call that is refused says why, and who has decided that (issue 7, line 6); through a real host."""

from __future__ import annotations

from functools import reduce

import pytest

from orchestrator import Limits, Orchestrator, load_plugin
from orchestrator.event_json import decode
from orchestrator.events import CallJudged, CallRefused, Fact, Reason, ReplyReceived, RequestedCall, TurnStarted
from orchestrator.model.base import ModelCall
from orchestrator.model.scripted import Call, Calls, Say, ScriptedModel, ScriptTurn
from orchestrator.reply import Call as Made
from orchestrator.reply import reply_of
from orchestrator.turn.folding import fold
from orchestrator.turn.state import TurnState
from runtimes.memory import MemoryRuntime
from runtimes.values import JsonObject

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Shop",
    "namespace": "shop",
    "description_for_human": "Sells.",
    "runtimes": [{"type": "x-python"}],
}


def buy(count: int) -> str:
    """Buys some."""
    return f"bought {count}"


def look(what: str = "") -> str:
    """Looks."""
    return f"saw {what}"


async def refused(*steps: Calls, limits: Limits | None = None, note: str = "not these") -> tuple[list[Made], str]:
    """The calls that were refused after a no to what was asked, and what `/why` tells of all."""
    model = ScriptedModel(turns=[ScriptTurn(user="buy", steps=(*steps, Say("Done.")))])
    runtimes = {"x-python": MemoryRuntime(buy, look, read_only={"look"})}
    plugin = await load_plugin(MANIFEST)
    async with Orchestrator(plugins=[plugin], runtimes=runtimes, model=model, limits=limits) as host:
        chat = host.conversation()
        reply = await chat.ask("buy")
        while reply.pending:
            for question in reply.pending:
                await chat.decide(question.call_id, False, note=note)
            reply = await chat.resume()
        return [one for one in reply.calls if one.status == "refused"], chat.explain()


BUY = Call("buy", {"count": 2})
LOOK = Call("look", {"what": "tea"})


@pytest.mark.parametrize(
    ("steps", "limits", "source", "text", "decided_by", "arguments"),
    [
        ([Calls((BUY,)), Calls((BUY,))], Limits(), "person", "declined it; do not ask again", "person", {"count": 2}),
        ([Calls((LOOK, LOOK))], Limits(identical_calls=1), "host", "made already", "policy", {"what": "tea"}),
        ([Calls((LOOK, BUY))], Limits(questions=0), "host", "may ask the person 0 questions", "policy", {"count": 2}),
        ([Calls((LOOK, BUY))], Limits(calls=1), "host", "a turn may make 1 calls", "policy", {"count": 2}),
        ([Calls((LOOK, Call("buy", {"count": "x"})))], Limits(calls=1), "host", "may make 1 calls", "policy", {}),
        ([Calls((Call("buy", {"count": "x"}),))], Limits(), "host", "count", None, {}),
        ([Calls((Call("sell", {"count": 2}),))], Limits(), "host", "there is no function 'sell'", None, {}),
    ],
    ids=["after a no", "too often", "questions", "calls", "calls and malformed", "malformed", "unknown"],
)
async def test_a_refused_call_has_a_reason_and_what_it_would_have_sent(
    steps: list[Calls], limits: Limits, source: str, text: str, decided_by: str | None, arguments: JsonObject
) -> None:
    (call,), why = await refused(*steps, limits=limits)
    (reason,) = call.reasons
    assert reason.source == source
    assert text in reason.text
    assert (call.decision, call.decided_by) == ("deny" if decided_by else None, decided_by)
    assert call.arguments == arguments
    assert why.count(reason.text) == 1, "it is said once"


def test_a_rule_that_stops_a_call_in_the_end_has_the_last_word_and_the_first_reason() -> None:
    request = ModelCall(id="m", tool="shop-buy", arguments="{}")
    posts = Reason(source="method", text="it is a POST request, which may change something")
    ruled = CallRefused(call_id="c", code="forbidden", message="a rule of the host forbids it", arguments={"count": 2})
    facts: tuple[Fact, ...] = (
        ReplyReceived(text="", calls=(RequestedCall(call_id="c", request=request),)),
        CallJudged(call_id="c", plugin="shop", function="buy", arguments={"count": 2}, verdict="ask", reasons=(posts,)),
        ruled,
    )
    (call,) = reply_of(reduce(fold, facts, TurnState(started=TurnStarted(text="", person="", documents={})))).calls
    assert (call.decision, call.decided_by, call.arguments) == ("deny", "rule", {"count": 2})
    assert call.reasons == (Reason(source="rule", text="a rule of the host forbids it"), posts)


def test_a_refusal_that_was_kept_before_there_were_arguments_is_read() -> None:
    fact = decode('{"call_id":"c","code":"limit","message":"no","plugin":"","function":"","kind":"call_refused","v":1}')
    assert fact == CallRefused(call_id="c", code="limit", message="no")
