"""A secret is kept only where a request could carry it. Issue 9."""

from __future__ import annotations

import pytest

from auth import Secret
from orchestrator.cli.logins.given import HINTS, check_sendable, key_hint
from orchestrator.errors import UsageError

CANARY = "canary-90b1f3d7ae"


@pytest.mark.parametrize(
    ("hint", "fits", "does_not"),
    [
        (key_hint("header", "X-Key"), "a b", "a\nb"),
        (key_hint("cookie", "sid"), "a=b", "a b"),
        (key_hint("query", "key"), "a\nb ü", "\ud800"),
        (HINTS["key"], "a\nb ü", "\ud800"),
        (HINTS["bearer"], "abc", "Bearer abc"),
        (HINTS["basic"], "ada:pass word", "ada"),
        ("something that an older version wrote", "a b", "\ud800"),
    ],
)
def test_the_hint_says_what_can_be_sent(hint: str, fits: str, does_not: str) -> None:
    check_sendable(hint, Secret(fits + CANARY))
    with pytest.raises(UsageError, match="cannot be sent") as raised:
        check_sendable(hint, Secret(does_not + CANARY))
    assert CANARY not in str(raised.value)
