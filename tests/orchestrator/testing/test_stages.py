"""Conversations that follow one another: which of them share a host, and that none knows of those before it."""

from __future__ import annotations

from pathlib import Path

import anyio

from orchestrator.testing.format.places import Placed
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.outcome import Played
from orchestrator.testing.playing.stages import MAX_ON_ONE_STAGE, Stages
from tests.orchestrator.testing.playing import write_conversation, write_plugin

FIND = """
    turns:
      - say: Find home 1
        model:
          - {call: getHome, with: {id: "1"}}
          - It is in Oak Street.
"""
HANGS = """
    api: {stubs: [{path: "/homes/{id}", answer: {delay: 25}}]}
    turns:
      - {say: Find home 1, model: [{call: getHome, with: {id: "1"}}, Never said]}
"""


def conversations(folder: Path, text: str) -> tuple[Placed, ...]:
    """The conversations of a file over the small plugin."""
    if not (folder / "plugin.json").exists():
        write_plugin(folder)
    collected = collect([write_conversation(folder, f"conversations:\n{text}")], Choice())
    assert collected.problems == ()
    return tuple(placed for _, placed in collected.conversations)


async def play_all(folder: Path, text: str) -> tuple[Played, ...]:
    """How they went, one after the other."""
    file = str(folder / "one.conversation.yaml")
    async with Stages() as stages:
        return tuple([await stages.play(placed, file) for placed in conversations(folder, text)])


def failures(played: Played) -> list[str]:
    return [failure.message for failure in played.failures]


async def test_conversations_with_the_same_settings_share_a_host(tmp_path: Path) -> None:
    first, second = await play_all(tmp_path, f"  - name: One\n{FIND}  - name: Two\n    person: eve\n{FIND}")
    assert (first.failures, second.failures) == ((), ())
    assert first.toolbox is second.toolbox is not None


async def test_another_language_opens_another_host(tmp_path: Path) -> None:
    first, second = await play_all(tmp_path, f"  - name: One\n{FIND}  - name: Two\n    locale: fr\n{FIND}")
    assert first.toolbox is not second.toolbox


async def test_after_a_failure_the_next_one_gets_a_host_of_its_own(tmp_path: Path) -> None:
    fails = FIND + "        expect: {text: Elm Road}\n"
    first, second = await play_all(tmp_path, f"  - name: One\n{fails}  - name: Two\n{FIND}")
    assert failures(first) == ["the answer does not contain what it should"]
    assert second.failures == ()
    assert first.toolbox is not second.toolbox


async def test_a_conversation_that_starts_a_program_has_a_host_of_its_own(tmp_path: Path) -> None:
    local = "    local: {nobody: {command: [python, -c, pass]}}\n"
    first, second = await play_all(tmp_path, f"  - name: One\n{local}{FIND}  - name: Two\n{local}{FIND}")
    assert (first.failures, second.failures) == ((), ())
    assert first.toolbox is not second.toolbox


async def test_a_host_sees_a_limited_number_of_conversations(tmp_path: Path) -> None:
    text = "".join(f"  - {{name: N{one}, turns: [{{say: Hi, model: Hello}}]}}\n" for one in range(MAX_ON_ONE_STAGE + 1))
    played = await play_all(tmp_path, text)
    toolboxes = [one.toolbox for one in played]
    assert all(toolbox is toolboxes[0] for toolbox in toolboxes[:-1])
    assert toolboxes[-1] is not toolboxes[0]


async def test_stubs_begin_anew_with_each_conversation(tmp_path: Path) -> None:
    stub = '    api: {stubs: [{path: "/homes/{id}", times: 1, answer: {json: {name: STUB}}}]}\n'
    expect = "        expect: {calls: [{call: getHome, result: {contains: STUB}}]}\n"
    played = await play_all(tmp_path, f"  - name: One\n{stub}{FIND}{expect}  - name: Two\n{stub}{FIND}{expect}")
    assert [failures(one) for one in played] == [[], []]
    assert played[0].toolbox is played[1].toolbox


async def test_each_conversation_has_its_own_stubs(tmp_path: Path) -> None:
    def with_stub(name: str, answer: str) -> str:
        stub = f'    api: {{stubs: [{{path: "/homes/{{id}}", answer: {{json: {{name: {answer}}}}}}}]}}\n'
        return f"  - name: {name}\n{stub}{FIND}        expect: {{calls: [{{call: getHome, result: {answer}}}]}}\n"

    played = await play_all(tmp_path, with_stub("One", "ELM") + with_stub("Two", "OAK"))
    assert [failures(one) for one in played] == [[], []]
    assert played[0].toolbox is played[1].toolbox


async def test_the_model_is_told_nothing_of_conversations_before(tmp_path: Path) -> None:
    says = """
    turns:
      - say: My secret is PEAR
        model: I keep it.
"""
    asks = """
    turns:
      - say: What is my secret?
        model: I do not know.
        expect: {prompts: {not: PEAR}, requests: []}
"""
    played = await play_all(tmp_path, f"  - name: One\n{says}  - name: Two\n{asks}")
    assert [failures(one) for one in played] == [[], []]
    assert played[0].toolbox is played[1].toolbox


async def test_an_open_question_is_not_carried_over(tmp_path: Path) -> None:
    asks = """
    turns:
      - say: Drop home 1
        model: [{call: dropHome, with: {id: "1"}}, {phrase: "Shall I?"}]
        expect: {end: waiting}
"""
    played = await play_all(tmp_path, f"  - name: One\n{asks}  - name: Two\n{FIND}        expect: {{questions: []}}\n")
    assert [failures(one) for one in played] == [[], []]
    assert played[0].toolbox is played[1].toolbox


async def test_a_conversation_that_is_broken_off_does_no_harm_to_the_next(tmp_path: Path) -> None:
    first, second = conversations(tmp_path, f"  - name: One\n{HANGS}  - name: Two\n{FIND}")
    file = str(tmp_path / "one.conversation.yaml")
    with anyio.fail_after(20):
        async with Stages() as stages:
            with anyio.move_on_after(0.2) as scope:
                await stages.play(first, file)
            assert scope.cancelled_caught
            assert (await stages.play(second, file)).failures == ()


async def test_one_that_cannot_begin_does_no_harm_to_the_next(tmp_path: Path) -> None:
    text = f"  - name: One\n    plugins: nowhere.json\n{FIND}  - name: Two\n{FIND}"
    first, second = await play_all(tmp_path, text)
    assert [failure.kind for failure in first.failures] == ["plugins"]
    assert second.failures == ()


async def test_a_change_of_the_plugin_is_seen_by_the_next_run(tmp_path: Path) -> None:
    [placed] = conversations(tmp_path, f"  - name: One\n{FIND}")
    file = str(tmp_path / "one.conversation.yaml")
    async with Stages() as stages:
        assert (await stages.play(placed, file)).failures == ()
    (tmp_path / "plugin.json").unlink()
    async with Stages() as stages:
        assert [failure.kind for failure in (await stages.play(placed, file)).failures] == ["plugins"]
