"""Rules, first use, groups of plugins and unattended conversations, on a host. Issue 7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from orchestrator import (
    CallForbidden,
    Grant,
    MemoryAnswers,
    Orchestrator,
    Plugin,
    Policy,
    Rule,
    UnknownName,
    load_plugin,
)
from orchestrator.model.scripted import Call, Say, ScriptedModel, ScriptTurn, Step
from orchestrator.tools.definitions import tool_name
from runtimes.memory import MemoryRuntime


@dataclass
class Homes:
    """Two functions, and what was asked of them."""

    asked: list[str] = field(default_factory=list[str])

    def find(self, city: str) -> str:
        self.asked.append(city)
        return f"two homes in {city}"

    def save(self, city: str) -> str:
        self.asked.append(city)
        return "saved"

    def runtime(self) -> MemoryRuntime:
        def find(city: str) -> str:
            return self.find(city)

        def save(city: str) -> str:
            return self.save(city)

        return MemoryRuntime(find, save, read_only={"find"})


async def plugin(namespace: str, runtime: str = "x-homes", description: str = "Knows homes.") -> Plugin:
    return await load_plugin(
        {
            "schema_version": "v2.2",
            "name_for_human": namespace,
            "namespace": namespace,
            "description_for_human": description,
            "runtimes": [{"type": runtime, "auth": {"type": "None"}, "spec": {}}],
        }
    )


def saying(*turns: Sequence[Step]) -> ScriptedModel:
    written = (ScriptTurn(user=f"turn {number}", steps=tuple(steps)) for number, steps in enumerate(turns, 1))
    return ScriptedModel(turns=tuple(written))


# --- calls without a model


async def test_a_rule_that_denies_holds_for_a_call_without_a_model() -> None:
    homes = Homes()
    deny = Rule(effect="deny", plugin="homes", arguments={"city": "oslo"}, reason="we have nothing there")
    async with Orchestrator(
        plugins=[await plugin("homes")],
        runtimes={"x-homes": homes.runtime()},
        model="offline",
        policy=Policy(rules=(deny,)),
    ) as host:
        with pytest.raises(CallForbidden, match="forbids this call of 'find': we have nothing there"):
            await host.call("find", {"city": "Oslo"})
        await host.call("find", {"city": "Bergen"})
    assert homes.asked == ["Bergen"]


async def test_a_rule_that_asks_asks_nobody_about_a_call_without_a_model() -> None:
    homes = Homes()
    policy = Policy(rules=(Rule(effect="ask"),))
    async with Orchestrator(
        plugins=[await plugin("homes")], runtimes={"x-homes": homes.runtime()}, model="offline", policy=policy
    ) as host:
        await host.call("save", {"city": "Oslo"})
    assert homes.asked == ["Oslo"]


async def test_a_rule_for_one_person_is_for_that_person() -> None:
    homes = Homes()
    policy = Policy(rules=(Rule(effect="deny", person="bob"),))
    async with Orchestrator(
        plugins=[await plugin("homes")], runtimes={"x-homes": homes.runtime()}, model="offline", policy=policy
    ) as host:
        with pytest.raises(CallForbidden):
            await host.call("find", {"city": "Oslo"}, person="bob")
        await host.call("find", {"city": "Oslo"}, person="ada")
    assert homes.asked == ["Oslo"]


# --- rules in a conversation


@pytest.mark.parametrize(
    ("effect", "function", "status"),
    [("deny", "find", "denied"), ("ask", "find", "asked"), ("allow", "save", "returned")],
)
async def test_a_rule_decides(effect: str, function: str, status: str) -> None:
    homes, one = Homes(), await plugin("homes")
    rules = {
        "deny": Rule(effect="deny", reason="closed today"),
        "ask": Rule(effect="ask", reason="closed today"),
        "allow": Rule(effect="allow", hash=one.digest, reason="closed today"),
    }
    model = saying([Call(function, {"city": "Oslo"}), Say("so"), Say("so")])
    async with Orchestrator(
        plugins=[one], runtimes={"x-homes": homes.runtime()}, model=model, policy=Policy(rules=(rules[effect],))
    ) as host:
        reply = await host.conversation().ask("turn 1")
    [call] = reply.calls
    assert call.status == status
    assert any("closed today" in reason.text and reason.source == "rule" for reason in call.reasons)
    assert homes.asked == (["Oslo"] if status == "returned" else [])


async def test_a_rule_that_allows_ends_with_the_version_that_it_names() -> None:
    homes, old = Homes(), await plugin("homes")
    new = await plugin("homes", description="Knows more homes.")
    policy = Policy(rules=(Rule(effect="allow", hash=old.digest),))
    model = saying([Call("save", {"city": "Oslo"})])
    async with Orchestrator(plugins=[new], runtimes={"x-homes": homes.runtime()}, model=model, policy=policy) as host:
        reply = await host.conversation().ask("turn 1")
    assert [call.status for call in reply.calls] == ["asked"]
    assert homes.asked == []


@pytest.mark.parametrize("is_allowed", [True, False])
async def test_where_nobody_can_be_asked_only_a_rule_allows(is_allowed: bool) -> None:
    homes, one = Homes(), await plugin("homes")
    policy = Policy(rules=(Rule(effect="allow", hash=one.digest),) if is_allowed else ())
    model = saying([Call("save", {"city": "Oslo"}), Say("so"), Say("so")])
    async with Orchestrator(plugins=[one], runtimes={"x-homes": homes.runtime()}, model=model, policy=policy) as host:
        reply = await host.conversation(attended=False).ask("turn 1")
    assert [call.status for call in reply.calls] == ["returned" if is_allowed else "denied"]
    assert reply.pending == ()
    assert homes.asked == (["Oslo"] if is_allowed else [])


# --- first use


async def test_a_plugin_that_nobody_named_is_asked_about_once() -> None:
    homes, answers = Homes(), MemoryAnswers()
    find: Sequence[Step] = (Call("find", {"city": "Oslo"}), Say("so"), Say("so"))
    one = await plugin("homes")
    async with Orchestrator(
        plugins=[one],
        runtimes={"x-homes": homes.runtime()},
        model=saying(find, find),
        answers=answers,
        discovered=["homes"],
    ) as host:
        chat = host.conversation(person="ada")
        [question] = (await chat.ask("turn 1")).pending
        assert homes.asked == []
        await chat.decide(question.call_id, approve=True)
        await chat.resume()
        reply = await chat.ask("turn 2")
    assert [call.status for call in reply.calls] == ["returned"]
    assert homes.asked == ["Oslo", "Oslo"]
    assert await answers.of("ada") == {Grant(plugin=one.digest)}


@pytest.mark.parametrize(("person", "version"), [("bob", "Knows homes."), ("ada", "Knows other homes.")])
async def test_the_agreement_is_one_persons_and_for_one_version(person: str, version: str) -> None:
    answers = MemoryAnswers()
    await answers.remember("ada", Grant(plugin=(await plugin("homes")).digest))
    async with Orchestrator(
        plugins=[await plugin("homes", description=version)],
        runtimes={"x-homes": Homes().runtime()},
        model=saying([Call("find", {"city": "Oslo"})]),
        answers=answers,
        discovered=["homes"],
    ) as host:
        reply = await host.conversation(person=person).ask("turn 1")
    assert [call.status for call in reply.calls] == ["asked"]


async def test_a_declined_first_use_is_not_remembered() -> None:
    answers = MemoryAnswers()
    async with Orchestrator(
        plugins=[await plugin("homes")],
        runtimes={"x-homes": Homes().runtime()},
        model=saying([Call("find", {"city": "Oslo"}), Say("so"), Say("so")]),
        answers=answers,
        discovered=["homes"],
    ) as host:
        chat = host.conversation(person="ada")
        [question] = (await chat.ask("turn 1")).pending
        await chat.decide(question.call_id, approve=False)
        await chat.resume()
    assert await answers.of("ada") == frozenset()


async def test_a_discovered_plugin_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean 'homes'"):
        Orchestrator(plugins=[await plugin("homes")], model="offline", discovered=["home"])


# --- groups


@pytest.mark.parametrize(
    ("together", "statuses"),
    [
        ((), ["returned", "denied"]),
        ((frozenset({"homes", "loans"}),), ["returned", "returned"]),
        ((frozenset({"homes", "banks"}),), ["returned", "denied"]),
    ],
)
async def test_plugins_of_one_group_see_each_others_data(
    together: tuple[frozenset[str], ...], statuses: list[str]
) -> None:
    homes, loans = Homes(), Homes()
    here, there = tool_name("homes", "find"), tool_name("loans", "find")
    model = saying([Call(here, {"city": "Oslo"}), Call(there, {"city": "two homes"}), Say("so"), Say("so")])
    async with Orchestrator(
        plugins=[await plugin("homes"), await plugin("loans", runtime="x-loans")],
        runtimes={"x-homes": homes.runtime(), "x-loans": loans.runtime()},
        model=model,
        policy=Policy(together=together),
    ) as host:
        reply = await host.conversation().ask("turn 1")
    assert [call.status for call in reply.calls] == statuses
    assert loans.asked == (["two homes"] if statuses[1] == "returned" else [])


async def test_a_second_plugin_of_one_name_gets_round_no_rule() -> None:
    """Issue 7: a rule that denies holds for whoever calls itself so, whatever the host calls it."""
    homes = Homes()
    async with Orchestrator(
        plugins=[await plugin("homes"), await plugin("homes", description="Other homes.")],
        runtimes={"x-homes": homes.runtime()},
        policy=Policy(rules=(Rule(effect="deny", plugin="Homes", function="SAVE"),)),
    ) as host:
        assert [one.namespace for one in host.plugins] == ["homes", "homes_2"]
        for name in ("homes.save", "homes_2.save"):
            with pytest.raises(CallForbidden):
                await host.call(tool_name(*name.split(".")), {"city": "Oslo"})
    assert homes.asked == []
