"""The page at the end of a login says what happened, and nothing of it is markup. Issue 9."""

from __future__ import annotations

from auth.login_page import MAX_TOLD, logged_in, not_logged_in


def test_a_page_says_why_in_a_sentence_and_leaves_addresses_as_they_are() -> None:
    assert b"<p>The provider says no. You can close this tab.</p>" in not_logged_in("the provider says no").html()
    assert b"<p>http://login.example/token is busy. You" in not_logged_in("http://login.example/token is busy").html()


def test_a_page_is_as_long_as_it_may_be_and_no_longer() -> None:
    assert len(not_logged_in("x" * 10_000).html()) < 2500 + MAX_TOLD
    assert b"The credential &lt;i&gt;" in logged_in("<i>").html()
