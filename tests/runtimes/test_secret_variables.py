"""Which variables look like credentials, and which of those that packages use do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.secret_variables import is_secret

SECRET_NAMES = [
    "DB_PASS", "dbPass", "DBPASS", "PASS_1", "DB_PASSWORD", "PGPASSWORD", "MYSQL_PASSWD", "DOOR_PASSCODE",
    "GPG_PASSPHRASE", "DB_PW", "MYSQL_PWD", "SECRET_API", "CLIENT_SECRETS", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN",
    "TOKEN", "API_TOKENS", "TOKEN_2", "npm_config__authToken", "accesstoken", "OPENAI_API_KEY", "APIKEY",
    "API_KEY_PROD", "apiKeyProd", "OPENAI_KEY1", "GPG_KEY_B64", "OPENAIKEY", "PRIVKEY", "SSH_KEYS", "BASIC_AUTH",
    "HTTP_AUTHORIZATION", "BEARER", "JWT", "MY_JWT_DEV", "SESSION_ID", "COOKIE", "AWS_CREDENTIAL",
    "GOOGLE_CREDENTIALS", "SAS", "BLOB_SAS_URL", "TEAMS_WEBHOOK_URL", "WALLET_SEED", "MNEMONIC", "PRIVATE_PEM",
    "CONNECTION_STRING", "AZURE_STORAGE_CONNECTION_STRING", "ConnectionStrings__Db", "SENTRY_DSN", "GH_PAT", "PAT_1",
    "CLIENT_ID_FOR_SECRET",
]  # fmt: skip
PLAIN_NAMES = [
    "TEAMS_APP_ID", "APP_NAME_SUFFIX", "OPENAPI_SERVER_URL", "ENTRA_APP_CLIENT_ID", "AAD_APP_TENANT_ID",
    "SHAREPOINT_SITE_ID", "BOT_DOMAIN", "TEAMSFX_ENV", "TEAMSFX_TEST_API_URL", "API_VERSION", "OAUTH_REFERENCE_ID",
    "OAUTH_CLIENT_REGISTRATION_ID", "OAUTH_AUTHORITY", "OAUTH2AUTHCODE_CONFIGURATION_ID", "SSO_CONFIGURATION_ID",
    "AZUREAADV2_REGISTRATION_ID", "APIKEY_REGISTRATION_ID", "APIKEYAUTH_REGISTRATION_ID_FOR_AISEARCH",
    "OAUTH2_REGISTRATIONKEY", "MAX_TOKENS", "OPENAI_MAX_COMPLETION_TOKENS", "TOKEN_LIMIT", "PRESENCE_PENALTY", "PATH",
    "HOME", "KEYBOARD", "COMPASS_URL", "MASTER_URL", "TOKENIZER", "AUTHOR_NAME",
]  # fmt: skip
SECRET_VALUES = [
    "postgres://ada:pass@db/x",
    "https://ada@example.org/",
    "ada:pass@tcp(db)/x",
    "Server=db;Password=abc",
    "Server=db; Pwd = abc",
    "AccountName=a;AccountKey=abc==",
    "Endpoint=sb://a/;SharedAccessKeyName=b;SharedAccessKey=abc",
    "https://example.org/x?sv=1&sig=abc",
    "https://example.org/api/f?code=abc",
    '{"client_secret": "abc"}',
    "eyJhbGciOi.eyJzdWIi.abc",
    "ghp_abc",
    "gho_abc",
    "github_pat_abc",
    "sk-proj-abcdef",
    "xoxb-1-abc",
    "Bearer abcdefgh",
    "-----BEGIN RSA PRIVATE KEY-----\\nabc",
]
PLAIN_VALUES = [
    "https://example.org/api?version=1",
    "http://localhost:3000",
    "https://example.org/@ada",
    "api://example.org/00000000-0000-0000-0000-000000000000",
    "mailto:ada@example.org",
    "ada@example.org",
    "sk-SK",
    "apiSpecificationFile/openapi.yaml",
    "eyes",
    "C:\\Users\\ada@home",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_variables_that_look_like_secrets_are_known_by_name(name: str) -> None:
    assert is_secret(name, "x")


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_names_that_real_packages_use_are_no_secrets(name: str) -> None:
    assert not is_secret(name, "value")


@pytest.mark.parametrize("value", SECRET_VALUES)
def test_what_has_the_shape_of_a_credential_is_a_secret_whatever_its_name(value: str) -> None:
    assert is_secret("APP_NAME_SUFFIX", value)
    assert is_secret("APIKEY_REGISTRATION_ID", value)


@pytest.mark.parametrize("value", PLAIN_VALUES)
def test_addresses_and_words_are_no_secrets(value: str) -> None:
    assert not is_secret("APP_NAME_SUFFIX", value)


@given(st.from_regex(r"[A-Z_]{0,10}", fullmatch=True), st.sampled_from(["_PROD", "_B64", "1", "_2", ""]))
def test_a_password_stays_one_with_anything_around_it(before: str, after: str) -> None:
    assert is_secret(f"{before}_PASSWORD{after}", "x")
