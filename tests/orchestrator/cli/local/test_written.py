"""`orchestrator.toml` with an entry added or replaced: whatever else it says stays, to the letter."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.local.written import entry_text, with_entry
from orchestrator.errors import UsageError
from runtimes.values import JsonObject

ENTRY: JsonObject = {"command": ["run", "it"]}
WRITTEN = '[local."x"]\ncommand = ["run", "it"]\n'
FILE = """\
# mine
model = "offline"   # for now
together = [
  ["a", "b"],
  ["local.x"]
]
text = '''
[local.x]
'''

[local]  # all of them

[local.x] # the old one
command = ["old"] # was it

[local."x".environment]
A = "1"

# about y
[local.y]
command = ["y"]
"""


def test_an_entry_goes_to_the_end() -> None:
    assert with_entry("", "f", "x", ENTRY, replace=False) == WRITTEN
    assert with_entry('model = "a" # b', "f", "x", ENTRY, replace=False) == f'model = "a" # b\n\n{WRITTEN}'
    assert with_entry(FILE, "f", "z", ENTRY, replace=False) == f"{FILE}\n{WRITTEN.replace('x', 'z')}"


def test_an_entry_is_replaced_where_it_stands() -> None:
    before, _, rest = FILE.partition("[local.x] #")
    after = "\n\n# about y" + rest.partition("# about y")[2]
    assert with_entry(FILE, "f", "x", ENTRY, replace=True) == f"{before}{WRITTEN.rstrip()}\n{after}"


def test_lines_end_as_those_of_the_file() -> None:
    text = FILE.replace("\n", "\r\n")
    for changed in (with_entry(text, "f", "z", ENTRY, replace=False), with_entry(text, "f", "x", ENTRY, replace=True)):
        assert changed.count("\n") == changed.count("\r\n")


def test_an_entry_that_is_there_stays_unless_it_may_go() -> None:
    with pytest.raises(UsageError, match=r'^f has \[local."x"\] already; --replace writes over it$'):
        with_entry(FILE, "f", "x", ENTRY, replace=False)


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ('local = { x = { command = ["a"] } }', "x"),
        ('local = { x = { command = ["a"] } }', "y"),
        ('[local]\nx = { command = ["a"] }', "x"),
        ('local.x.command = ["a"]', "x"),
        ("local = 1", "x"),
    ],
)
def test_what_cannot_be_changed_alone_is_left_to_the_person(text: str, identifier: str) -> None:
    with pytest.raises(UsageError, match="yourself: ") as caught:
        with_entry(text, "f", identifier, ENTRY, replace=True)
    assert 'command = ["run", "it"]' in str(caught.value)


def test_what_is_no_toml_is_not_written_to() -> None:
    with pytest.raises(UsageError, match=r"^f: not TOML: "):
        with_entry("a = ", "f", "x", ENTRY, replace=False)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MEMBERS = st.fixed_dictionaries(
    {"command": st.lists(TEXTS, min_size=1, max_size=3)},
    optional={"environment": st.dictionaries(TEXTS, TEXTS, max_size=3), "per_person": st.booleans()},
)


@given(TEXTS, MEMBERS)
def test_what_is_written_is_read_again(identifier: str, members: JsonObject) -> None:
    assert tomllib.loads(entry_text(identifier, members)) == {"local": {identifier: members}}


@given(
    st.lists(st.sampled_from(FILE.splitlines(keepends=True)), max_size=12).map("".join),
    st.sampled_from(["x", "y", "z"]),
    MEMBERS,
)
def test_whatever_the_file_says_nothing_but_the_entry_changes(text: str, identifier: str, members: JsonObject) -> None:
    try:
        changed = with_entry(text, "f", identifier, members, replace=True)
    except UsageError:
        return
    before, after = tomllib.loads(text), tomllib.loads(changed)
    assert after.setdefault("local", {}).pop(identifier) == members
    before.setdefault("local", {}).pop(identifier, None)
    assert after == before
