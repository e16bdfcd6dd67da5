"""A store that is mistyped or locked, and a turn that is stopped while a call is on its way. Issue 8."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from tests.orchestrator.cli.kept_shop import Shop, open_shop
from tests.orchestrator.cli.test_kept_elsewhere import SCRIPT, WAIT


@pytest.fixture
def shop(tmp_path: Path) -> Generator[Shop]:
    with open_shop(tmp_path) as opened:
        yield opened


def test_a_worker_makes_no_store_of_a_mistyped_name(shop: Shop) -> None:
    shop.store = "mistyped.db"
    done = shop.run(*shop.worker("--once"))
    assert (done.returncode, "mistyped.db': no conversations are kept there" in done.stderr) == (2, True)
    assert not (shop.folder / "mistyped.db").exists()


def test_who_waits_for_a_locked_store_is_told(shop: Shop) -> None:
    [conversation] = shop.say("hello")
    with closing(sqlite3.connect(shop.folder / shop.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        deleting = shop.begin("history", "--delete", conversation, "--yes")
        assert deleting.stderr is not None
        assert deleting.stderr.readline() == "waiting for the store, which is slow or locked by another program\n"
        other.execute("ROLLBACK")
    assert deleting.communicate(timeout=WAIT) == (f"deleted: {conversation}\n", "")


@pytest.mark.parametrize("form", ["", "--json"])
def test_what_became_of_a_call_that_was_stopped_on_its_way_is_told_at_once(shop: Shop, form: str) -> None:
    """Issue 8, item 3."""
    shop.is_held = True
    (shop.folder / "script.yaml").write_text(SCRIPT, encoding="utf-8")
    model = ("--model", f"scripted:{shop.folder / 'script.yaml'}", "--allow-host", "127.0.0.1")
    chat = shop.begin("chat", "plugin.json", *model, "--yes", "-m", "Order tea", *filter(None, [form]))
    assert shop.has_order.wait(WAIT)
    chat.send_signal(signal.SIGINT)
    told, _ = chat.communicate(timeout=WAIT)
    assert chat.returncode == 130
    if not form:
        assert "order sent, but whether it was carried out is unknown" in told
        assert f'it went to {shop.server.url} with item="tea".' in told
        assert told.endswith("\n\nstopped\n")
        assert told.count("\nstopped\n") == 1
        return
    kinds = [json.loads(line)["kind"] for line in told.splitlines()]
    assert kinds[-2:] == ["call_unknown", "turn_ended"]
    assert [kinds.count(kind) for kind in ("turn_started", "call_dispatched", "call_unknown")] == [1, 1, 1]
