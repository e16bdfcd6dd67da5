"""The vault of environment variables."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import pytest

from auth import Bearer, CredentialMissing, CredentialRefused, CredentialUse, SecretsInUse
from auth.environment import EnvironmentVault, variable_of

USE = CredentialUse(reference="my-api", person="ada", plugin="p", origin="https://api.example", scheme=Bearer())
OURS = {"ORCHESTRATOR_AUTH_MY_API": "the-key-1", "ORCHESTRATOR_AUTH_MY_API_ORIGINS": "https://api.example"}


async def given(environ: dict[str, str], use: CredentialUse = USE) -> str:
    """What the vault gives; it has nothing else to try."""
    vault = EnvironmentVault(environ)
    await vault.ready(use)
    async with aclosing(vault.flow(use)) as flow:
        secret = await anext(flow)
        with pytest.raises(StopAsyncIteration):
            await flow.asend(401)
    return secret.reveal()


@pytest.mark.parametrize(
    ("reference", "part", "variable"),
    [
        ("key", "", "ORCHESTRATOR_AUTH_KEY"),
        ("My Api.v2-x", "", "ORCHESTRATOR_AUTH_MY_API_V2_X"),
        ("9b1d-ä€", "", "ORCHESTRATOR_AUTH_9B1D___"),
        ("straße", "", "ORCHESTRATOR_AUTH_STRASSE"),
        ("key", "app-id", "ORCHESTRATOR_AUTH_KEY__APP_ID"),
    ],
)
def test_a_reference_is_spelled_as_a_variable(reference: str, part: str, variable: str) -> None:
    assert variable_of(reference, part) == variable


async def test_a_variable_is_everybodys() -> None:
    assert await given(OURS) == "the-key-1"
    assert await given(OURS, replace(USE, person="bob")) == "the-key-1"


@pytest.mark.parametrize("environ", [{}, {"ORCHESTRATOR_AUTH_MY_API": ""}, {"ORCHESTRATOR_AUTH_MY_API__APP": "x"}])
async def test_a_variable_that_is_not_set_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(CredentialMissing, match="no credential 'my-api': ORCHESTRATOR_AUTH_MY_API is not set"):
        await given(environ)


async def test_without_origins_it_goes_nowhere_and_the_variable_to_set_is_named() -> None:
    expected = "ORCHESTRATOR_AUTH_MY_API goes to no origin yet; .*ORCHESTRATOR_AUTH_MY_API_ORIGINS=https://api.example"
    for text in (None, "", " , "):
        environ = {**OURS, "ORCHESTRATOR_AUTH_MY_API_ORIGINS": text or ""}
        with pytest.raises(CredentialRefused, match=expected):
            await given(environ)


async def test_origins_stand_between_blanks_or_commas() -> None:
    environ = {**OURS, "ORCHESTRATOR_AUTH_MY_API_ORIGINS": " https://a.example,https://api.example:443\nhttp://b:81 "}
    for origin in ("https://a.example", "https://api.example", "http://b:81"):
        assert await given(environ, replace(USE, origin=origin)) == "the-key-1"
    with pytest.raises(CredentialRefused, match=r"is for .*https://a\.example.*, and https://c\.example asks"):
        await given(environ, replace(USE, origin="https://c.example"))


async def test_an_origin_that_is_none_is_refused_with_the_name_of_the_variable() -> None:
    with pytest.raises(CredentialRefused, match="ORCHESTRATOR_AUTH_MY_API_ORIGINS has an origin that is none: 'api"):
        await given({**OURS, "ORCHESTRATOR_AUTH_MY_API_ORIGINS": "api.example"})


async def test_a_part_has_the_origins_of_the_whole_unless_it_has_its_own() -> None:
    environ = {**OURS, "ORCHESTRATOR_AUTH_MY_API__APP": "the-app-1"}
    use = replace(USE, part="app")
    assert await given(environ, use) == "the-app-1"
    environ["ORCHESTRATOR_AUTH_MY_API__APP_ORIGINS"] = "https://app.example"
    assert await given(environ, replace(use, origin="https://app.example")) == "the-app-1"
    with pytest.raises(CredentialRefused, match=r"'my-api/app' is for https://app\.example.*MY_API__APP_ORIGINS$"):
        await given(environ, use)


async def test_the_variable_that_keeps_it_from_an_origin_is_named() -> None:
    environ = {**OURS, "ORCHESTRATOR_AUTH_MY_API__APP": "the-app-1"}
    for part in ("", "app"):
        with pytest.raises(CredentialRefused, match=r"asks for it; .*add it to ORCHESTRATOR_AUTH_MY_API_ORIGINS$"):
            await given(environ, replace(USE, part=part, origin="https://evil.example"))


async def test_it_has_what_is_set_as_a_whole_or_in_parts() -> None:
    vault = EnvironmentVault({**OURS, "ORCHESTRATOR_AUTH_SPLIT__APP": "x", "ORCHESTRATOR_AUTH_NONE__APP_ORIGINS": "x"})
    expected = {
        "my-api": True,
        "MY_API": True,
        "split": True,
        "none": False,
        "my": False,
        "my-api-origins": False,
        "": False,
    }
    assert {name: await vault.has(name) for name in expected} == expected


async def test_the_variable_of_origins_is_no_credential() -> None:
    with pytest.raises(CredentialMissing):
        await given(OURS, replace(USE, reference="my-api-origins"))


async def test_it_shows_no_secret_and_has_it_known() -> None:
    secrets = SecretsInUse()
    vault = EnvironmentVault({**OURS, "ORCHESTRATOR_AUTH_MY_API": "name:the-password"}, secrets=secrets)
    assert "password" not in repr(vault)
    with pytest.raises(CredentialRefused) as caught:
        await vault.ready(replace(USE, origin="https://evil.example"))
    assert "password" not in str(caught.value)
    assert "the-password" not in secrets.masked("echo: the-password")
