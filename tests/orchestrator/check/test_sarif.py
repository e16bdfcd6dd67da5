"""The SARIF form of a report: what the format demands, and what GitHub code scanning needs of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.check.codes import ALL_CODES
from orchestrator.check.report import Checked
from orchestrator.check.sarif import as_sarif
from orchestrator.errors import Problem
from orchestrator.version import __version__
from runtimes.values import JsonObject

TYPO = Problem(
    severity="error",
    code="unknown-member",
    message="member 'nmae' is not known",
    pointer="/nmae",
    line=2,
    column=3,
    hint="did you mean 'name'?",
    clause="3.3",
)
UNREADABLE = Problem(severity="error", code="unreadable", message="there is no file 'b.json'")
IN_API = Problem(severity="warning", code="unknown-member", message="m", line=7, column=1, file="p/my api.yaml")


def closed(properties: JsonObject, *required: str) -> JsonObject:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required or properties),
        "additionalProperties": False,
    }


TEXT: JsonObject = closed({"text": {"type": "string", "minLength": 1}})
COUNTED: JsonObject = {"type": "integer", "minimum": 1}
LEVEL: JsonObject = {"enum": ["none", "note", "warning", "error"]}
RULE = closed(
    {
        "id": {"type": "string"},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": TEXT,
        "defaultConfiguration": closed({"level": LEVEL}),
    },
    "id",
)
PHYSICAL = closed(
    {
        "artifactLocation": closed({"uri": {"type": "string", "pattern": r"^[!#-;=?-\[\]_a-z~]+$"}}),
        "region": closed({"startLine": COUNTED, "startColumn": COUNTED}, "startLine"),
    },
    "artifactLocation",
)
LOCATION = closed(
    {
        "physicalLocation": PHYSICAL,
        "logicalLocations": {
            "type": "array",
            "minItems": 1,
            "items": closed({"fullyQualifiedName": {"type": "string"}}),
        },
    },
    "physicalLocation",
)
RESULT = closed(
    {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": TEXT,
        "locations": {"type": "array", "minItems": 1, "maxItems": 1, "items": LOCATION},
    }
)
DRIVER = closed(
    {
        "name": {"const": "orchestrator"},
        "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
        "rules": {"type": "array", "items": RULE, "uniqueItems": True},
    }
)
RUN = closed(
    {
        "tool": closed({"driver": DRIVER}),
        "columnKind": {"const": "unicodeCodePoints"},
        "results": {"type": "array", "items": RESULT},
    }
)
SARIF = jsonschema_rs.Draft202012Validator(
    closed(
        {
            "$schema": {"type": "string", "pattern": "sarif-schema-2.1.0.json$"},
            "version": {"const": "2.1.0"},
            "runs": {"type": "array", "items": RUN, "minItems": 1, "maxItems": 1},
        }
    )
)
"""What we use of SARIF 2.1.0, in our own words."""


def uri_of(path: str) -> str:
    told = json.loads(as_sarif([Checked(path=path, problems=(UNREADABLE,))]))
    uri = told["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert isinstance(uri, str)
    return uri


def test_a_report_has_its_rules_and_results() -> None:
    checked = Checked(path="p/a.json", texts={"p/my api.yaml": ""}, problems=(IN_API, TYPO))
    meaning = {"text": ALL_CODES["unknown-member"].meaning}
    (run,) = json.loads(as_sarif([checked, Checked(path="b.json", problems=(UNREADABLE,))]))["runs"]
    assert (run["tool"]["driver"]["name"], run["tool"]["driver"]["semanticVersion"]) == ("orchestrator", __version__)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["unknown-member", "unreadable"]
    assert run["tool"]["driver"]["rules"][0] == {
        "id": "unknown-member",
        "shortDescription": meaning,
        "fullDescription": meaning,
        "help": {"text": f"{meaning['text']} (the plugin manifest specification 2.2, clause 3.3)"},
        "defaultConfiguration": {"level": "warning"},
    }
    assert run["results"] == [
        {
            "ruleId": "unknown-member",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": "member 'nmae' is not known\nhint: did you mean 'name'?\nspec: 3.3"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "p/a.json"},
                        "region": {"startLine": 2, "startColumn": 3},
                    },
                    "logicalLocations": [{"fullyQualifiedName": "/nmae"}],
                }
            ],
        },
        {
            "ruleId": "unknown-member",
            "ruleIndex": 0,
            "level": "warning",
            "message": {"text": "m"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "p/my%20api.yaml"},
                        "region": {"startLine": 7, "startColumn": 1},
                    }
                }
            ],
        },
        {
            "ruleId": "unreadable",
            "ruleIndex": 1,
            "level": "error",
            "message": {"text": "there is no file 'b.json'"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "b.json"}}}],
        },
    ]


def test_a_report_without_problems_is_a_run_without_results() -> None:
    (run,) = json.loads(as_sarif([Checked(path="a.json", problems=())]))["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


@pytest.mark.parametrize("code", ALL_CODES)
def test_every_code_is_a_rule_with_all_that_github_shows(code: str) -> None:
    problem = Problem(severity=ALL_CODES[code].severity, code=code, message="m")
    told = json.loads(as_sarif([Checked(path="a.json", problems=(problem,))]))
    SARIF.validate(told)
    (rule,) = told["runs"][0]["tool"]["driver"]["rules"]
    assert rule["help"]["text"].startswith(rule["shortDescription"]["text"])


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("./a.json", "a.json"),
        ("x/../é b%.json", "%C3%A9%20b%25.json"),
        ("a:b#c?.json", "a%3Ab%23c%3F.json"),
        ("../a.json", "../a.json"),
        ("/r/é.json", "file:///r/%C3%A9.json"),
        ("\udcff\ud800.json", "%FF%EF%BF%BD.json"),
        ("//r/a.json", "file:///r/a.json"),
        ("https://h/a%20b.json", "https://h/a%20b.json"),
        ("HTTPS://h/a b.json", "HTTPS://h/a%20b.json"),
    ],
)
def test_a_file_is_named_by_a_uri(path: str, uri: str) -> None:
    assert uri_of(path) == uri


anything = st.text(st.characters(), max_size=20)
paths = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20)
problems = st.builds(
    Problem,
    severity=st.sampled_from(["error", "warning"]),
    code=st.sampled_from([*ALL_CODES, "of-another"]),
    message=st.text(st.characters(), max_size=20).map(lambda text: "m" + text),
    pointer=anything,
    line=st.integers(0, 5),
    column=st.integers(0, 5),
    hint=anything,
    clause=st.sampled_from(["", "3.3"]),
    file=st.just("") | paths,
)


@given(st.lists(st.tuples(paths, st.lists(problems, max_size=4)), max_size=4))
def test_any_problems_are_sound_sarif(found: list[tuple[str, list[Problem]]]) -> None:
    files = [Checked(path=path, problems=tuple(listed)) for path, listed in found]
    told = json.loads(as_sarif(files))
    SARIF.validate(told)
    (run,) = told["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert len(run["results"]) == sum(len(listed) for _, listed in found)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, max_size=3))
def test_a_relative_uri_leads_back_to_its_file(parts: list[str]) -> None:
    path = str(Path(*(part.strip("/.") or "x" for part in parts)))
    uri = uri_of(path)
    assert re.fullmatch(r"[A-Za-z0-9_.~%/-]+", uri)
    assert (urlsplit(uri).scheme, unquote(uri)) == ("", path)
