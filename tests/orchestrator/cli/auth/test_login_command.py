"""`orchestrator auth login` against a real OpenID provider, with a browser that is a program. Issue 9."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import anyio
import httpx2
import pytest

from orchestrator.events import CallJudged, ReplyReceived, RequestedCall, SignInAsked, TurnStarted
from orchestrator.journal.open import open_journal
from orchestrator.model.base import ModelCall
from tests.orchestrator.cli.auth.commands import API, SECONDS, Home
from tests.servers.browser import browsing, require_chromium
from tests.servers.openid_provider import OpenIdProvider, need_provider, openid_provider

MARK = "log in here: "
BROWSER = """\
import json, os, sys
import anyio, httpx2
from tests.servers.openid_provider import OpenIdProvider
open({seen!r} + ".environ", "w").write(json.dumps(dict(os.environ)))
back = anyio.run(OpenIdProvider(url={url!r}).{answer}, sys.argv[1])
page = httpx2.get(back, trust_env=False)
open({seen!r}, "w").write(f"{{page.status_code}} {{page.text}}")
"""


@pytest.fixture(scope="module")
def provider() -> Generator[OpenIdProvider]:
    need_provider()
    with openid_provider() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, provider: OpenIdProvider) -> Home:
    """Where the login is registered."""
    home = Home(tmp_path)
    host = provider.url.removeprefix("http://")
    scopes = ("--scope", "openid", "--scope", "albums.read")
    client = ("--client-id", "app", "--client-auth", "none", "--origin", API, "--allow-host", host)
    done = home.auth("add", "albums", "--kind", "oauth", "--issuer", provider.url, *client, *scopes, "--yes")
    assert done.code == 0, done
    return home


def browser(home: Home, provider: OpenIdProvider, answer: str) -> dict[str, str]:
    """The variable that has a program drive the address in the place of a browser."""
    program = home.folder / "browse.py"
    seen = str(home.folder / "page.txt")
    program.write_text(BROWSER.format(url=provider.url, answer=answer, seen=seen), encoding="utf-8")
    return {"BROWSER": f"{sys.executable} {program} %s"}


def test_a_login_opens_the_browser_and_says_who_and_until_when(home: Home, provider: OpenIdProvider) -> None:
    process = home.start("auth", "login", "albums", **browser(home, provider, "consent"))
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert out.startswith("logged in to albums as ada, until ")
    assert f"albums: logging in at {provider.url}/auth, for up to 5 minutes" in err
    assert MARK in err
    tested = home.auth("test", "albums")
    assert tested.code == 0
    assert "says that it is for ada" in tested.out
    revoked = home.auth("revoke", "albums", "--yes")
    assert "the provider has been told" in revoked.out


def test_a_refused_consent_ends_it_and_is_told_on_the_page(home: Home, provider: OpenIdProvider) -> None:
    process = home.start("auth", "login", "albums", **browser(home, provider, "deny"))
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "access_denied" in err
    assert "Traceback" not in err
    page = home.folder / "page.txt"
    assert not page.exists() or "The login did not work" in page.read_text()


def test_a_real_browser_shows_a_page_that_runs_and_loads_nothing(home: Home, provider: OpenIdProvider) -> None:
    require_chromium()
    process = home.start("auth", "login", "albums", "--no-browser")
    assert process.stderr is not None
    url = next(line.partition(MARK)[2].strip() for line in process.stderr if MARK in line)
    back = anyio.run(provider.consent, url)
    with browsing(home.folder / "profile") as page:
        page.ask("Page.navigate", url=back)
        assert page.until("document.querySelector('h1')?.textContent") == "You are logged in"
        assert page.value("document.scripts.length") == 0
        picture = page.picture(800, 500)
        loaded, complaints = page.loaded(), page.complaints()
    (home.folder / "page.png").write_bytes(picture)
    assert [one for one in loaded if one != back and not one.endswith("/favicon.ico")] == []
    assert [one for one in complaints if "favicon" not in one and "404" not in one] == []
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0


def test_another_page_at_the_port_does_not_end_the_wait(home: Home, provider: OpenIdProvider) -> None:
    process = home.start("auth", "login", "albums", "--no-browser")
    assert process.stderr is not None
    url = next(line.partition(MARK)[2].strip() for line in process.stderr if MARK in line)
    back = anyio.run(provider.consent, url)
    forged = f"{back.partition('?')[0]}?error=access_denied&state=forged"
    assert httpx2.get(forged, trust_env=False).status_code == 400
    assert httpx2.get(back, trust_env=False).status_code == 200
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0


def test_a_device_login_shows_the_code_and_waits(home: Home, provider: OpenIdProvider) -> None:
    process = home.start("auth", "login", "albums", "--device")
    assert process.stderr is not None
    told: list[str] = []
    while not told or not told[-1].startswith("or open "):
        told.append(next(process.stderr))
    anyio.run(provider.consent, told[-1].partition("or open ")[2].strip())
    assert f"albums: logging in at {provider.url}/device/auth\n" in told
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert out.startswith("logged in to albums")


@pytest.mark.parametrize("option", [("--port", "8080"), ("--localhost",), ("--no-browser",)])
def test_what_is_of_a_browser_is_wrong_use_with_a_code(option: tuple[str, ...], home: Home) -> None:
    done = home.auth("login", "albums", "--device", *option)
    assert (done.code, f"{option[0]} goes with a login in a browser" in done.err) == (2, True)


def test_the_browser_is_told_no_secret(home: Home, provider: OpenIdProvider) -> None:
    variables = {"ORCHESTRATOR_X": "a", "MY_API_KEY": "b", "PLAIN": "c", "DBUS_SESSION_BUS_ADDRESS": "d"}
    process = home.start("auth", "login", "albums", **variables, **browser(home, provider, "consent"))
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    told = json.loads((home.folder / "page.txt.environ").read_text())
    assert {name: told.get(name) for name in variables} == variables | {"ORCHESTRATOR_X": None, "MY_API_KEY": None}


def test_a_browser_that_cannot_be_started_is_told(home: Home) -> None:
    process = home.start("auth", "login", "albums", BROWSER=str(home.folder / "no-such-browser"), PATH="/nowhere")
    assert process.stderr is not None
    assert any("no browser could be opened here; open the address yourself" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=SECONDS)


def test_a_conversation_that_waits_for_it_is_told(home: Home, provider: OpenIdProvider) -> None:
    store = home.folder / "chats.db"
    anyio.run(_keep_waiting, store)
    command = ("auth", "login", "albums", "--store", str(store))
    process = home.start(*command, **browser(home, provider, "consent"))
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert f"1 conversation waited for it; a worker goes on with it, or `orchestrator chat --store {store}" in out


async def _keep_waiting(store: Path) -> None:
    call = RequestedCall(call_id="c1", request=ModelCall(id="m", tool="t", arguments="{}"))
    facts = (
        TurnStarted(text="Show my albums", person="me", documents={}),
        ReplyReceived(text="", calls=(call,)),
        CallJudged(call_id="c1", plugin="albums", function="look", arguments={}, verdict="allow", reasons=()),
        SignInAsked(call_id="c1", name="albums", sign_in="login", reason="there is none yet", expires=4e9),
    )
    async with open_journal(f"sqlite:///{store}") as journal:
        await journal.append("b07c44de91f3a260", 0, facts, wake=4e9)


def test_ctrl_c_ends_a_login_at_once(home: Home) -> None:
    process = home.start("auth", "login", "albums", "--no-browser")
    assert process.stderr is not None
    assert any(MARK in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_wrong_use(home: Home, provider: OpenIdProvider) -> None:
    port = provider.url.rpartition(":")[2]
    done = home.auth("login", "albums", "--no-browser", "--port", port)
    assert (done.code, f"port {port} of this machine" in done.err) == (2, True)
