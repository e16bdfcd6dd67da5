"""Templates and data of an attacker: each ends in a named limit, or is harmless, soon and with little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.content import Card
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.render.cards import Look, card_text, plain
from orchestrator.response.cards import expand
from orchestrator.response.citations import citations_of
from runtimes.values import Json, JsonObject

ROOT = Path(__file__).resolve().parents[4]
CHILD = Path(__file__).with_name("expanding.py")

MAX_SECONDS = 15.0
"""Seconds of the processor for one expansion, on the usual machine.

The longest take 2 there, and 5 where the caches of the processor are shared; without their limits they take minutes.
"""

ALL_SECONDS = 300.0
"""Seconds that all of them may take."""

STEPS = "more steps"
TEXT = "more text"
DEEP = "nested more than"
LONG = "characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    template: Json
    data: Json = None
    limit: str = ""
    """A part of the limit's message; empty where there is a card, or a plain mistake."""


def _calls(function: str, count: int, inside: str, rest: str) -> str:
    return "${" + f"{function}(" * count + inside + f",{rest})" * count + "}"


def _deep(levels: int) -> Json:
    value: Json = "x"
    for _ in range(levels):
        value = [value]
    return value


MILLION = "a" * 1_000_000
RANGE = "range(0, 1000000)"
TRIPLE = "${foreach(a, x, foreach(a, y, foreach(a, z, x)))}"
REPEATED: JsonObject = {"$data": "${range(0, 1000)}", "type": "TextBlock", "text": "a"}
LONG_CALL: Json = "${createArray(" + "a," * 9000 + "a)}"
SHORT_CALLS: list[Json] = [f"${{a{n}}}" for n in range(50_000)]
ONES: list[Json] = [1] * 10
TENS: list[Json] = [[*[ONES] * 10]] * 10
TEN: JsonObject = {"x": [*[TENS] * 10]}

ATTACKS: Mapping[str, Attack] = {
    "a million elements": Attack(template={"$data": f"${{{RANGE}}}", "text": "${$data}"}, limit=STEPS),
    "elements of elements": Attack(
        template={"$data": "${range(0, 1000)}", "items": [{"$data": "${range(0, 1000)}", "items": [REPEATED]}]},
        limit=TEXT,
    ),
    "the same data again and again": Attack(
        template={"$data": "${a}", "b": {"$data": "${$root.a}", "c": {"$data": "${$root.a}", "d": "${$root.a}"}}},
        data={"a": list[Json](range(1000))},
        limit=STEPS,
    ),
    "a huge range": Attack(template="${range(0, 1000000000)}", limit=TEXT),
    "a range as text": Attack(template=f"${{join({RANGE}, ',')}}", limit=STEPS),
    "loops in loops": Attack(template=TRIPLE, data={"a": list[Json](range(1000))}, limit=STEPS),
    "text in a loop": Attack(
        template="${foreach(a, x, concat(b, b, b, b))}",
        data={"a": list[Json](range(10_000)), "b": "b" * 10_000},
        limit=TEXT,
    ),
    "searching in a loop": Attack(
        template="${count(where(a, x, contains(a, x)))}", data={"a": [{"x": n} for n in range(3000)]}, limit=STEPS
    ),
    "comparing in a loop": Attack(
        template="${foreach(range(0, 1000), x, $root.a == $root.b)}",
        data={"a": [[n] for n in range(10_000)], "b": [[n] for n in range(10_000)]},
        limit=STEPS,
    ),
    "parsing in a loop": Attack(
        template="${foreach(range(0, 100000), x, json($root.a))}", data={"a": "[" + "1," * 1000 + "1]"}, limit=TEXT
    ),
    "writing in a loop": Attack(
        template="${foreach(range(0, 1000), x, string($root.a))}",
        data={"a": {str(n): n for n in range(10_000)}},
        limit=TEXT,
    ),
    "names among many": Attack(
        template="${foreach(range(0, 100000), x, $root.z)}", data={str(n): 1 for n in range(100_000)}, limit=STEPS
    ),
    "replacements that grow": Attack(
        template="${replace(replace(replace(a, 'a', b), 'a', b), 'a', b)}",
        data={"a": "a" * 1000, "b": "a" * 1000},
        limit=TEXT,
    ),
    "replacements without case": Attack(
        template="${replaceIgnoreCase(replaceIgnoreCase(a, 'a', b), 'a', b)}",
        data={"a": "a" * 1000, "b": "a" * 10_000},
        limit=TEXT,
    ),
    "text that doubles": Attack(template=_calls("replace", 12, "a", "'a','aa'"), data={"a": "a" * 10_000}, limit=TEXT),
    "text that is repeated": Attack(template=_calls("concat", 20, "a", "a"), data={"a": MILLION}, limit=TEXT),
    "splitting and joining": Attack(
        template="${join(split(a, ''), b)}", data={"a": "a" * 100_000, "b": "b" * 10_000}, limit=TEXT
    ),
    "encoding again and again": Attack(
        template="${base64(base64(base64(base64(base64(base64(a))))))}", data={"a": MILLION}, limit=TEXT
    ),
    "percent signs of percent signs": Attack(
        template="${uriComponent(uriComponent(uriComponent(a)))}", data={"a": "%" * 1_000_000}, limit=TEXT
    ),
    "a union of large arrays": Attack(
        template="${count(union(a, a, a, a))}", data={"a": [{"x": n} for n in range(20_000)]}
    ),
    "an intersection of large arrays": Attack(
        template="${count(intersection(a, b))}",
        data={"a": [{"x": n} for n in range(5000)], "b": [{"x": -n} for n in range(5000)]},
    ),
    "sorting much": Attack(template="${sortBy(a)}", data={"a": list[Json](range(500_000))}, limit=STEPS),
    "flattening": Attack(template="${count(flatten(x, 1000000))}", data=TEN),
    "descending everywhere": Attack(template="${jPath(x, '$..*..*..*..*')}", data=TEN),
    "a regular expression that explodes": Attack(
        template="${isMatch(a, '^(a|aa|a?)*$')}", data={"a": "a" * 5000 + "b"}, limit="regular expression"
    ),
    "nested repetitions": Attack(template="${isMatch(a, '^(a+)+$')}", data={"a": "a" * 40 + "b"}),
    "a huge regular expression": Attack(template="${isMatch('x', a)}", data={"a": "((a{1000}){1000}){1000}"}),
    "a deep regular expression": Attack(template="${isMatch('x', a)}", data={"a": "(" * 10_000 + ")" * 10_000}),
    "matching in a loop": Attack(
        template="${foreach(range(0, 100000), x, isMatch($root.a, '(a|b)*c'))}", data={"a": "ab" * 500}, limit=STEPS
    ),
    "powers of powers": Attack(template="${exp(exp(9999, 9999), 9999)} ${exp(10, 1000000)}"),
    "huge integers": Attack(template="${add(a, 1)} ${mul(a, a)} ${string(a)} ${mod(a, 7)}", data={"a": 10**3000}),
    "endless digits": Attack(template="${int(a)} ${float(a)}", data={"a": "9" * 1_000_000}),
    "many decimals": Attack(template="${formatNumber(1.5, 1000000000)}"),
    "random numbers of any size": Attack(template="${rand(0, a)}", data={"a": 10**300}),
    "places far outside": Attack(template="${substring(a, 999999999999, 999999999999)}", data={"a": "abc"}),
    "counts far too large": Attack(template="${take(a, 999999999999)} ${skip(a, 999999999999)}", data={"a": [1, 2]}),
    "dates beyond the calendar": Attack(template="${addDays('2020-01-01T00:00:00.000Z', 999999999999)}"),
    "a long pattern of dates": Attack(
        template="${formatDateTime('2020-01-01T00:00:00.000Z', a)}", data={"a": "y" * 1_000_000}
    ),
    "a time zone that is a path": Attack(
        template="${convertFromUTC('2020-01-01T00:00:00.000Z', a)}", data={"a": "../../../etc/passwd"}
    ),
    "a language that is a path": Attack(template="${formatNumber(1.5, 2, a)}", data={"a": "../../x" * 1000}),
    "deep JSON in text": Attack(template="${json(a)}", data={"a": "[" * 100_000 + "]" * 100_000}),
    "wide JSON in text": Attack(template="${count(json(a))}", data={"a": "[" + "1," * 400_000 + "1]"}),
    "deep data": Attack(template="${string(a)}", data={"a": _deep(400)}, limit=DEEP),
    "documents of entities": Attack(
        template="${xPath(a, '//*')}", data={"a": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}
    ),
    "data that has expressions": Attack(template="${a}", data={"a": "${range(0, 1000000000)}"}),
    "computed expressions": Attack(template="${stringOrValue(a)}", data={"a": "${range(0, 1000000000)}"}, limit=TEXT),
    "computed expressions in a loop": Attack(
        template="${foreach(range(0, 100000), x, stringOrValue($root.a))}", data={"a": "${b}"}, limit=STEPS
    ),
    "a deep template": Attack(template=_deep(400), limit=DEEP),
    "a wide template": Attack(template=list[Json](range(200_000)), limit="values"),
    "a template of expressions": Attack(template=SHORT_CALLS, limit=LONG),
    "long expressions": Attack(template=[*[LONG_CALL] * 50], limit=LONG),
    "one long expression": Attack(template="${" + "a + " * 10_000 + "a}", limit=LONG),
    "brackets in brackets": Attack(template="${" + "(" * 5000 + "1" + ")" * 5000 + "}", limit=DEEP),
    "a long sum": Attack(template="${" + "1 + " * 4000 + "1}", limit=DEEP),
    "a long path": Attack(template="${a" + ".a" * 9000 + "}", limit=DEEP),
    "objects in objects": Attack(template="${" + "{a:" * 5000, limit=DEEP),
    "quotes without end": Attack(template="${'" * 6000),
    "backslashes": Attack(template="${'" + "\\'" * 9000, limit="places"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited with RLIMIT_AS")
def test_each_attack_ends_in_its_limit_or_is_harmless_soon_and_with_little_memory() -> None:
    """Issue 5, what it must show: hostile templates and data."""
    questions = [{"template": attack.template, "data": attack.data} for attack in ATTACKS.values()]
    done = subprocess.run(
        [sys.executable, str(CHILD)],
        input="".join(json.dumps(question) + "\n" for question in questions),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=ALL_SECONDS,
        check=False,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    told = dict(zip(ATTACKS, outcomes, strict=False))
    assert len(told) == len(ATTACKS), f"it ends at {list(ATTACKS)[len(told)]!r}: {done.stderr[-500:]}"
    limits = {name: outcome["message"] for name, outcome in told.items() if outcome["kind"] == "limit"}
    wanted = {name: attack.limit for name, attack in ATTACKS.items() if attack.limit}
    assert {name: limits.get(name, told[name]) for name in wanted if wanted[name] not in limits.get(name, "")} == {}
    assert limits.keys() == wanted.keys()
    assert {name: outcome["seconds"] for name, outcome in told.items() if outcome["seconds"] > MAX_SECONDS} == {}


LINKS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:x",
    "file:///etc/passwd",
    "https://user:password@evil.example/",
    "http://[::1",
    "https://login.example\\@evil.example/",
)
"""Addresses that nobody may be sent to."""

SAID: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.6",
    "body": [
        {"type": "TextBlock", "text": "[words](${url})"},
        {"type": "Image", "url": "${url}", "altText": "a picture"},
        {"type": "Media", "sources": [{"url": "${url}", "mimeType": "video/mp4"}]},
        {"type": "Container", "items": [], "selectAction": {"type": "Action.OpenUrl", "url": "${url}"}},
    ],
    "actions": [{"type": "Action.OpenUrl", "title": "Go", "url": "${url}"}],
}


def _drawn(card: Json, width: int = 80) -> str:
    assert isinstance(card, dict)
    return "\n".join(map(plain, card_text(Card(body=card), Look(width=width))))


@pytest.mark.parametrize("url", LINKS)
def test_an_address_that_is_not_of_the_web_is_never_a_link(url: str) -> None:
    """Through expansion, the terminal and the citations."""
    card = expand(SAID, {"url": url})
    spans = [span for line in card_text(Card(body=card if isinstance(card, dict) else {}), Look()) for span in line]
    assert not any("blue" in span.style or "link" in span.style for span in spans)
    assert "evil.example" not in _drawn(card)
    found = citations_of(
        ResponseSemantics(properties={"title": "$.title", "url": "$.url", "thumbnail_url": "$.url"}),
        {"title": "a", "url": url},
        "https://api.example",
    )
    urls = [address for citation in found for address in (citation.url, citation.thumbnail_url) if address]
    assert all(address.startswith("https://api.example/") for address in urls), urls


HIDDEN = ("\x1b]8;;https://evil.example\x07", "\u202e", "\x00", "\u200b", "\u2066")


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_is_hidden_in_an_address_is_dropped_or_the_address_is(hidden: str) -> None:
    url = f"https://a.example/{hidden}b"
    drawn = _drawn(expand(SAID, {"url": url}))
    assert hidden not in drawn
    assert "evil" not in drawn
    semantics = ResponseSemantics(properties={"title": "$.title", "url": "$.url"})
    (citation,) = citations_of(semantics, {"title": "a", "url": url}, "https://api.example")
    assert citation.url is None


@pytest.mark.parametrize("width", [40, 80, 160])
def test_control_characters_of_data_never_reach_the_terminal(width: int) -> None:
    """Escape sequences, carriage returns, bidirectional marks and bells, in every place that shows text."""
    evil = "a\x1b[2J\x1b]0;title\x07\x9b31m\r\x08b\u202ec\u2066d\x00\x7f\u2028e"
    names = ("text", "title", "value", "label", "placeholder", "altText", "fallbackText", "errorMessage")
    said: JsonObject = dict.fromkeys(names, "${evil}")
    kinds = ("TextBlock", "Input.Text", "Input.Toggle", "Image", "FactSet", "Glass", "Input.ChoiceSet", "${evil}")
    body: list[Json] = [{"type": kind, "id": "${evil}", **said, "facts": [said], "choices": [said]} for kind in kinds]
    actions: list[Json] = [{"type": "Action.Submit", **said}, {"type": "Action.OpenUrl", "url": "${evil}", **said}]
    card: JsonObject = {"type": "AdaptiveCard", "version": "1.6", "body": body, "actions": actions, **said}
    drawn = _drawn(expand(card, {"evil": evil}), width)
    assert "b" in drawn
    assert {character for character in drawn if not character.isprintable()} <= {"\n"}


def test_data_cannot_add_elements_or_expressions_to_a_card() -> None:
    """What data say is text: neither a template nor a place to break out of one."""
    template: JsonObject = {"type": "TextBlock", "text": "Hello ${name}"}
    for name in ('"}, {"type": "Image", "url": "x"}', "${$root}", "${name}", "\\${name}", "`", "${'", "{{DATE(x)}}"):
        assert expand(template, {"name": name}) == {"type": "TextBlock", "text": f"Hello {name}"}
