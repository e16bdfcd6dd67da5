"""The services of the HTTP examples as programs: how they start, stop, and refuse (issue 2, item 11)."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.example_service import EXAMPLES, HTTP_EXAMPLES, read_answer, start_service

DEFAULT_PORTS = {"contoso_real_estate": 8801, "donations": 8802, "suno": 8803}
POSTED_PATHS = {"contoso_real_estate": "/searches", "donations": "/donations", "suno": "/songs"}
STOP_TIMEOUT = 10.0


@pytest.mark.parametrize("name", HTTP_EXAMPLES)
def test_a_service_hands_out_its_manifest_its_logo_and_a_description_with_its_own_address(name: str) -> None:
    with start_service(name) as service:
        manifest, description, logo = (
            service.get("/plugin.json"),
            service.get("/openapi.yaml"),
            service.get("/logo.svg"),
        )
        address = service.url
    assert manifest.value == json.loads((EXAMPLES / name / "plugin.json").read_bytes())
    assert (manifest.headers["Content-Type"], logo.headers["Content-Type"]) == ("application/json", "image/svg+xml")
    assert logo.body == (EXAMPLES / name / "logo.svg").read_bytes()
    on_disk = (EXAMPLES / name / "openapi.yaml").read_text(encoding="utf-8")
    default = f"url: http://127.0.0.1:{DEFAULT_PORTS[name]}\n"
    assert default in on_disk
    assert description.body.decode() == on_disk.replace(default, f"url: {address}\n")


@pytest.mark.parametrize("name", HTTP_EXAMPLES)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_service_cleanly(name: str, number: signal.Signals) -> None:
    with start_service(name) as service:
        service.process.send_signal(number)
        _, stderr = service.process.communicate(timeout=STOP_TIMEOUT)
        assert (service.process.returncode, stderr) == (0, b"")


@pytest.mark.parametrize("name", HTTP_EXAMPLES)
def test_a_service_stops_when_the_other_end_of_its_standard_input_is_gone(name: str) -> None:
    with start_service(name) as service:
        _, stderr = service.process.communicate(timeout=STOP_TIMEOUT)
        assert (service.process.returncode, stderr) == (0, b"")


def test_a_service_without_a_piped_standard_input_goes_on() -> None:
    command = [sys.executable, "-I", str(EXAMPLES / "suno" / "service.py"), "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"listening on ")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.terminate()


def test_a_service_runs_from_any_directory_and_from_inside_an_installed_package(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages" / "orchestrator" / "examples"
    shutil.copytree(EXAMPLES, installed)
    for name in HTTP_EXAMPLES:
        with start_service(name, folder=installed, cwd=tmp_path) as service:
            assert service.get("/plugin.json").status == 200


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with start_service("suno") as service:
        command = [sys.executable, "-I", str(EXAMPLES / "donations" / "service.py"), "--port", str(service.port)]
        second = subprocess.run(command, capture_output=True, check=False, timeout=STOP_TIMEOUT)
        port = service.port
    assert (second.returncode, second.stdout) == (1, b"")
    assert second.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: ".encode())
    assert second.stderr.count(b"\n") == 1


def test_requests_are_logged_without_their_query_and_only_where_asked_for() -> None:
    with start_service("contoso_real_estate", "--verbose") as service:
        service.get("/listings", city="Seattle")
        service.process.send_signal(signal.SIGTERM)
        _, stderr = service.process.communicate(timeout=STOP_TIMEOUT)
    assert stderr == b"GET /listings 200\n"
    with start_service("contoso_real_estate") as service:
        service.get("/listings", city="Seattle")
        service.process.send_signal(signal.SIGTERM)
        _, stderr = service.process.communicate(timeout=STOP_TIMEOUT)
    assert stderr == b""


@pytest.mark.parametrize("name", HTTP_EXAMPLES)
def test_what_cannot_be_served_is_refused_in_json_with_its_status(name: str) -> None:
    path = POSTED_PATHS[name]
    with start_service(name) as service:
        form = service.send("POST", path, body=b"a=b", headers={"Content-Type": "text/plain"})
        cases = {
            (404, "not_found"): service.get("/nothing/here"),
            (405, "method_not_allowed"): service.give("PATCH", path, {}),
            (415, "unsupported_media_type"): form,
            (400, "invalid_body"): service.give("POST", path, ["a list"]),
            (400, "unknown_argument"): service.give("POST", path, {"no such member": 1}),
            (501, "bad_request"): service.send("BREW", path),
            (413, "body_too_large"): service.give("POST", path, "x" * 20_000),
        }
        assert {(answer.status, answer.error_code) for answer in cases.values()} == set(cases)
        assert all((answer.status, answer.error_code) == expected for expected, answer in cases.items())


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 10_000, b"1" * 6_000], ids=["cut", "bytes", "deep", "digits"])
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with start_service("suno") as service:
        answer = service.send("POST", "/songs", body=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.error_code) == (400, "invalid_json")


def test_a_body_without_a_length_is_refused_and_the_connection_is_closed() -> None:
    with start_service("suno") as service:
        answer = service.send("POST", "/songs", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status, answer.error_code) == (411, "length_required")
    assert answer.headers["Connection"] == "close"


def test_a_connection_serves_request_after_request() -> None:
    with start_service("contoso_real_estate") as service:
        connection = service.connect()
        ports: set[int] = set()
        for path in ("/listings", "/nothing", "/plugin.json"):
            connection.request("GET", path)
            ports.add(connection.sock.getsockname()[1])
            read_answer(connection)
        connection.close()
    assert len(ports) == 1
