"""When the person is asked (issue 2, 8; design decision 2)."""

from __future__ import annotations

from itertools import product

import pytest

from orchestrator.turn.policy import Evidence, judge


@pytest.mark.parametrize(
    ("evidence", "decision", "source"),
    [
        (Evidence(method="GET"), "allow", "method"),
        (Evidence(method="HEAD"), "allow", "method"),
        (Evidence(method="OPTIONS"), "allow", "method"),
        (Evidence(method="POST"), "ask", "method"),
        (Evidence(method="DELETE", repeatable=True), "ask", "method"),
        (Evidence(method="GET", wants_confirmation=True), "ask", "manifest"),
        (Evidence(method="GET", data_handling=("GetPublicData", "ResourceStateUpdate")), "ask", "manifest"),
        (Evidence(method="GET", is_consequential=True), "ask", "description"),
        (Evidence(method="POST", is_consequential=False), "ask", "method"),
        (Evidence(), "ask", "host"),
        (Evidence(data_handling=("GetPrivateData",)), "allow", "runtime"),
        (Evidence(data_handling=("DataExport",)), "ask", "host"),
        (Evidence(data_handling=("x-mine",)), "ask", "host"),
        (Evidence(repeatable=True), "allow", "runtime"),
        (Evidence(method="POST", edited_by="ada"), "allow", "person"),
    ],
)
def test_the_verdict_and_its_first_reason(evidence: Evidence, decision: str, source: str) -> None:
    verdict = judge(evidence)
    assert (verdict.decision, verdict.reasons[0].source) == (decision, source)


def test_a_plugins_own_word_only_makes_it_stricter() -> None:
    """Over the whole product: adding a declaration never turns ask into allow, where a method speaks."""
    methods = ("GET", "POST", "DELETE")
    handling: tuple[tuple[str, ...], ...] = ((), ("GetPublicData",), ("DataTransform",), ("ResourceStateUpdate",))
    for method, declared, wants, consequential in product(methods, handling, (False, True), (None, False, True)):
        bare = judge(Evidence(method=method)).decision
        told = judge(
            Evidence(method=method, data_handling=declared, wants_confirmation=wants, is_consequential=consequential)
        ).decision
        assert (bare, told) != ("ask", "allow")
