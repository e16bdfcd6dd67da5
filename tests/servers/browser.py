"""Debian's Chromium without a window, asked over its debugging pipe: what a page became, and what it tried to load."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtimes.values import Json, JsonObject, dump_json, parse_json

ANSWER_SECONDS = 30.0
"""Seconds that one answer of the browser may take: the first one waits for its start."""

_ONTO_PIPES = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
"""The browser reads commands from descriptor 3 and writes to descriptor 4."""

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
)


def _objects(value: Json) -> JsonObject:
    assert isinstance(value, dict)
    return value


class Browser:
    """One page of a running browser."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._held = b""
        self._number = 0
        self._session = ""
        self.events: list[JsonObject] = []
        """What the browser has told without being asked."""

    def ask(self, method: str, **parameters: Json) -> JsonObject:
        """The answer to one command. Fails where it is an error, or there is none in time."""
        self._number += 1
        message: JsonObject = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, dump_json(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return _objects(answer["result"])

    def attach(self) -> None:
        """Opens an empty page and watches its network and its policy."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = str(self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def open(self, file: Path) -> None:
        """Loads a page and waits until its scripts have run; what was told of another is forgotten."""
        self.events.clear()
        self.ask("Page.navigate", url=file.as_uri())
        while all(event.get("method") != "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def value(self, expression: str) -> Json:
        """What an expression is worth in the page; a promise is waited for."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return _objects(answer["result"]).get("value")

    def until(self, expression: str) -> Json:
        """What an expression is worth as soon as it is something; the page looks again and again."""
        look = f"const look = () => ({expression}) ? resolve({expression}) : setTimeout(look, 10)"
        return self.value(f"new Promise(resolve => {{ {look}; look(); }})")

    def click(self, label: str) -> None:
        """Presses the button of that label as a person does."""
        found = f"[...document.querySelectorAll('button')].find(one => one.textContent.trim() === {json.dumps(label)})"
        self.value(f"{found}.click()")

    def loaded(self) -> list[str]:
        """The URLs that the page has asked for, itself among them."""
        requests = [event for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [str(_objects(_objects(event["params"])["request"])["url"]) for event in requests]

    def complaints(self) -> list[str]:
        """What the browser says of the page: mistakes of its scripts, and what its policy has stopped."""
        told = [_objects(event["params"]) for event in self.events if event.get("method") == "Log.entryAdded"]
        thrown = [event for event in self.events if event.get("method") == "Runtime.exceptionThrown"]
        return [str(_objects(one["entry"])["text"]) for one in told] + [dump_json(event) for event in thrown]

    def picture(self, width: int, height: int, *, is_dark: bool = False) -> bytes:
        """A PNG of the page at that size."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme: JsonObject = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        return base64.b64decode(str(self.ask("Page.captureScreenshot", format="png")["data"]))

    def _next(self) -> JsonObject:
        ends = time.monotonic() + ANSWER_SECONDS
        while b"\0" not in self._held:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, ends - time.monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self._answers, 1 << 16)
            assert piece, "the browser has gone"
            self._held += piece
        message, _, self._held = self._held.partition(b"\0")
        return _objects(parse_json(message))


def require_chromium() -> str:
    """The browser's path; skips the test where there is none, and fails it in CI."""
    path = shutil.which("chromium")
    if path is None:
        reason = "there is no `chromium` to look at the page with (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@contextmanager
def browsing(profile: Path) -> Generator[Browser]:
    """A browser with an empty page; it ends with the context. `profile` is an empty folder for what it keeps."""
    chromium = require_chromium()
    told, commands = os.pipe()
    answers, answered = os.pipe()
    program = [sys.executable, "-c", _ONTO_PIPES, str(told), str(answered), chromium, *_OPTIONS]
    process = subprocess.Popen(
        [*program, f"--user-data-dir={profile}"],
        pass_fds=(told, answered),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for descriptor in (told, answered):
            os.close(descriptor)
        browser = Browser(commands, answers)
        browser.attach()
        yield browser
        browser.ask("Browser.close")
    finally:
        for descriptor in (commands, answers):
            os.close(descriptor)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
