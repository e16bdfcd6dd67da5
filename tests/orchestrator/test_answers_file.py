"""What a person has allowed for always, in memory and in a file: kept, taken back, and never lost."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.answers_file import MAX_FILE_BYTES, AnswersUnreadable, FileAnswers
from orchestrator.policy.answers import Answers, Grant, MemoryAnswers

ONE = Grant(plugin="p1", description="d1", function="find", namespace="homes")
TWO = Grant(plugin="p1", namespace="homes")
THREE = Grant(plugin="p2", description="d1", function="find", namespace="homes")


@pytest.fixture(params=["memory", "file"])
def answers(request: pytest.FixtureRequest, tmp_path: Path) -> Answers:
    return MemoryAnswers() if request.param == "memory" else FileAnswers(tmp_path / "new" / "answers.json")


async def test_permissions_are_kept_for_each_person(answers: Answers) -> None:
    for grant in (ONE, TWO, ONE):
        await answers.remember("ada", grant)
    await answers.remember("bob", THREE)
    assert await answers.of("ada") == {ONE, TWO}
    assert await answers.of("bob") == {THREE}
    assert await answers.of("eve") == frozenset()


async def test_a_permission_is_taken_back(answers: Answers) -> None:
    for grant in (ONE, TWO, THREE):
        await answers.remember("ada", grant)
    await answers.forget("ada", ONE)
    await answers.forget("bob")
    assert await answers.of("ada") == {TWO, THREE}
    await answers.forget("ada")
    assert await answers.of("ada") == frozenset()


async def test_another_manifest_or_description_has_nothing_allowed(answers: Answers) -> None:
    await answers.remember("ada", ONE)
    assert Grant(plugin="p2", description="d1", function="find", namespace="homes") not in await answers.of("ada")
    assert Grant(plugin="p1", description="d2", function="find", namespace="homes") not in await answers.of("ada")
    assert Grant(plugin="p1", description="d1", function="find", namespace="renamed") in await answers.of("ada")


# --- the file


async def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "answers.json"
    await FileAnswers(path).remember("ada", ONE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["answers.json"]


async def test_what_another_program_remembers_and_forgets_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    mine, theirs = FileAnswers(path), FileAnswers(path)
    await mine.remember("ada", ONE)
    assert await theirs.of("ada") == {ONE}
    await theirs.remember("ada", TWO)
    assert await mine.of("ada") == {ONE, TWO}
    await theirs.forget("ada", ONE)
    assert await mine.of("ada") == {TWO}


async def test_what_many_remember_at_once_is_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    grants = [Grant(plugin=f"p{number}") for number in range(20)]
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for grant in grants:
                group.start_soon(FileAnswers(path).remember, "ada", grant)
    assert await FileAnswers(path).of("ada") == set(grants)


GRANT = '{"namespace": "a", "function": "*", "plugin": "p", "description": ""}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "version 1"),
        ('{"version": 2, "persons": {}}', "version 1"),
        ('{"version": 1}', "version and persons"),
        ('{"version": 1, "persons": {}, "more": 1}', "version and persons"),
        ('{"version": 1, "persons": {"ada": 1}}', "an array"),
        ('{"version": 1, "persons": {"ada": ["all"]}}', "an answer has the members"),
        ('{"version": 1, "persons": {"ada": [{"plugin": "p"}]}}', "an answer has the members"),
        (f'{{"version": 1, "persons": {{"ada": [{GRANT.replace(chr(34) + "p" + chr(34), "1")}]}}}}', "are texts"),
        (" " * (MAX_FILE_BYTES + 1), "longer than"),
    ],
)
async def test_a_broken_file_is_told_and_left_as_it_is(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "answers.json"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    answers = FileAnswers(path)
    with pytest.raises(AnswersUnreadable, match=told) as caught:
        await answers.of("ada")
    assert str(path) in str(caught.value)
    with pytest.raises(AnswersUnreadable):
        await answers.remember("ada", ONE)
    assert path.read_text(encoding="utf-8") == text
    assert os.listdir(tmp_path) == ["answers.json"]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    folder = anyio.run(anyio.mkdtemp)
    path = Path(folder) / "answers.json"
    path.write_bytes(data)
    path.chmod(0o600)
    try:
        assert anyio.run(FileAnswers(path).of, "ada") == frozenset()
    except AnswersUnreadable:
        pass
    finally:
        path.unlink()
        path.parent.rmdir()


async def test_a_file_that_others_may_write_into_allows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    await FileAnswers(path).remember("ada", ONE)
    path.chmod(0o622)
    with pytest.raises(AnswersUnreadable, match="chmod 600"):
        await FileAnswers(path).of("ada")


async def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    """A pipe that nobody writes into would hold the program up for ever."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(AnswersUnreadable, match="directory"):
        await FileAnswers(tmp_path / "folder").of("ada")
    os.mkfifo(tmp_path / "pipe", mode=0o600)
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(AnswersUnreadable, match="it is no regular file"):
            await FileAnswers(path).of("ada")


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    answers = FileAnswers(tmp_path / "answers.json")
    await answers.remember("ada", ONE)
    (tmp_path / "link.json").symlink_to(tmp_path / "answers.json")
    with pytest.raises(AnswersUnreadable, match="it is a link"):
        await FileAnswers(tmp_path / "link.json").of("ada")


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(AnswersUnreadable, match="cannot write the remembered answers"):
        await FileAnswers(tmp_path / "taken" / "answers.json").remember("ada", ONE)


async def test_a_lock_that_nobody_gives_back_is_told(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.with_name("answers.json.lock").write_text("", encoding="utf-8")
    with anyio.fail_after(20), pytest.raises(AnswersUnreadable, match=r"remove 'answers\.json\.lock'"):
        await FileAnswers(path).remember("ada", ONE)
    assert not path.exists()


async def test_a_full_file_takes_no_more_and_keeps_what_it_has(tmp_path: Path) -> None:
    answers = FileAnswers(tmp_path / "answers.json")
    await answers.remember("ada", ONE)
    with pytest.raises(AnswersUnreadable, match="forget some first"):
        await answers.remember("ada", Grant(plugin="p" * MAX_FILE_BYTES))
    assert await answers.of("ada") == {ONE}
