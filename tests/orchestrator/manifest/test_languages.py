"""Languages of a manifest: where they are found, what is wrong with their files, and what is never read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator import ManifestError, UsageError, load_plugin
from orchestrator.check.validation import Reading, check_source
from orchestrator.errors import Problem
from orchestrator.manifest.languages import (
    MAX_LANGUAGE_BYTES,
    MAX_LANGUAGE_PROBLEMS,
    MAX_LANGUAGES_BYTES,
    read_languages,
)
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.localize import MAX_KEYS, MAX_LANGUAGES, MAX_TEXT, Languages
from orchestrator.manifest.problems import CODES
from runtimes.placeholders import Environment
from runtimes.values import Json, JsonObject
from tests.servers.loopback import Request, Response, json_response, serve
from tests.servers.no_http import NoHttp

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT.parent / "shared" / "corpus"
IDEA_COACH = CORPUS / "pnp__copilot-pro-dev-samples" / "samples" / "da-IdeaCoach" / "appPackage"
PLACE = "▶"
"""Stands in the text of a case where the problem is expected."""
PLUGIN: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "[[name]]",
    "namespace": "shop",
    "description_for_human": "Sells.",
}
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    code: str
    pointer: str
    file: str
    """Empty for the manifest."""
    files: Mapping[str, list[str]]
    hint: str | None = None


CASES = [Case(**case) for case in json.loads((ROOT / "tests" / "cases" / "language_problems.json").read_text("utf-8"))]


def lay(folder: Path, files: Mapping[str, Json | bytes]) -> Path:
    """Writes the files, those that are no bytes as JSON; returns the path of the manifest."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder / "plugin.json"


def app(*tags: str, default: str = "en") -> JsonObject:
    """An app manifest with a file for each language, in a folder."""
    others: list[Json] = [{"languageTag": tag, "file": f"loc/{tag}.json"} for tag in tags]
    info: JsonObject = {"defaultLanguageTag": default, "defaultLanguageFile": f"loc/{default}.json"}
    return {"manifestVersion": "1.24", "localizationInfo": {**info, "additionalLanguages": others}}


def keys(**texts: Json) -> JsonObject:
    return {"localizationKeys": {**texts}}


def names(plugin: Plugin, *locales: str | None) -> list[str]:
    return [plugin.in_language(locale).manifest.name_for_human for locale in locales]


async def read(folder: Path, manifest: JsonObject) -> tuple[Languages | None, tuple[Problem, ...]]:
    return await read_languages(
        manifest, str(folder / "manifest.json"), http=NoHttp(), environment=Environment(given={"WHO": "Ada"})
    )


async def problems_of(source: Path) -> tuple[Problem, ...]:
    try:
        return (await load_plugin(source)).problems
    except ManifestError as error:
        return error.problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.file}-{case.pointer}")
async def test_a_mistake_is_named_once_where_it_stands(tmp_path: Path, case: Case) -> None:
    """Issue 3, points 3 and 5: `load_plugin` and `validate` say the same."""
    texts = {name: "\n".join(lines) for name, lines in case.files.items()}
    before = next(text[: text.index(PLACE)] for text in texts.values() if PLACE in text)
    source = lay(tmp_path, {name: text.replace(PLACE, "").encode() for name, text in texts.items()})
    (problem,) = await problems_of(source)
    assert (problem.code, problem.pointer) == (case.code, case.pointer)
    assert problem.file == (str(tmp_path / case.file) if case.file else "")
    assert problem.clause == ("" if case.file else "3.4")
    assert (problem.line, problem.column) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    assert problem.severity == CODES[problem.code].severity
    assert case.hint in (None, problem.hint)
    (checked,) = await check_source(str(source), Reading(), NoHttp())
    assert checked.problems == (problem,)


async def test_validate_looks_into_no_language_file_when_it_judges_the_document_alone(tmp_path: Path) -> None:
    source = lay(tmp_path, {"plugin.json": PLUGIN, "manifest.json": app()})
    (alone,) = await check_source(str(source), Reading(has_references=False), NoHttp())
    (strict,) = await check_source(str(source), Reading(is_strict=True), NoHttp())
    assert alone.problems == ()
    assert [(found.code, found.severity) for found in strict.problems] == [
        ("missing-key", "warning"),
        ("language-unreadable", "error"),
    ]


async def test_the_app_manifest_in_the_same_folder_names_the_languages(tmp_path: Path) -> None:
    files: dict[str, Json | bytes] = {
        "plugin.json": PLUGIN,
        "manifest.json": app("fr", "pt-BR"),
        "loc/en.json": keys(name="Shop"),
        "loc/fr.json": b"\xef\xbb\xbf" + json.dumps({"$schema": "x", **keys(**{"[[name]]": "Magasin"})}).encode(),
        "loc/pt-BR.json": keys(name="Loja"),
    }
    plugin = await load_plugin(lay(tmp_path, files))
    assert plugin.problems == ()
    assert names(plugin, None, "fr-CA", "FR_fr", "pt", "pt-PT", "de") == [
        "Shop",
        "Magasin",
        "Magasin",
        "Loja",
        "Loja",
        "Shop",
    ]
    assert plugin.in_language("fr").digest == plugin.digest
    assert plugin.in_language("fr").namespace == "shop"


async def test_nothing_is_read_for_a_manifest_without_keys(tmp_path: Path) -> None:
    plain: JsonObject = {**PLUGIN, "name_for_human": "Shop [[1]] [[no-key]]"}
    source = lay(tmp_path, {"plugin.json": plain, "manifest.json": app(), "loc/en.json": b"no JSON"})
    plugin = await load_plugin(source)
    assert (plugin.problems, plugin.languages) == ((), None)
    assert plugin.in_language("fr") is plugin


async def test_a_manifest_from_a_url_reads_no_app_manifest() -> None:
    asked: list[str] = []

    async def handler(request: Request) -> Response:
        asked.append(request.path)
        return json_response(PLUGIN if request.path == "/plugin.json" else app())

    async with serve(handler) as server:
        plugin = await load_plugin(f"{server.url}/plugin.json", allowed_hosts=["127.0.0.1"])
    assert asked == ["/plugin.json"]
    assert [problem.code for problem in plugin.problems] == ["no-languages"]
    assert names(plugin, None, "fr") == ["name", "name"]


async def test_what_a_caller_gives_comes_before_what_a_manifest_has(tmp_path: Path) -> None:
    legacy: JsonObject = {"en-us": {"name": {"message": "Old shop", "description": "A name."}}}
    document: JsonObject = {**PLUGIN, "schema_version": "v2.1", "capabilities": {"localization": legacy}}
    source = lay(tmp_path, {"plugin.json": document, "manifest.json": app(), "loc/en.json": keys(name="App shop")})
    own, given = await load_plugin(source), await load_plugin(source, languages={"en": {"[[name]]": "New shop"}})
    assert (names(own, None), names(given, None, "fr")) == (["Old shop"], ["New shop", "New shop"])
    assert own.problems == given.problems == ()
    plugin = await load_plugin(document)
    assert names(plugin, "en-US", "fr") == ["Old shop", "Old shop"]


async def test_the_empty_localization_of_real_manifests_is_no_language(tmp_path: Path) -> None:
    document: JsonObject = {**PLUGIN, "schema_version": "v2.1", "capabilities": {"localization": {}}}
    plugin = await load_plugin(lay(tmp_path, {"plugin.json": document}))
    assert [problem.code for problem in plugin.problems] == ["no-languages"]


NO_LANGUAGES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "empty": {"": {"a": "A"}},
    "tag": {"fr!": {}},
    "key": {"fr": {"a-b": "A"}},
    "many": {f"aa-{index}": {} for index in range(MAX_LANGUAGES + 1)},
}


@pytest.mark.parametrize("languages", NO_LANGUAGES.values(), ids=NO_LANGUAGES.keys())
async def test_languages_that_are_none_are_refused(languages: Mapping[str, Mapping[str, str]]) -> None:
    with pytest.raises(UsageError):
        await load_plugin(PLUGIN, languages=languages)


async def test_placeholders_in_a_language_file_are_filled(tmp_path: Path) -> None:
    lay(tmp_path, {"loc/en.json": keys(name="${{WHO}}'s shop")})
    languages, problems = await read(tmp_path, app())
    assert languages == Languages(default="en", tables={"en": {"name": "Ada's shop"}})
    assert problems == ()


@pytest.mark.parametrize(
    ("manifest", "codes"),
    [({}, []), ({"localizationInfo": None}, []), ({"localizationInfo": []}, ["language-invalid"])],
)
async def test_an_app_without_languages_has_none(tmp_path: Path, manifest: JsonObject, codes: list[str]) -> None:
    languages, problems = await read(tmp_path, manifest)
    assert languages is None
    assert [found.code for found in problems] == codes


async def test_an_app_without_a_usable_tag_has_no_languages(tmp_path: Path) -> None:
    languages, problems = await read(tmp_path, {"localizationInfo": {"defaultLanguageFile": "loc/en.json"}})
    assert languages is None
    assert [found.pointer for found in problems] == ["/localizationInfo/defaultLanguageTag"]


async def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    lay(folder, {"plugin.json": PLUGIN, "manifest.json": app()})
    (tmp_path / "secret.json").write_text(json.dumps(keys(name="secret")), encoding="utf-8")
    (folder / "loc").mkdir()
    (folder / "loc" / "en.json").symlink_to(tmp_path / "secret.json")
    assert [found.code for found in await problems_of(folder / "plugin.json")] == ["path-escapes"]


async def test_language_files_are_bounded(tmp_path: Path) -> None:
    """Issue 3, point 9: each limit has one problem, and what is within it is kept."""
    many = {f"key_{index}": "x" for index in range(MAX_KEYS + 1)}
    lay(
        tmp_path,
        {
            "loc/en.json": keys(name="x" * (MAX_TEXT + 1)),
            "loc/aa.json": keys(**many),
            "loc/bb.json": b" " * (MAX_LANGUAGE_BYTES + 1),
            "loc/cc.json": keys(**{f"no key {index}": "x" for index in range(MAX_LANGUAGE_PROBLEMS * 2)}),
        },
    )
    languages, problems = await read(tmp_path, app("aa", "bb", "cc"))
    assert languages is not None
    assert len(languages.tables["en"]["name"]) == MAX_TEXT
    assert len(languages.tables["aa"]) == MAX_KEYS
    assert [found.code for found in problems[:3]] == ["language-invalid", "language-invalid", "language-unreadable"]
    assert len(problems) == MAX_LANGUAGE_PROBLEMS


async def test_an_app_has_no_more_languages_than_are_read(tmp_path: Path) -> None:
    tags = [f"aa-{index}" for index in range(MAX_LANGUAGES + 50)]
    lay(tmp_path, {f"loc/{tag}.json": keys(name=tag) for tag in ("en", *tags)})
    languages, problems = await read(tmp_path, app(*tags))
    assert languages is not None
    assert len(languages.tables) == MAX_LANGUAGES
    assert [found.pointer for found in problems] == ["/localizationInfo/additionalLanguages"]


async def test_all_language_files_together_are_bounded(tmp_path: Path) -> None:
    tags = [f"aa-{index}" for index in range(MAX_LANGUAGES_BYTES // MAX_LANGUAGE_BYTES)]
    full = json.dumps(keys(name="x")).encode().ljust(MAX_LANGUAGE_BYTES)
    lay(tmp_path, {f"loc/{tag}.json": full for tag in ("en", *tags)})
    languages, problems = await read(tmp_path, app(*tags))
    assert languages is not None
    assert [bool(table) for table in languages.tables.values()] == [True] * len(tags) + [False]
    assert [found.code for found in problems] == ["language-unreadable"]


@needs_corpus
async def test_the_languages_of_a_real_app_are_read() -> None:
    """Three of its 25 language files are in the corpus; each of the others is one warning."""
    manifest = json.loads((IDEA_COACH / "manifest.json").read_text(encoding="utf-8"))
    languages, problems = await read(IDEA_COACH, manifest)
    assert languages is not None
    assert languages.default == "en-US"
    assert languages.chain("fr") == ("fr-CA", "en-US")
    assert languages.text("agentCSTitle4", languages.chain("fr-FR")) == "Organiser des idées"
    assert {found.code for found in problems} == {"language-unreadable"}
    assert len(problems) == len(languages.tables) - 3
