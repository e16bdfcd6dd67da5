"""The examples as the demo runs them: all of them answer, and nothing of them is left (issue 2, item 11)."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from orchestrator.demo import ExampleFailed, ExampleSource, RunningExamples, example_names, running_examples
from orchestrator.errors import UnknownName

LISTENS = """
import os, pathlib, sys
pathlib.Path("pid").write_text(str(os.getpid()))
print("listening on http://127.0.0.1:9", flush=True)
sys.stdin.read()
"""
IGNORES_EVERYTHING = """
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("pid").write_text(str(os.getpid()))
print("listening on http://127.0.0.1:9", flush=True)
while True:
    time.sleep(60)
"""
WAITS_FOR_A_FILE = """
import os, pathlib, sys, time
pathlib.Path("pid").write_text(str(os.getpid()))
while not pathlib.Path("go").exists():
    time.sleep(0.01)
print("listening on http://127.0.0.1:9", flush=True)
sys.stdin.read()
"""

CHAT = """
import pathlib, sys
import anyio
from orchestrator.demo import running_examples

async def main():
    async with running_examples(folder=pathlib.Path(sys.argv[1])):
        print("ready", flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


def _write_example(folder: Path, name: str, service: str) -> Path:
    example = folder / name
    example.mkdir()
    (example / "plugin.json").write_text('{"runtimes": [{"type": "OpenApi"}]}', encoding="utf-8")
    (example / "service.py").write_text(service, encoding="utf-8")
    return example


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _pid(example: Path) -> int:
    return int((example / "pid").read_text(encoding="utf-8"))


def _status(source: ExampleSource) -> int:
    connection = http.client.HTTPConnection(source.allowed_hosts[0], timeout=5)
    try:
        connection.request("GET", "/plugin.json")
        return connection.getresponse().status
    finally:
        connection.close()


async def _statuses(running: RunningExamples) -> list[int]:
    return [await anyio.to_thread.run_sync(_status, source) for source in running.sources if source.allowed_hosts]


async def test_all_examples_run_answer_and_are_gone_at_the_end() -> None:
    with anyio.fail_after(30):
        async with running_examples() as running:
            names = [source.name for source in running.sources]
            assert names == ["contoso_real_estate", "donations", "suno", "windows_settings"]
            assert await _statuses(running) == [200, 200, 200]
        with pytest.raises(ConnectionRefusedError):
            await anyio.to_thread.run_sync(_status, running.sources[0])


async def test_the_local_example_is_an_endpoint_whose_settings_go_away() -> None:
    with anyio.fail_after(30):
        async with running_examples(["windows_settings"]) as running:
            [source] = running.sources
            endpoint = running.local["WindowsSettingsPlugin"]
            file = anyio.Path(endpoint.command[endpoint.command.index("--file") + 1])
            request = b'{"jsonrpc": "2.0", "id": 1, "method": "set_windows_theme", "params": {"themeName": "dark"}}\n'
            done = await anyio.run_process(endpoint.command, input=request)
            assert b"theme changed from light to dark" in done.stdout
            assert await file.exists()
        assert (Path(source.source).name, source.allowed_hosts) == ("plugin.json", ())
        assert not await file.parent.exists()


async def test_only_the_named_examples_run() -> None:
    with anyio.fail_after(30):
        async with running_examples(["suno"]) as running:
            assert [source.name for source in running.sources] == ["suno"]
            assert running.local == {}


async def test_a_name_that_no_example_has_is_an_error_that_lists_them() -> None:
    with pytest.raises(UnknownName, match="there is no example 'sumo'; did you mean 'suno'"):
        async with running_examples(["sumo"]):
            raise NotImplementedError


async def test_an_example_that_fails_to_start_is_one_clear_line_and_its_siblings_are_stopped(tmp_path: Path) -> None:
    sibling = _write_example(tmp_path, "good", LISTENS)
    wait = "import pathlib, time\nwhile not pathlib.Path('../good/pid').exists():\n    time.sleep(0.01)\n"
    _write_example(tmp_path, "bad", wait + "import sys\nsys.exit('first line\\nthe cellar is flooded\\x1b[2J')\n")
    with anyio.fail_after(30), pytest.raises(ExampleFailed) as failure:
        async with running_examples(folder=tmp_path):
            raise NotImplementedError
    assert str(failure.value) == "the example 'bad' did not start: the cellar is flooded[2J"
    assert not _is_running(_pid(sibling))


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("", "the example 'one' did not start: it ended without a word"),
        ("print('hello')", "the example 'one' did not say where it listens"),
        ("print('listening on http://192.0.2.1:80')", "the example 'one' did not say where it listens"),
        ("print('x' * 9000, end='')", "the example 'one' did not say where it listens"),
        ("1 / 0", "the example 'one' did not start: ZeroDivisionError: division by zero"),
    ],
)
async def test_a_service_that_does_not_say_where_it_listens_is_an_error(
    tmp_path: Path, service: str, message: str
) -> None:
    _write_example(tmp_path, "one", service)
    with anyio.fail_after(30), pytest.raises(ExampleFailed) as failure:
        async with running_examples(folder=tmp_path):
            raise NotImplementedError
    assert str(failure.value) == message


async def test_a_manifest_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (_write_example(tmp_path, "one", LISTENS) / "plugin.json").write_text("{", encoding="utf-8")
    with pytest.raises(ExampleFailed, match="the manifest of the example 'one' cannot be read"):
        async with running_examples(folder=tmp_path):
            raise NotImplementedError


async def test_what_takes_long_is_said(tmp_path: Path) -> None:
    example = _write_example(tmp_path, "slow", WAITS_FOR_A_FILE)
    said: list[str] = []

    def hear(text: str) -> None:
        said.append(text)
        (example / "go").touch()

    with anyio.fail_after(30):
        async with running_examples(folder=tmp_path, progress=hear):
            assert said[0] == "starting the examples, waiting for slow"


async def test_cancelling_the_start_stops_what_was_started(tmp_path: Path) -> None:
    example = _write_example(tmp_path, "slow", WAITS_FOR_A_FILE)
    with anyio.fail_after(30):
        with anyio.CancelScope() as scope:
            async with running_examples(folder=tmp_path, progress=lambda _: scope.cancel()):
                raise NotImplementedError
        assert scope.cancelled_caught
    assert not _is_running(_pid(example))


async def test_an_error_in_the_chat_stops_the_services_and_is_not_hidden(tmp_path: Path) -> None:
    example = _write_example(tmp_path, "one", LISTENS)
    with anyio.fail_after(30), pytest.raises(ZeroDivisionError):
        async with running_examples(folder=tmp_path):
            raise ZeroDivisionError
    assert not _is_running(_pid(example))


async def test_a_service_that_ignores_the_request_to_stop_is_killed(tmp_path: Path) -> None:
    example = _write_example(tmp_path, "stubborn", IGNORES_EVERYTHING)
    with anyio.fail_after(30):
        async with running_examples(folder=tmp_path):
            assert _is_running(_pid(example))
    assert not _is_running(_pid(example))


def test_ctrl_c_stops_the_services(tmp_path: Path) -> None:
    example = _write_example(tmp_path, "one", LISTENS)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", CHAT, str(tmp_path)], stdout=pipe, stderr=pipe) as chat:
        assert chat.stdout is not None
        assert chat.stdout.readline() == b"ready\n"
        assert _is_running(_pid(example))
        chat.send_signal(signal.SIGINT)
        _, stderr = chat.communicate(timeout=30)
    assert stderr.rstrip().endswith(b"KeyboardInterrupt")
    assert not _is_running(_pid(example))


async def test_a_service_that_has_left_by_itself_does_no_harm(tmp_path: Path) -> None:
    _write_example(tmp_path, "brief", "print('listening on http://127.0.0.1:9')")
    with anyio.fail_after(30):
        async with running_examples(folder=tmp_path) as running:
            assert running.sources[0].source == "http://127.0.0.1:9/plugin.json"


async def test_no_key_of_the_person_reaches_a_service(tmp_path: Path) -> None:
    service = "import json, os, pathlib\npathlib.Path('env').write_text(json.dumps(dict(os.environ)))\n" + LISTENS
    example = _write_example(tmp_path, "curious", service)
    os.environ["ORCHESTRATOR_TEST_KEY"] = "secret"
    try:
        with anyio.fail_after(30):
            async with running_examples(folder=tmp_path):
                seen = (example / "env").read_text(encoding="utf-8")
    finally:
        del os.environ["ORCHESTRATOR_TEST_KEY"]
    assert "PATH" in seen
    assert "ORCHESTRATOR_TEST_KEY" not in seen


def test_a_folder_without_a_manifest_is_no_example(tmp_path: Path) -> None:
    _write_example(tmp_path, "one", "")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "service.py").touch()
    assert example_names(tmp_path) == ("one",)
