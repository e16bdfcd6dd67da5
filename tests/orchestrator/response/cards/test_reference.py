"""Issue 5: `validate` asks which paths of its data a template reads."""

from __future__ import annotations

import pytest

from orchestrator.response.cards import CardError, references
from runtimes.values import Json


def _paths(template: Json) -> list[tuple[str | None, ...]]:
    return [reference.path for reference in references(template)]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("plain", []),
        ("${a}", [("a",)]),
        ("x ${a.b} ${c}", [("a", "b"), ("c",)]),
        ("${a['b c'][0].d}", [("a", "b c", "0", "d")]),
        ("${a[i].d}", [("a", None, "d"), ("i",)]),
        ("${$root.a.b}", [("$root", "a", "b")]),
        ("${if(a > 1, b, 'x')}", [("a",), ("b",)]),
        ("${first(items).name}", [("items",)]),
        ("${foreach(items, x, x.name + y)}", [("items",), ("items", None, "name"), ("y",)]),
        ("${foreach(first(items), x, X.name)}", [("items",)]),
        (
            "${where(items, i => any(i.tags, t, t == j))}",
            [("items",), ("items", None, "tags"), ("items", None, "tags", None), ("j",)],
        ),
        ("${{p: a, q: [b, c]}}", [("a",), ("b",), ("c",)]),
        ("${nope(a)} ${true} ${null}", [("a",)]),
    ],
)
def test_the_paths_of_an_expression(text: str, paths: list[tuple[str | None, ...]]) -> None:
    assert _paths(text) == paths


def test_a_path_knows_its_place_and_the_data_around_it() -> None:
    template: Json = {
        "body": [{"$data": "${items}", "$when": "${ok}", "text": "no. ${n}", "in": {"$data": {"n": 1}, "t": "${n}"}}]
    }
    found = [
        (reference.pointer, reference.path, reference.offset, reference.within) for reference in references(template)
    ]
    assert found == [
        ("/body/0/$data", ("items",), 2, ()),
        ("/body/0/$when", ("ok",), 2, ("/body/0/$data",)),
        ("/body/0/text", ("n",), 6, ("/body/0/$data",)),
        ("/body/0/in/t", ("n",), 2, ("/body/0/$data", "/body/0/in/$data")),
    ]


def test_a_template_that_cannot_be_read_has_none() -> None:
    with pytest.raises(CardError):
        references({"a": ["${b +}"]})
