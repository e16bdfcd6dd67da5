"""App packages: which document they start with, what their agent is, and every mistake where it stands."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import ManifestError
from orchestrator.errors import Problem
from orchestrator.manifest.agent import (
    AGENT_CODES,
    ALL_CODES,
    MAX_ACTIONS,
    MAX_INSTRUCTIONS,
    MAX_STARTERS,
    MAX_TEXT_FILES,
    text_files,
    with_text_files,
)
from orchestrator.manifest.examine import MAX_PROBLEMS, examine_document
from orchestrator.manifest.kinds import kind_of
from orchestrator.manifest.package import Agent, Package, examine_package, open_package
from orchestrator.manifest.package_files import MAX_TEXT_BYTES
from runtimes.placeholders import Environment
from runtimes.values import Json, JsonObject
from tests.servers.no_http import NoHttp

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT.parent / "shared" / "corpus"
PLACE = "▶"
"""Stands in the text of a case where the problem is expected."""
APP: JsonObject = {"copilotAgents": {"declarativeAgents": [{"id": "a", "file": "agent.json"}]}}
AGENT: JsonObject = {"name": "A", "instructions": "Be kind.", "actions": [{"id": "p", "file": "plugin.json"}]}
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    code: str
    pointer: str
    file: str
    files: Mapping[str, list[str]]


CASES = [Case(**case) for case in json.loads((ROOT / "tests" / "cases" / "package_problems.json").read_text("utf-8"))]


def lay(folder: Path, files: Mapping[str, Json | bytes]) -> str:
    """Writes the files, those that are no bytes as JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(folder)


def pack(archive: Path, files: Mapping[str, Json | bytes]) -> str:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(archive)


async def examined(source: str, given: Mapping[str, str] | None = None) -> Package:
    package = await examine_package(source, http=NoHttp(), environment=Environment(given=given or {}))
    assert package is not None
    return package


async def opened(source: str, given: Mapping[str, str] | None = None) -> Agent:
    agent = await open_package(source, http=NoHttp(), environment=Environment(given=given or {}))
    assert agent is not None
    return agent


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.file}-{case.pointer}")
async def test_a_mistake_is_named_once_where_it_stands(tmp_path: Path, case: Case) -> None:
    """Issue 3, points 3 and 7; the same in a folder and in an archive."""
    texts = {name: "\n".join(lines) for name, lines in case.files.items()}
    before = next(text[: text.index(PLACE)] for text in texts.values() if PLACE in text)
    files: dict[str, Json | bytes] = {name: text.replace(PLACE, "").encode() for name, text in texts.items()}
    for source in (lay(tmp_path / "app", files), pack(tmp_path / "app.zip", files)):
        package = await examined(source)
        (problem,) = package.problems
        assert (problem.code, problem.pointer) == (case.code, case.pointer)
        assert (problem.file, problem.clause) == (f"{source}/{case.file}", "")
        assert (problem.line, problem.column) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        assert problem.severity == ALL_CODES[problem.code].severity
        assert (package.agent is None) is (problem.severity == "error")
        assert package.texts[problem.file].encode() == files[case.file]


def test_every_code_has_a_test() -> None:
    assert {case.code for case in CASES} | {"too-many-actions"} >= set(AGENT_CODES)


@pytest.mark.parametrize("own", [MAX_ACTIONS + 1, 1])
async def test_an_agent_names_no_more_plugins_than_are_loaded(tmp_path: Path, own: int) -> None:
    """Those of the app manifest count too."""
    named: list[Json] = [{"file": "plugin.json"}]
    app: JsonObject = {"copilotAgents": {"declarativeAgents": [{"file": "agent.json"}], "plugins": named * MAX_ACTIONS}}
    agent: JsonObject = {"name": "A", "actions": named * own}
    package = await examined(lay(tmp_path, {"manifest.json": app, "agent.json": agent, "plugin.json": {}}))
    place = "/actions/32/file" if own > 1 else "/copilotAgents/plugins/31/file"
    assert [(found.code, found.pointer, found.line) for found in package.problems] == [("too-many-actions", place, 1)]
    assert package.agent is None


async def test_too_many_problems_are_an_error_of_their_own_after_which_the_rest_is_left_out(tmp_path: Path) -> None:
    starters: list[Json] = [{"text": "${{NAME}}"}] * (MAX_PROBLEMS + 5)
    agent: JsonObject = {**AGENT, "conversation_starters": starters}
    package = await examined(lay(tmp_path, {"declarativeAgent.json": agent, "plugin.json": {}}))
    assert package.agent is None
    assert len(package.problems) == MAX_PROBLEMS + 1
    assert [found.code for found in package.problems if found.severity == "error"] == ["too-many-problems"]


async def test_a_message_does_not_repeat_a_name_of_any_length(tmp_path: Path) -> None:
    capabilities: list[Json] = [{"name": "x" * 1000}] * 1000
    actions: list[Json] = [{"file": "x" * 100_000}, {"file": "${{" + "X" * 100_000 + "}}"}, {"file": "/" * 100_000}]
    agent: JsonObject = {**AGENT, "capabilities": capabilities, "actions": actions}
    package = await examined(lay(tmp_path, {"declarativeAgent.json": agent, "plugin.json": {}}))
    assert [found.code for found in package.problems if found.severity == "error"] == [
        "action-unreadable",
        "action-unreadable",
        "path-escapes",
    ]
    assert all(len(found.message) < 1500 for found in package.problems)


async def test_long_instructions_are_cut_with_a_warning(tmp_path: Path) -> None:
    agent: JsonObject = {**AGENT, "instructions": "x" * (MAX_INSTRUCTIONS + 1)}
    found = await opened(lay(tmp_path, {"manifest.json": APP, "agent.json": agent, "plugin.json": {}}))
    assert found.instructions == "x" * MAX_INSTRUCTIONS
    assert [(problem.code, problem.pointer) for problem in found.problems] == [("too-long", "/instructions")]


PACKAGE: dict[str, Json | bytes] = {
    "manifest.json": APP,
    "agent.json": {
        **AGENT,
        "description": "An agent of ${{TEAM}}",
        "instructions": "First.\n$[file('texts/one.txt')]\n$[ file(\"two.md\") ]",
        "conversation_starters": [{"title": "Ask", "text": "What?"}, {"text": "Why?"}],
    },
    "texts/one.txt": "\ufeffOne, for ${{TEAM}}: $[file('two.md')].".encode(),
    "two.md": b"Two.",
    "plugin.json": {},
}


@pytest.mark.parametrize("place", ["folder", "archive", "folder-in-archive", "folder-in-folder"])
async def test_an_agent_is_had_from_a_folder_and_from_an_archive(tmp_path: Path, place: str) -> None:
    inner = {f"app/{name}": content for name, content in PACKAGE.items()}
    source, root = {
        "folder": lambda: (lay(tmp_path / "f", PACKAGE), f"{tmp_path}/f"),
        "archive": lambda: (pack(tmp_path / "f.zip", PACKAGE), f"{tmp_path}/f.zip"),
        "folder-in-archive": lambda: (pack(tmp_path / "f.zip", {**inner, "x": b""}), f"{tmp_path}/f.zip/app"),
        "folder-in-folder": lambda: (lay(tmp_path / "f", inner), f"{tmp_path}/f/app"),
    }[place]()
    agent = await opened(source, {"TEAM": "Contoso"})
    assert (agent.name, agent.description) == ("A", "An agent of Contoso")
    assert agent.instructions == "First.\nOne, for Contoso: $[file('two.md')].\nTwo."
    assert [(starter.title, starter.text) for starter in agent.conversation_starters] == [
        ("Ask", "What?"),
        (None, "Why?"),
    ]
    assert (agent.actions, agent.location) == ((f"{root}/plugin.json",), f"{root}/agent.json")
    assert agent.problems == ()


async def test_a_document_of_a_package_is_enough(tmp_path: Path) -> None:
    root = lay(tmp_path, {**PACKAGE, "declarativeAgent.json": AGENT})
    archive = pack(tmp_path / "app.zip", PACKAGE)
    for source in ("manifest.json", "agent.json", "declarativeAgent.json", "app.zip/agent.json"):
        agent = await opened(f"{root}/{source}", {"TEAM": "Contoso"})
        assert agent.name == "A"
        assert agent.actions == (str(Path(root, source).parent / "plugin.json"),)
    assert (await opened(archive)).actions == (f"{archive}/plugin.json",)


async def test_a_folder_with_an_agent_alone_is_a_package(tmp_path: Path) -> None:
    agent = await opened(lay(tmp_path, {"declarativeAgent.json": AGENT, "plugin.json": {}}))
    assert agent.actions == (f"{tmp_path}/plugin.json",)


async def test_plugins_that_an_app_manifest_names_are_had_once(tmp_path: Path) -> None:
    plugins: list[Json] = [{"file": "plugin.json"}, {"file": "other.json"}]
    app: JsonObject = {"copilotExtensions": {"declarativeCopilots": [{"file": "agent.json"}], "plugins": plugins}}
    files: dict[str, Json | bytes] = {"agent.json": AGENT, "plugin.json": {}, "other.json": {}}
    both = await opened(lay(tmp_path, {**files, "manifest.json": app}))
    assert [Path(action).name for action in both.actions] == ["plugin.json", "other.json"]
    alone: JsonObject = {"name": {"short": "App"}, "copilotAgents": {"plugins": plugins}}
    without = await opened(lay(tmp_path, {**files, "manifest.json": alone}))
    assert (without.name, without.instructions, without.problems) == ("App", "", ())
    assert without.actions == both.actions


async def test_a_document_in_a_folder_of_the_package_names_files_from_there(tmp_path: Path) -> None:
    app: JsonObject = {"copilotAgents": {"declarativeAgents": [{"file": "agents/agent.json"}]}}
    agent: JsonObject = {"name": "A", "actions": [{"file": "../plugin.json"}]}
    root = lay(tmp_path, {"manifest.json": app, "agents/agent.json": agent, "plugin.json": {}})
    assert (await opened(root)).actions == (f"{root}/agents/../plugin.json",)


@pytest.mark.parametrize("name", ["manifest.json", "agent.json", "plugin.json", "texts/one.txt"])
async def test_a_link_out_of_the_package_is_refused(tmp_path: Path, name: str) -> None:
    root = Path(lay(tmp_path / "app", PACKAGE))
    secret = (root / name).rename(tmp_path / "secret")
    (root / name).symlink_to(secret)
    with pytest.raises(ManifestError, match="leads out of"):
        await opened(str(root))


async def test_an_inner_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "app").symlink_to(lay(tmp_path / "secret", PACKAGE))
    with pytest.raises(ManifestError, match="leads out of"):
        await opened(f"{tmp_path}/project")


async def test_a_document_of_another_kind_is_called_what_it_is(tmp_path: Path) -> None:
    agent: JsonObject = {"name": "A", "actions": [{"file": "manifest.json"}, {"file": "agent.json"}]}
    root = lay(tmp_path, {"manifest.json": APP, "agent.json": agent})
    assert [found.message for found in (await examined(root)).problems] == [
        "'manifest.json' is an app manifest, not a plugin manifest",
        "'agent.json' is a declarative agent, not a plugin manifest",
    ]
    lay(tmp_path, {"agent.json": {"name_for_human": "A"}})
    (problem,) = (await examined(root)).problems
    assert problem.message == "'agent.json' is a plugin manifest, not a declarative agent"


def test_a_document_that_may_be_an_agent_is_told_what_makes_it_one() -> None:
    (missing,) = (
        found for found in examine_document({"name": "A", "description": "d"}).problems if found.code == "missing"
    )
    assert "declarative agent" in missing.message
    assert "'instructions'" in missing.hint
    (plain,) = (found for found in examine_document({"name": "A", "functions": []}).problems if found.code == "missing")
    assert plain.message == "member 'name_for_human' is missing"


async def test_a_starter_that_is_none_is_left_out_and_the_others_stay(tmp_path: Path) -> None:
    starters: list[Json] = ["x", {"text": "one"}, {"title": "t"}, {"title": None, "text": "two"}]
    agent: JsonObject = {**AGENT, "conversation_starters": starters, "description": None}
    loaded = await opened(lay(tmp_path, {"declarativeAgent.json": agent, "plugin.json": {}}))
    assert [(starter.title, starter.text) for starter in loaded.conversation_starters] == [(None, "one"), (None, "two")]
    assert sorted(found.code for found in loaded.problems) == ["null-member"] * 2 + ["starter-ignored"] * 2


async def test_an_archive_may_be_named_with_a_slash_and_have_members_from_the_folder_that_was_packed(
    tmp_path: Path,
) -> None:
    plain = pack(tmp_path / "a.zip", {"declarativeAgent.json": AGENT, "plugin.json": {}})
    from_folder = pack(tmp_path / "b.zip", {"./declarativeAgent.json": AGENT, "./plugin.json": {}})
    for source in (f"{plain}/", f"{plain}//", from_folder):
        assert (await opened(source)).actions == (f"{source.rstrip('/')}/plugin.json",)


@pytest.mark.parametrize("is_packed", [False, True])
async def test_an_archive_in_a_package_is_not_opened(tmp_path: Path, is_packed: bool) -> None:
    pack(tmp_path / "in.zip", {"plugin.json": {}})
    inner = (tmp_path / "in.zip").read_bytes()
    agent: JsonObject = {"name": "A", "actions": [{"file": "in.zip/plugin.json"}]}
    files: dict[str, Json | bytes] = {"declarativeAgent.json": agent, "in.zip": inner}
    source = pack(tmp_path / "app.zip", files) if is_packed else lay(tmp_path / "app", files)
    (problem,) = (await examined(source)).problems
    assert (problem.severity, problem.pointer) == ("error", "/actions/0/file")


@pytest.mark.parametrize(
    ("files", "told", "hint"),
    [
        ({}, "neither manifest.json nor declarativeAgent.json", "name a plugin manifest"),
        ({"Manifest.json": APP}, "neither manifest.json", "did you mean 'Manifest.json'?"),
        ({"a/manifest.json": APP, "b/manifest.json": APP}, "neither", "did you mean 'a/manifest.json' or 'b/manif"),
        ({"manifest.json": {"schema_version": "v2.2"}}, "neither an app manifest nor a declarative agent", ""),
    ],
    ids=["nothing", "another-case", "two", "a-plugin"],
)
async def test_a_folder_that_is_no_package_is_one_problem(
    tmp_path: Path, files: Mapping[str, Json | bytes], told: str, hint: str
) -> None:
    for source in (lay(tmp_path / "app", {**files, "readme.txt": b""}), pack(tmp_path / "app.zip", files)):
        (problem,) = (await examined(source)).problems
        assert (problem.severity, problem.code, problem.line) == ("error", "package-empty", 0)
        assert problem.file.startswith(source)
        assert told in problem.message
        assert hint in problem.hint


@pytest.mark.parametrize("data", [b"", b"{}", b"PK\x03\x04" * 10])
async def test_a_broken_archive_is_one_problem(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "app.zip"
    path.write_bytes(data)
    with pytest.raises(ManifestError, match="not a zip archive that can be read") as caught:
        await opened(str(path))
    assert [(found.code, found.file) for found in caught.value.problems] == [("unreadable", str(path))]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"schema_version": "v2.2", "instructions": "x"}', b"{}", b"\xff"])
async def test_what_may_be_a_plugin_manifest_is_no_package(tmp_path: Path, content: bytes) -> None:
    lay(tmp_path, {"plugin.json": content})
    for source in (f"{tmp_path}/plugin.json", f"{tmp_path}/none.json", "https://a.example/manifest.json", "a\0"):
        assert await examine_package(source, http=NoHttp(), environment=Environment()) is None
        assert await open_package(source, http=NoHttp(), environment=Environment()) is None


async def test_errors_name_the_file_they_stand_in(tmp_path: Path) -> None:
    files: dict[str, Json | bytes] = {"manifest.json": APP, "agent.json": b'{"name": 1,\n "actions": [{}]}'}
    source = pack(tmp_path / "app.zip", files)
    with pytest.raises(ManifestError) as caught:
        await opened(source)
    assert str(caught.value).startswith(f"{source}/agent.json:1:10: ")
    assert [(found.code, found.line) for found in caught.value.problems] == [("wrong-type", 1), ("missing", 2)]


async def test_what_a_text_file_may_be_is_bounded(tmp_path: Path) -> None:
    for content, told in ((b"x" * (MAX_TEXT_BYTES + 1), "larger than"), (b"\xff", "not UTF-8 text")):
        root = lay(tmp_path, {**PACKAGE, "two.md": content})
        agent = await opened(root, {"TEAM": "T"})
        assert [problem.code for problem in agent.problems] == ["instructions-unreadable"]
        assert told in agent.problems[0].message
        assert agent.instructions.startswith("First.\nOne, for T")


def test_documents_are_told_apart_by_their_members() -> None:
    kinds: dict[str, tuple[JsonObject, ...]] = {
        "app": ({"copilotAgents": {}}, {"copilotExtensions": {}, "schema_version": "x"}, {"manifestVersion": "1.24"}),
        "agent": ({"instructions": "x"}, {"actions": [], "name": "A"}),
        "plugin": ({}, {"name_for_human": "x", "instructions": "y"}, {"api": {}, "actions": []}),
    }
    for kind, documents in kinds.items():
        for document in documents:
            assert kind_of(document) == kind


def test_no_more_than_some_text_files_are_put_in() -> None:
    written = "$[file('a.txt')]" * (MAX_TEXT_FILES + 1)
    assert with_text_files(written, {"a.txt": "a"}) == "a" * MAX_TEXT_FILES + "$[file('a.txt')]"


@given(st.text(alphabet="$[]file('\")a.txt "))
def test_instructions_without_files_stay_as_they_are(written: str) -> None:
    if not text_files(written):
        assert with_text_files(written, {}) == written


parts: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["plugin.json", "agent.json", "../x", "a\0b", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["file", "plugins", "declarativeAgents", "text"]), inner, max_size=3)
    ),
    max_leaves=6,
)
documents = st.dictionaries(
    st.sampled_from(["copilotAgents", "copilotExtensions", "name", "instructions", "actions", "capabilities"])
    | st.just("conversation_starters"),
    parts,
)


@given(documents, documents)
async def test_any_documents_are_a_package_or_refused(
    tmp_path_factory: pytest.TempPathFactory, app: JsonObject, agent: JsonObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    package = await examined(lay(folder, {"manifest.json": {**APP, **app}, "agent.json": agent, "plugin.json": {}}))
    severities = {problem.severity for problem in package.problems}
    assert (package.agent is None) is ("error" in severities)
    assert all(problem.message and problem.file for problem in package.problems)


def _real_packages() -> list[Path]:
    return sorted(path.parent for path in CORPUS.rglob("manifest.json"))


def _lacks_its_agent(folder: Path) -> bool:
    """True where the corpus has the app manifest, and not the agent that it names."""
    text = (folder / "manifest.json").read_text("utf-8-sig")
    named = re.search(r'"declarative(?:Agents|Copilots)"[^}]*"file"\s*:\s*"([^"]*)"', text)
    return named is None or not (folder / named[1]).is_file()


@needs_corpus
async def test_every_real_package_opens_in_a_folder_and_in_an_archive(tmp_path: Path) -> None:
    """Issue 3, point 7; those whose agent is not in the corpus are refused for that reason and no other."""
    counts = {"opened": 0, "refused": 0}
    for folder in _real_packages():
        files: dict[str, Json | bytes] = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        archive = pack(tmp_path / "app.zip", files)
        plain, packed = await examined(str(folder)), await examined(archive)
        assert _without(str(folder), plain.problems) == _without(archive, packed.problems)
        if _lacks_its_agent(folder):
            (error,) = (problem for problem in plain.problems if problem.severity == "error")
            assert error.code in ("agent-unreadable", "package-empty")
            counts["refused"] += 1
            continue
        assert plain.agent is not None
        assert packed.agent is not None
        assert (plain.agent.name, plain.agent.instructions) == (packed.agent.name, packed.agent.instructions)
        assert plain.agent.conversation_starters[:MAX_STARTERS] == packed.agent.conversation_starters
        counts["opened"] += 1
    assert counts == {"opened": 26, "refused": 36}


def _without(source: str, problems: tuple[Problem, ...]) -> list[tuple[str, int, int, str]]:
    return [(found.code, found.line, found.column, found.file.removeprefix(source)) for found in problems]
