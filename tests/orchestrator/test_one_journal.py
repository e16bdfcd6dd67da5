"""Several hosts over one journal: whose conversation it is, what an answer holds for there, and who ends a turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, nullcontext

import anyio
import pytest

from orchestrator import Conversation, Orchestrator, UsageError, load_plugin
from orchestrator.errors import ConversationBusy, QuestionsPending
from orchestrator.events import CallDispatched, CallReturned, CallUnknown, TurnEnded, TurnStarted
from orchestrator.journal.base import Journal
from orchestrator.journal.memory import MemoryJournal
from orchestrator.labels import Label
from orchestrator.model.scripted import Call, Say, ScriptedModel, ScriptTurn
from orchestrator.policy.answers import MemoryAnswers
from orchestrator.turn.consent import Consent
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.services import TurnServices
from orchestrator.turn.tenure import Tenure
from runtimes.values import JsonObject, dump_json
from tests.orchestrator.flowing import Api
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve

SHOP = Api(name="shop")
SEND = Call("send", {"text": "one"})


class Server:
    """Takes requests; the first answer may be held back."""

    def __init__(self, *, holds: bool = False) -> None:
        self.taken: list[bytes] = []
        self.has_request = anyio.Event()
        self.may_answer = anyio.Event()
        if not holds:
            self.may_answer.set()

    async def __call__(self, request: Request) -> Answer:
        self.taken.append(request.body)
        self.has_request.set()
        await self.may_answer.wait()
        return json_response({"says": "done"})


@asynccontextmanager
async def process(
    server: Server | LoopbackServer, journal: Journal, *steps: Say | Call, person: str = "ada"
) -> AsyncGenerator[Conversation]:
    """The conversation of this journal in a host whose plugin calls this server."""
    async with nullcontext(server) if isinstance(server, LoopbackServer) else serve(server) as served:
        spec: JsonObject = {"api_description": dump_json(SHOP.document(served.url))}
        manifest: JsonObject = {
            "schema_version": "v2.4",
            "namespace": "shop",
            "name_for_human": "Shop",
            "description_for_human": "Sells.",
            "functions": SHOP.declared(),
            "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": spec}],
        }
        plugin = await load_plugin(manifest, allowed_hosts=["127.0.0.1"])
        model = ScriptedModel(turns=[ScriptTurn(user="buy", steps=steps)])
        async with Orchestrator(plugins=[plugin], model=model, clock=lambda: 0.0) as host:
            services = TurnServices(
                model=host.model,
                requests=host.requests,
                clock=lambda: 0.0,
                call_timeout=5,
                consent=Consent(answers=MemoryAnswers()),
            )
            yield Conversation(
                Ledger("c", journal, person),
                person=person,
                locale=None,
                documents={},
                services=lambda _: services,
                spawn=asyncio.create_task,
            )


def kinds(facts: Sequence[object]) -> list[type]:
    ends = (CallDispatched, CallReturned, CallUnknown, TurnEnded)
    return [type(fact) for fact in facts if isinstance(fact, ends)]


async def test_arguments_of_the_person_do_not_go_where_they_were_not_told() -> None:
    """They answer a question, and are worth no more than a plain yes to it."""
    journal, here, elsewhere = MemoryJournal(), Server(), Server()
    async with process(here, journal, SEND) as chat:
        (question,) = (await chat.ask("buy")).pending
        await chat.decide(question.call_id, True, {"text": "two"})
    async with process(elsewhere, journal, Say("Done.")) as chat:
        reply = await chat.resume()
        assert [call.status for call in reply.calls] == ["edited", "asked"]
        (again,) = reply.pending
        assert (again.arguments, again.destination != question.destination) == ({"text": "two"}, True)
        assert elsewhere.taken == []
        await chat.decide(again.call_id, True)
        assert [call.status for call in (await chat.resume()).calls] == ["edited", "returned"]
    assert (here.taken, elsewhere.taken) == ([], [b'{"text":"two"}'])


async def test_arguments_of_the_person_run_where_they_were_told() -> None:
    journal, server = MemoryJournal(), Server()
    async with process(server, journal, SEND, Say("Done.")) as chat:
        (question,) = (await chat.ask("buy")).pending
        await chat.decide(question.call_id, True, {"text": "two"})
        await chat.resume()
    assert server.taken == [b'{"text":"two"}']


@pytest.mark.parametrize("arguments", [None, {"text": "two"}], ids=["as it was", "edited"])
async def test_a_call_that_was_approved_is_not_lost_with_the_next_message(arguments: JsonObject | None) -> None:
    server = Server()
    async with process(server, MemoryJournal(), SEND, Say("Done.")) as chat:
        (question,) = (await chat.ask("buy")).pending
        await chat.decide(question.call_id, True, arguments)
        with pytest.raises(QuestionsPending, match="approved call has not run yet"):
            await chat.ask("something else")
        await chat.resume()
    assert len(server.taken) == 1


async def test_a_turn_whose_call_another_host_has_in_flight_is_left_to_that_host() -> None:
    journal, server = MemoryJournal(), Server(holds=True)
    async with (
        serve(server) as served,
        process(served, journal, SEND, Say("Done.")) as one,
        process(served, journal) as two,
    ):
        (question,) = (await one.ask("buy")).pending
        await one.decide(question.call_id, True)
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(one.resume)
                await server.has_request.wait()
                reply = await two.resume()
                assert (reply.end, reply.pending) == (None, ())
                assert [call.status for call in reply.calls] == ["dispatched"]
                with pytest.raises(ConversationBusy, match="running in another process"):
                    await two.ask("something else", supersede=True)
                server.may_answer.set()
        assert kinds(await two.facts()) == [CallDispatched, CallReturned, TurnEnded]
        assert (await two.resume()).text == "Done."
    assert len(server.taken) == 1


async def test_a_turn_that_another_host_has_ended_is_not_ended_again() -> None:
    journal = MemoryJournal()
    mine, theirs = Ledger("c", journal), Ledger("c", journal)
    started = TurnStarted(text="buy", person="ada", documents={})
    tenure = await Tenure.begin(mine, started, on=0)
    await theirs.refresh()
    await theirs.append(TurnEnded(reason="answered"))
    assert await tenure.settle(started, lambda _: [TurnEnded(reason="cancelled")]) == ()
    assert kinds(await mine.facts()) == [TurnEnded]


async def test_a_conversation_in_the_journal_is_its_persons_alone() -> None:
    journal = MemoryJournal()
    async with process(Server(), journal, SEND) as chat, process(Server(), journal, person="eve") as other:
        (question,) = (await chat.ask("buy")).pending
        for attempt in (
            lambda: other.ask("and me?"),
            other.resume,
            lambda: other.decide(question.call_id, True),
            other.facts,
            other.undo,
        ):
            with pytest.raises(UsageError, match="conversation 'c' is another person's, not that of 'eve'"):
                await attempt()
        assert (other.pending, other.explain()) == ((), "No function was called.")
        assert len(chat.pending) == 1


async def test_a_known_conversation_stays_attended_or_not() -> None:
    plugin = await load_plugin(
        {
            "schema_version": "v2.2",
            "namespace": "shop",
            "name_for_human": "Shop",
            "description_for_human": "Sells.",
        }
    )
    async with Orchestrator(plugins=[plugin], model=ScriptedModel(turns=[])) as host:
        alone = host.conversation(id="alone", attended=False)
        assert host.conversation(id="alone") is alone
        assert not alone.is_attended
        with pytest.raises(UsageError, match="'alone' is not attended already"):
            host.conversation(id="alone", attended=True)
        host.conversation(id="with")
        with pytest.raises(UsageError, match="'with' is attended already"):
            host.conversation(id="with", attended=False)
        with pytest.raises(UsageError, match="'with' is open; `read` is for a new one"):
            host.conversation(id="with", read=Label(seen=("mail",)))
