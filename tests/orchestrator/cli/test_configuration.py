"""`orchestrator.toml`: what it means, and what is said when it means nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.cli.configuration import Configuration, parse_configuration
from orchestrator.errors import UsageError
from orchestrator.response.redaction_rules import Redaction
from orchestrator.testing.live.spending import Price

PATH = Path("/project/orchestrator.toml")


def test_a_file_is_read() -> None:
    text = """
        model = "openai:x"
        plain_results = true
        plugins = ["a.json"]
        allow_hosts = ["127.0.0.1"]
        [local."a/b"]
        command = ["run", "it"]
        directory = "sub"
        environment = { A = "1" }
    """
    configuration = parse_configuration(PATH, text.encode())
    assert (configuration.model, configuration.plain_results, configuration.plugins) == ("openai:x", True, ("a.json",))
    assert configuration.allowed_hosts == ("127.0.0.1",)
    endpoint = configuration.local["a/b"]
    assert (endpoint.command, endpoint.directory, endpoint.environment) == (("run", "it"), "/project/sub", {"A": "1"})


def test_an_empty_file_says_nothing() -> None:
    assert parse_configuration(PATH, b"") == Configuration()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model = ", "not TOML"),
        ('modle = "x"', "did you mean 'model'?"),
        ("model = 1", "model must be a string"),
        ('plugins = "a.json"', "plugins must be an array of strings"),
        ('plain_results = "yes"', "plain_results must be true or false"),
        ("local = 1", "local must be a table"),
        ("[local.x]", "needs a command"),
        ('[local.x]\ncommand = ["a"]\ndirectroy = "."', "did you mean 'directory'?"),
        ("[local]\nx = 1", "must be a table"),
    ],
)
def test_a_mistake_is_named(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"orchestrator\.toml") as caught:
        parse_configuration(PATH, text.encode())
    assert told in str(caught.value)


def test_redactions_are_tables_in_order() -> None:
    """Issue 5, line 7."""
    text = """
        [[redactions]]
        path = "$..ssn"
        action = "hash"
        function = "contoso-*"
        [[redactions]]
        pattern = '\\d{3}-\\d{2}-\\d{4}'
    """
    assert parse_configuration(PATH, text.encode()).redactions == (
        Redaction(path="$..ssn", action="hash", function="contoso-*"),
        Redaction(pattern=r"\d{3}-\d{2}-\d{4}"),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("redactions = 1", "redactions must be an array of tables, each under [[redactions]]"),
        ("redactions = [1]", "[redactions 1] must be a table"),
        (
            "[[redactions]]\npath = '$.a'\n[[redactions]]\n",
            "[redactions 2] a redaction needs either a path or a pattern",
        ),
        ("[[redactions]]\npath = '$.a b'", "[redactions 1] redaction path '$.a b' cannot be read: Parse error at 1:4"),
        ("[[redactions]]\npath = '$.a'\naction = 'burn'", "[redactions 1] action must be one of mask, drop, hash"),
        ("[[redactions]]\npaht = '$.a'", "did you mean 'path'?"),
        ("[[redactions]]\npath = 1", "[redactions 1] path must be a string"),
    ],
)
def test_a_mistake_in_a_redaction_is_named_with_its_number(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"orchestrator\.toml") as caught:
        parse_configuration(PATH, text.encode())
    assert told in str(caught.value)


def test_prices_are_for_models_by_their_names() -> None:
    """Issue 6, live evaluation."""
    text = """
        [prices."openai:gpt-5-mini"]
        input = 0.25
        output = 2
        [prices."openai:other"]
        output = 1.5
        currency = "EUR"
    """
    assert parse_configuration(PATH, text.encode()).prices == {
        "openai:gpt-5-mini": Price(input=0.25, output=2.0, currency="USD"),
        "openai:other": Price(input=0.0, output=1.5, currency="EUR"),
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prices = 1", "prices must be a table"),
        ("[prices]\n'openai:x' = 1", '[prices."openai:x"] must be a table'),
        ("[prices.x]\ninput = '1'", '[prices."x"] input must be a number that is not negative'),
        ("[prices.x]\noutput = -1", '[prices."x"] output must be a number that is not negative'),
        ("[prices.x]\noutput = nan", '[prices."x"] output must be a number that is not negative'),
        ("[prices.x]\noutput = inf", '[prices."x"] output must be a number that is not negative'),
        ("[prices.x]\ninput = true", '[prices."x"] input must be a number that is not negative'),
        ("[prices.x]\nouput = 1", "did you mean 'output'?"),
        ("[prices.x]\ncurrency = 1", '[prices."x"] currency must be a string'),
    ],
)
def test_a_mistake_in_a_price_is_named_with_its_model(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"orchestrator\.toml") as caught:
        parse_configuration(PATH, text.encode())
    assert told in str(caught.value)
