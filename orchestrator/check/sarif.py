"""The report of `orchestrator validate` as SARIF 2.1.0, which GitHub code scanning and editors read. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import quote

from orchestrator.check.codes import ALL_CODES
from orchestrator.check.report import Checked, in_words, whole
from orchestrator.errors import Problem
from orchestrator.manifest.problems import Kind
from orchestrator.render.sanitize import plain_json
from orchestrator.version import __version__
from runtimes.values import Json, JsonObject, pretty_json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
"""The schema that a report names as its own."""

_URL_SCHEMES = ("http://", "https://")
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_UNESCAPED_IN_URLS = ":/?#[]@!$&'()*+,;=%"


def _escaped(path: str, safe: str = "/") -> str:
    """Bytes that are no characters stand in a name as surrogates (PEP 383); others mean nothing."""
    return quote(_NO_BYTE.sub("\ufffd", path), safe=safe, errors="surrogateescape")


def _uri(path: str) -> str:
    """A URL as it is; a path relative to where the command runs, as GitHub wants it, unless it is absolute."""
    if path.casefold().startswith(_URL_SCHEMES):
        return _escaped(path, _UNESCAPED_IN_URLS)
    pure = PurePath(path)
    if pure.is_absolute():
        return "file://" + _escaped("/" + pure.as_posix().lstrip("/"))
    return _escaped(posixpath.normpath(pure.as_posix()))


def _help(kind: Kind) -> str:
    if kind.is_of_member:
        return f"{kind.meaning} (the plugin manifest specification 2.2, in the clause that defines the member)"
    clause = f" (the plugin manifest specification 2.2, clause {kind.clause})" if kind.clause else ""
    return kind.meaning + clause


def _rule(code: str) -> JsonObject:
    kind = ALL_CODES.get(code)
    if kind is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": kind.meaning},
        "fullDescription": {"text": kind.meaning},
        "help": {"text": _help(kind)},
        "defaultConfiguration": {"level": kind.severity},
    }


def _physical(file: str, problem: Problem) -> JsonObject:
    artifact: JsonObject = {"artifactLocation": {"uri": _uri(file)}}
    if problem.line < 1:
        return artifact
    column: JsonObject = {"startColumn": problem.column} if problem.column > 0 else {}
    return {**artifact, "region": {"startLine": problem.line, **column}}


def _location(file: str, problem: Problem) -> JsonObject:
    pointer = whole(problem.pointer)
    logical: JsonObject = {"logicalLocations": [{"fullyQualifiedName": pointer}]} if pointer else {}
    return {"physicalLocation": _physical(file, problem), **logical}


def _result(file: str, problem: Problem, rule: int) -> JsonObject:
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": in_words(problem)},
        "locations": [_location(file, problem)],
    }


def as_sarif(files: Sequence[Checked]) -> str:
    """One run, with the rules that occur in it."""
    found = [(checked.file_of(item), item) for checked in files for item in checked.in_order()]
    codes = list(dict.fromkeys(problem.code for _, problem in found))
    indexes = {code: index for index, code in enumerate(codes)}
    rules: list[Json] = [_rule(code) for code in codes]
    results: list[Json] = [_result(file, problem, indexes[problem.code]) for file, problem in found]
    driver: JsonObject = {"name": "orchestrator", "semanticVersion": __version__, "rules": rules}
    run: JsonObject = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return plain_json(pretty_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}))
