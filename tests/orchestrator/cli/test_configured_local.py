"""The tables `[local."ID"]` of `orchestrator.toml`, and `--local` (issue 10, item 2)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.cli.configuration import parse_configuration
from orchestrator.cli.configured_local import MAX_IDENTIFIER, checked_identifier, typed_local
from orchestrator.errors import UsageError
from runtimes.local_endpoint import IDLE_SECONDS, LocalEndpoint, ProgramLimits, endpoint_of

PATH = Path("/project/orchestrator.toml")
PROGRAM = '[local.x]\ncommand = ["run"]\n'


def endpoint(text: str) -> LocalEndpoint:
    [(_, read)] = parse_configuration(PATH, text.encode()).local.items()
    return read


def test_all_that_a_table_can_say_of_a_program_is_read() -> None:
    read = endpoint("""
        [local."MicrosoftWindows.Client.*/WindowsSettingsPlugin"]
        command = ["./run", "it"]
        directory = "sub"
        environment = { A = "1", B = 2, C = "", D = true }
        inherit = ["API_KEY"]
        framing = "headers"
        per_person = true
        idle = 30
        limits = { cpu_seconds = 60, memory_mb = 512, open_files = 64 }
        sandbox = true
        network = true
    """)
    assert read == LocalEndpoint(
        command=("./run", "it"),
        directory="/project/sub",
        environment={"A": "1", "B": "2", "C": "", "D": "true"},
        inherited=("API_KEY",),
        framing="headers",
        is_per_person=True,
        idle_seconds=30.0,
        limits=ProgramLimits(cpu_seconds=60, memory_bytes=512 * 1024 * 1024, open_files=64),
        is_sandboxed=True,
        has_network=True,
    )


def test_what_a_table_leaves_out_is_as_usual() -> None:
    assert endpoint(PROGRAM) == LocalEndpoint(command=("run",), directory="/project")


def test_a_sandboxed_program_writes_in_a_folder_apart_and_never_in_the_file_that_confines_it(tmp_path: Path) -> None:
    """It could switch its own sandbox off."""
    table = f"{PROGRAM}sandbox = true\n"
    assert endpoint(table) == LocalEndpoint(command=("run",), directory=None, is_sandboxed=True)
    here = endpoint(f'{table}directory = "."')
    assert (here.directory, here.read_only) == ("/project", (str(PATH),))
    assert endpoint(f'{table}directory = "sub"').read_only == ()
    (tmp_path / PATH.name).touch()
    elsewhere = endpoint(f'{table}directory = "{tmp_path}"')
    assert elsewhere.read_only == (str(tmp_path / PATH.name),)


@pytest.mark.parametrize("never", ["0", "false", "0.0"])
def test_a_bound_of_nothing_is_none(never: str) -> None:
    read = endpoint(f"{PROGRAM}idle = {never}\nlimits = {{ open_files = {never}, cpu_seconds = {never} }}")
    assert (read.idle_seconds, read.limits) == (None, ProgramLimits(open_files=None))


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("unix:run/plugin.sock", "unix:/project/run/plugin.sock"),
        ("unix:/run/plugin.sock", "unix:/run/plugin.sock"),
        ("tcp:127.0.0.1:4000", "tcp:127.0.0.1:4000"),
        ("http://localhost:4000/rpc", "http://localhost:4000/rpc"),
        ("wss://[::1]:4000", "wss://[::1]:4000"),
    ],
)
def test_an_address_is_read(written: str, address: str) -> None:
    read = endpoint(f'[local.x]\naddress = "{written}"\nper_person = true')
    assert read == LocalEndpoint(address=address, is_per_person=True, idle_seconds=IDLE_SECONDS)


def test_a_pattern_stands_for_every_version() -> None:
    """Spec 13.1.2 has an identifier with a version in it."""
    table = parse_configuration(PATH, b'[local."A.*/B"]\ncommand = ["b"]\n[local."A.7/B"]\ncommand = ["seven"]').local
    found = [endpoint_of(name, table) for name in ("A.1.2/B", "A.7/B", "A/B")]
    assert [one.command[0] if one else None for one in found] == ["b", "seven", None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[local.x]", '[local."x"] needs a command, an array of strings with the program first, or an address'),
        ('[local.x]\ncommand = [""]', "needs a command"),
        ('[local.x]\ncommand = "run it"', '[local."x"] command must be an array of strings'),
        (f'{PROGRAM}address = "tcp:127.0.0.1:1"', "takes a command or an address, not both"),
        ('[local.x]\naddress = "tcp:10.0.0.1:1"', "[local.\"x\"] address: '10.0.0.1' is not this machine"),
        ('[local.x]\naddress = "127.0.0.1:1"', '[local."x"] address: '),
        ('[local.x]\naddress = "unix:~nobody-here/x"', "home folder that is not known"),
        ('[local.x]\naddress = "tcp:127.0.0.1:1"\nsandbox = true', "sandbox is for a command"),
        ('[local.x]\naddress = "tcp:127.0.0.1:1"\nenvironment = {}', "environment is for a command"),
        ('[local.x]\naddress = "ws://127.0.0.1:1"\nframing = "lines"', "framing is for programs and sockets"),
        (f"{PROGRAM}directroy = '.'", "did you mean 'directory'?"),
        (f'{PROGRAM}directory = "a\\u0000"', '[local."x"] directory: '),
        (f"{PROGRAM}framing = 'header'", "framing cannot be 'header'; did you mean 'headers'?"),
        (f"{PROGRAM}idle = -1", "idle must be a number that is not negative, or false for no bound"),
        (f"{PROGRAM}idle = true", "idle must be a number"),
        (f"{PROGRAM}idle = inf", "idle must be a number"),
        (f"{PROGRAM}idle = '5'", "idle must be a number"),
        (f"{PROGRAM}limits = 1", '[local."x"] limits must be a table'),
        (
            f"{PROGRAM}limits = {{ memory = 1 }}",
            "[local.\"x\".limits] has no member 'memory'; did you mean 'memory_mb'?",
        ),
        (f"{PROGRAM}limits = {{ open_files = 1.5 }}", '[local."x".limits] open_files must be a whole number'),
        (f"{PROGRAM}limits = {{ memory_mb = 1e300 }}", "memory_mb must be a whole number below"),
        (f"{PROGRAM}sandbox = true\ndirectory = '~'", "has more in it than what a sandboxed program may write"),
        (f"{PROGRAM}sandbox = true\ndirectory = '/'", "has more in it than what a sandboxed program may write"),
        ('[local.x]\ncommand = ["./run"]\nsandbox = true', "needs a directory for './run', or its full path"),
        (f"{PROGRAM}network = false", "network is said of a sandbox"),
        (f"{PROGRAM}sandbox = 1", "sandbox must be true or false"),
        (f"{PROGRAM}environment = {{ A = [1] }}", "environment: 'A' must be a text"),
        (f'{PROGRAM}environment = {{ "A=B" = "1" }}', "environment: 'A=B' cannot be the name of a variable"),
        (f'{PROGRAM}environment = {{ A = "\\u0000" }}', "environment: 'A' has a character"),
        (f'{PROGRAM}inherit = [""]', "inherit: '' cannot be the name of a variable"),
        (f"{PROGRAM}inherit = 'A'", "inherit must be an array of strings"),
        ('[local.""]\ncommand = ["a"]', "[local] '' cannot be the name of a local plugin"),
        ('[local."a\\u001b"]\ncommand = ["a"]', "cannot be the name of a local plugin"),
    ],
)
def test_a_mistake_is_named_with_its_table(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"^/project/orchestrator\.toml: \[local") as caught:
        parse_configuration(PATH, text.encode())
    assert told in str(caught.value)


def test_an_option_has_a_command_or_an_address() -> None:
    here = os.getcwd()
    assert typed_local("a/b=run --x='1 2'") == ("a/b", LocalEndpoint(command=("run", "--x=1 2"), directory=here))
    assert typed_local("a=unix:x.sock") == ("a", LocalEndpoint(address=f"unix:{here}/x.sock"))
    assert typed_local("a=ws://127.0.0.1:8080/?a=b") == ("a", LocalEndpoint(address="ws://127.0.0.1:8080/?a=b"))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("a", "it wants ID=COMMAND or ID=ADDRESS"),
        ("=run", "it wants ID="),
        ("a=", "it wants ID="),
        ("a=run 'it", "No closing quotation"),
        ("a=http://10.0.0.1/", "is not this machine"),
        ("a=tcp:127.0.0.1:1 x", "nothing goes behind it"),
        ("\x1b=run", "cannot be the name of a local plugin"),
    ],
)
def test_an_option_that_says_nothing_is_refused(typed: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"^--local ") as caught:
        typed_local(typed)
    assert told in str(caught.value)


def test_the_name_of_a_local_plugin_is_bounded() -> None:
    assert checked_identifier("x" * MAX_IDENTIFIER)
    with pytest.raises(UsageError, match="printable characters"):
        checked_identifier("x" * (MAX_IDENTIFIER + 1))
