"""Stubs answer before the mock does, or have something go wrong (issue 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.orchestrator.testing.playing import DROP, FIND, played


@pytest.mark.parametrize(
    ("stub", "expect"),
    [
        ("{path: /homes/1, answer: {json: {name: Elm Road}}}", "citations: Elm Road"),
        ("{path: '/homes/{id}', answer: {json: {name: Elm Road}}}", "citations: Elm Road"),
        ("{operation: getHome, answer: {json: {name: Elm Road}}}", "citations: Elm Road"),
        ("{operation: getHome, query: {}, answer: {json: {name: Elm Road}}}", "citations: Elm Road"),
        ("{operation: getHome, query: {view: all}, answer: 500}", "citations: Oak Street"),
        ("{operation: getHome, method: POST, answer: 500}", "citations: Oak Street"),
        ("{path: /homes, answer: 500}", "citations: Oak Street"),
        ("{operation: getHome, json: {a: 1}, answer: 500}", "citations: Oak Street"),
        ("{operation: getHome, answer: {file: home.json}}", "citations: Garden Lane"),
        (
            "{operation: getHome, answer: {status: 404, body: no such home}}",
            "calls: {call: getHome, status: error, result: no such home}",
        ),
        (
            "{operation: getHome, times: 1, answer: 503}",
            "requests: [GET /homes/1, GET /homes/1]\n      citations: Oak Street",
        ),
        ("{operation: getHome, answer: {fault: hang}}", "calls: {call: getHome, status: failed, result: no answer}"),
        ("{operation: getHome, answer: {fault: garbage}}", "calls: {call: getHome, status: failed, result: no HTTP}"),
        ("{operation: getHome, answer: {fault: reset}}", "calls: {call: getHome, status: failed, result: broke off}"),
        ("{operation: getHome, answer: {fault: refuse}}", "calls: {call: getHome, status: failed, result: refused}"),
        ("{operation: getHome, times: 1, answer: {fault: refuse}}", "citations: Oak Street"),
        (
            "{operation: getHome, answer: {file: nowhere.json}}",
            "calls: {call: getHome, status: failed, result: nowhere}",
        ),
        (
            "{operation: getHome, answer: {delay: 0.01, json: {name: Elm Road}, headers: {Content-Type: text/plain}}}",
            "prompts: {contains: Elm Road}",
        ),
    ],
)
async def test_the_first_stub_that_fits_answers(tmp_path: Path, stub: str, expect: str) -> None:
    (tmp_path / "home.json").write_text('{"name": "Garden Lane"}', encoding="utf-8")
    assert await played(tmp_path, f"api: {{stubs: [{stub}]}}{FIND}    expect:\n      {expect}\n") == ""


async def test_a_call_of_which_nobody_knows_whether_it_was_carried_out_is_unknown(tmp_path: Path) -> None:
    stubs = "api: {stubs: [{operation: dropHome, answer: {fault: reset}}]}"
    expect = "    decide: approve\n    expect: {calls: {call: dropHome, status: unknown}, requests: DELETE /homes/1}\n"
    assert await played(tmp_path, stubs + DROP + expect) == ""


async def test_a_stub_for_an_operation_that_there_is_not_fails_where_it_stands(tmp_path: Path) -> None:
    stubs = "api:\n  stubs:\n  - {operation: getHom, method: get, answer: 503}"
    told = await played(tmp_path, f"plugins: plugin.json\n{stubs}{FIND}")
    assert told == ("4:17: api/stubs/0/operation: there is no operation 'getHom'; did you mean 'getHome' or 'putHome'?")
