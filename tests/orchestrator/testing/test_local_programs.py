"""Local plugins in conversation files: what a saved chat says of them starts the same again (issue 10, item 2)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestrator.testing.chats.chat_start import ChatStart, settings_of
from orchestrator.testing.format.settings import LocalProgram, Settings
from orchestrator.testing.playing.programs import ProgramFailed, as_started
from runtimes.local_endpoint import LocalEndpoint, ProgramLimits
from runtimes.values import JsonObject

MEBIBYTE = 1024 * 1024


def endpoints(folder: Path) -> dict[str, LocalEndpoint]:
    directory = str(folder)
    return {
        "plain": LocalEndpoint(command=("run",), directory=directory),
        "socket": LocalEndpoint(address=f"unix:{folder}/run/x.sock", framing="headers", is_per_person=True),
        "port": LocalEndpoint(address="tcp:127.0.0.1:4000"),
        "page": LocalEndpoint(address="http://127.0.0.1:4000/rpc"),
        "bounded": LocalEndpoint(
            command=(sys.executable, "-V"),
            directory=directory,
            environment={"A": "1"},
            inherited=("API_KEY",),
            framing="lines",
            is_per_person=True,
            limits=ProgramLimits(cpu_seconds=5, memory_bytes=64 * MEBIBYTE, open_files=32),
            is_sandboxed=True,
            has_network=True,
        ),
        "boundless": LocalEndpoint(command=("run",), directory=directory, limits=ProgramLimits(open_files=None)),
        "shut": LocalEndpoint(command=("run",), directory=directory, is_sandboxed=True),
    }


def test_what_a_saved_chat_says_starts_the_same_again(tmp_path: Path) -> None:
    table = endpoints(tmp_path)
    written = settings_of(ChatStart(sources=[], local=table), [*table], tmp_path)
    read = Settings.model_validate(written)
    assert {name: as_started(one, "", tmp_path, {}) for name, one in read.local.items()} == table


def test_what_a_pattern_stands_for_is_written_by_the_name_that_plugins_use(tmp_path: Path) -> None:
    table = {"A.*/B": LocalEndpoint(address="tcp:127.0.0.1:4000")}
    written = settings_of(ChatStart(sources=[], local=table), ["A.1/B", "other"], tmp_path)
    assert written["local"] == {"A.1/B": {"address": "tcp:127.0.0.1:4000"}}


def test_a_socket_beside_the_file_is_written_by_the_way_to_it(tmp_path: Path) -> None:
    table = {"s": LocalEndpoint(address=f"unix:{tmp_path}/s.sock")}
    written = settings_of(ChatStart(sources=[], local=table), ["s"], tmp_path / "tests")
    assert written["local"] == {"s": {"address": "unix:../s.sock"}}


@pytest.mark.parametrize("members", [{}, {"command": ["run"], "address": "tcp:127.0.0.1:4000"}])
def test_a_local_plugin_is_a_command_or_an_address(members: JsonObject) -> None:
    with pytest.raises(ValidationError, match="give one of 'command' and 'address'"):
        LocalProgram.model_validate(members)


def test_an_address_of_another_machine_is_refused_where_it_stands(tmp_path: Path) -> None:
    program = LocalProgram(address="tcp:${{HOST}}:4000")
    with pytest.raises(ProgramFailed, match=r"its address: '10\.0\.0\.1' is not this machine") as caught:
        as_started(program, "/local/x", tmp_path, {"HOST": "10.0.0.1"})
    assert caught.value.pointer == "/local/x"
