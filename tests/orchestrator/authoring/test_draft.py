"""A whole manifest: what it says of itself, which operations are in it, and what runs them."""

from __future__ import annotations

import pytest

from orchestrator.errors import OrchestratorError, UnknownName
from runtimes.values import Json, JsonObject, dump_json
from tests.orchestrator.authoring.judge import answering, api, at, drafted, functions_of

GET: JsonObject = {"get": {"operationId": "look", "summary": "Look at it.", "responses": {}}}
SCHEMES: JsonObject = {
    "securitySchemes": {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "bearer": {"type": "http", "scheme": "Bearer", "x-ai-auth-reference-id": "vault-1"},
        "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://id.example"},
        "oauth2-code": {"type": "oauth2", "flows": {"authorizationCode": {}}},
        "implicit": {"type": "oauth2", "flows": {"implicit": {}}},
        "basic": {"type": "http", "scheme": "basic"},
        "mutual": {"type": "mutualTLS"},
        "aliased": {"$ref": "#/components/securitySchemes/key"},
        "2nd": {"type": "apiKey", "in": "query", "name": "k"},
    }
}


def test_the_info_becomes_the_members_that_say_what_a_plugin_is() -> None:
    info: JsonObject = {
        "title": "The Contoso Real Estate Listings",
        "version": "1",
        "description": "Finds homes. In the north-west,\nand nowhere else.",
        "contact": {"email": "homes@example.com"},
        "termsOfService": "https://example.com/terms",
        "x-privacy-policy-url": "https://example.com/privacy",
        "x-logo": {"url": "https://example.com/logo.png"},
    }
    document = drafted(api(GET_PATHS, info=info)).document
    del document["functions"], document["runtimes"]
    assert document == {
        "$schema": "https://developer.microsoft.com/json-schemas/copilot/plugin/v2.2/schema.json",
        "schema_version": "v2.2",
        "name_for_human": "The Contoso Real",
        "namespace": "The_Contoso_Real_Estate_Listings",
        "description_for_human": "Finds homes.",
        "description_for_model": "Finds homes. In the north-west,\nand nowhere else.",
        "logo_url": "https://example.com/logo.png",
        "contact_email": "homes@example.com",
        "legal_info_url": "https://example.com/terms",
        "privacy_policy_url": "https://example.com/privacy",
        "capabilities": {"conversation_starters": [{"text": "Look at it"}]},
    }


GET_PATHS: JsonObject = {"/look": GET}


def test_extensions_of_the_info_win_and_a_value_that_is_no_address_is_left_out() -> None:
    info: JsonObject = {
        "title": " ",
        "version": "1",
        "x-ai-description": "For the model.",
        "x-legal-info-url": "https://example.com/legal",
        "termsOfService": "https://example.com/terms",
        "x-privacy-policy-url": "javascript:alert(1)",
        "x-logo": "http://[::1",
        "contact": {"email": "not an address"},
    }
    document = drafted(api(GET_PATHS, info=info)).document
    assert document["name_for_human"] == "Plugin"
    assert document["description_for_model"] == "For the model."
    assert document["legal_info_url"] == "https://example.com/legal"
    assert {"privacy_policy_url", "logo_url", "contact_email"}.isdisjoint(document)


def test_a_given_name_takes_the_place_of_the_title() -> None:
    document = drafted(api(GET_PATHS), name="My things").document
    assert (document["name_for_human"], document["namespace"]) == ("My things", "My_things")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ((), ("getOne", "get_two", "get_three_id")),
        (("getOne",), ("getOne",)),
        (("get-two",), ("get_two",)),
        (("get_two", "getOne"), ("getOne", "get_two")),
        (("get*",), ("getOne", "get_two", "get_three_id")),
        (("get_three*",), ("get_three_id",)),
    ],
)
def test_operations_are_chosen_by_name_by_the_function_s_name_and_by_pattern(
    wanted: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    paths: JsonObject = {
        "/one": {"get": {"operationId": "getOne"}},
        "/two": {"get": {"operationId": "get-two"}},
        "/three/{id}": {"get": {}},
    }
    assert drafted(api(paths), *wanted).functions == expected


@pytest.mark.parametrize("wanted", ["getone", "nothing*"])
def test_an_operation_that_is_not_there_is_an_error_with_a_guess(wanted: str) -> None:
    with pytest.raises(UnknownName, match="there is no operation"):
        drafted(api({"/one": {"get": {"operationId": "getOne"}}}), wanted)


def test_operations_that_cannot_be_called_are_left_out_with_the_reason() -> None:
    whole: JsonObject = {"name": "q", "in": "querystring", "required": True, "content": {"text/plain": {}}}
    paths: JsonObject = {
        "/a": {"get": {"operationId": "same"}, "post": {"operationId": "same"}},
        "/b": {"post": {"operationId": "query", "parameters": [whole]}},
        "/c": {"get": {"operationId": "find-it"}},
        "/d": {"get": {"operationId": "find_it"}},
        "/e": {"get": {"operationId": "far", "servers": [{"url": "ftp://example.com"}]}},
        "/f": {"get": {"operationId": "x" * 300}},
        "/${{TENANT}}/g": {"get": {}},
    }
    draft = drafted(api(paths))
    assert draft.functions == ("find_it",)
    reasons = {one.operation: one.reason for one in draft.left_out}
    assert "means 2 operations" in reasons["same"]
    assert "querystring" in reasons["query"]
    assert reasons["find-it"] == "as a function it would be 'find_it', which is another operation's name"
    assert "only http and https" in reasons["far"]
    assert "the placeholder ${{TENANT}}" in reasons["GET /${{TENANT}}/g"]
    assert reasons["x" * 200] == "its name has more than 200 characters"


def test_too_many_operations_are_an_error_until_some_are_chosen() -> None:
    paths: JsonObject = {f"/{n}": {"get": {"operationId": f"op{n}"}} for n in range(501)}
    with pytest.raises(OrchestratorError, match="501 operations"):
        drafted(api(paths))
    assert len(drafted(api(paths), "op1*").functions) == 111


@pytest.mark.parametrize("url", ["${{SERVER_URL}}/api", "https://${{HOST}}/api", "https://${{HOST:a.example}}/api"])
def test_a_server_that_the_environment_will_name_keeps_no_operation_out(url: str) -> None:
    paths: JsonObject = {**GET_PATHS, "/${{TENANT}}/x": {"get": {"operationId": "x"}}}
    draft = drafted(api(paths, servers=[{"url": url}]))
    assert draft.functions == ("look", "x")


def runtimes_with(security: Json, own: JsonObject | None = None) -> list[Json]:
    operation: JsonObject = {"operationId": "look", **(own or {})}
    root = api({"/look": {"get": operation}}, components=SCHEMES, security=security)
    draft = drafted(root)
    return [at(draft.document, "runtimes", 0, "auth"), *(one.reason for one in draft.left_out)]


AUTHS: list[tuple[Json, Json]] = [
    ([], {"type": "None"}),
    ([{"key": []}], {"type": "ApiKeyPluginVault", "reference_id": "${{KEY_REGISTRATION_ID}}"}),
    ([{"bearer": []}], {"type": "ApiKeyPluginVault", "reference_id": "vault-1"}),
    ([{"oidc": []}], {"type": "ApiKeyPluginVault", "reference_id": "${{OIDC_REGISTRATION_ID}}"}),
    ([{"oauth2-code": ["a"]}], {"type": "OAuthPluginVault", "reference_id": "${{OAUTH2_CODE_REGISTRATION_ID}}"}),
    ([{"implicit": []}], {"type": "OAuthPluginVault", "reference_id": "${{IMPLICIT_REGISTRATION_ID}}"}),
    ([{"aliased": []}], {"type": "ApiKeyPluginVault", "reference_id": "${{ALIASED_REGISTRATION_ID}}"}),
    ([{"2nd": []}], {"type": "ApiKeyPluginVault", "reference_id": "${{AUTH_2ND_REGISTRATION_ID}}"}),
    ([{"key": []}, {}], {"type": "None"}),
    ([{"basic": []}, {"bearer": []}], {"type": "ApiKeyPluginVault", "reference_id": "vault-1"}),
    (
        [{"key": [], "bearer": []}, {"key": []}],
        {"type": "ApiKeyPluginVault", "reference_id": "${{KEY_REGISTRATION_ID}}"},
    ),
]


@pytest.mark.parametrize(("security", "expected"), AUTHS)
def test_a_security_scheme_becomes_the_auth_of_a_runtime(security: Json, expected: Json) -> None:
    assert runtimes_with(security) == [expected]


def test_the_security_of_an_operation_stands_in_for_that_of_the_document() -> None:
    assert runtimes_with([{"key": []}], {"security": []}) == [{"type": "None"}]


UNSTATABLE: list[tuple[Json, str]] = [
    ([{"basic": []}], "its security scheme 'basic' is 'http basic', which no auth type stands for"),
    ([{"mutual": []}], "its security scheme 'mutual' is 'mutualTLS', which no auth type stands for"),
    ([{"lost": []}], "it needs the security scheme 'lost', which the description does not have"),
    ([{"key": [], "bearer": []}], "it needs several credentials at once, and a runtime has one"),
]


@pytest.mark.parametrize(("security", "reason"), UNSTATABLE)
def test_an_operation_whose_credential_cannot_be_stated_is_left_out_not_called_bare(
    security: Json, reason: str
) -> None:
    assert runtimes_with(security) == [None, reason]


def test_each_credential_has_a_runtime_of_its_own() -> None:
    paths: JsonObject = {
        "/a": {"get": {"operationId": "a"}},
        "/b": {"get": {"operationId": "b", "security": []}},
        "/c": {"get": {"operationId": "c", "security": [{"bearer": []}]}},
        "/d": {"get": {"operationId": "d", "security": [{"key": []}]}},
    }
    draft = drafted(api(paths, components=SCHEMES, security=[{"key": []}]))
    assert draft.references == ("${{KEY_REGISTRATION_ID}}", "vault-1")
    assert draft.document["runtimes"] == [
        {
            "type": "OpenApi",
            "auth": {"type": "ApiKeyPluginVault", "reference_id": "${{KEY_REGISTRATION_ID}}"},
            "spec": {"url": "openapi.yaml", "progress_style": "ShowUsage"},
            "run_for_functions": ["a", "d"],
        },
        {
            "type": "OpenApi",
            "auth": {"type": "None"},
            "spec": {"url": "openapi.yaml", "progress_style": "ShowUsage"},
            "run_for_functions": ["b"],
        },
        {
            "type": "OpenApi",
            "auth": {"type": "ApiKeyPluginVault", "reference_id": "vault-1"},
            "spec": {"url": "openapi.yaml", "progress_style": "ShowUsage"},
            "run_for_functions": ["c"],
        },
    ]


def test_text_from_afar_is_not_filled_in_from_this_machine_s_environment() -> None:
    card: JsonObject = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "${{HOME}}"}]}
    operation = answering({"type": "object"}, {"summary": "of ${{HOME}}", "x-ai-adaptive-card": card})
    scheme: JsonObject = {"type": "apiKey", "in": "query", "name": "k", "x-ai-auth-reference-id": "${{HOME}}"}
    root = api({"/look": {"get": operation}}, components={"securitySchemes": {"k": scheme}}, security=[{"k": []}])
    far, near = drafted(root, source="https://example.com/api.yaml"), drafted(root)
    assert "${{HOME}}" not in str(far.document)
    assert str(near.document).count("${{HOME}}") == 4
    assert far.references == ("${{K_REGISTRATION_ID}}",)


def test_text_of_a_description_is_no_localization_key() -> None:
    """Spec 3.4: a manifest's `[[key]]` stands for a text of a language file, and here there is none."""
    card: JsonObject = {"type": "AdaptiveCard", "[[a]]": "[[b]]"}
    more: JsonObject = {"summary": "[[c]]", "x-ai-responding-instructions": ["[[d]]"], "x-ai-adaptive-card": card}
    text = dump_json(drafted(api({"/look": {"get": answering({"type": "object"}, more)}})).document)
    assert "[[" not in text
    assert all(f"[ [{key}]]" in text for key in "abcd")


def test_starters_are_short_distinct_and_at_most_six() -> None:
    summaries = ["Look.", "Look", "A " + "very " * 20 + "long one", *(f"Thing {n}" for n in range(9))]
    paths: JsonObject = {
        f"/{n}": {"get": {"operationId": f"op{n}", "summary": text}} for n, text in enumerate(summaries)
    }
    starters = at(drafted(api(paths)).document, "capabilities", "conversation_starters")
    assert isinstance(starters, list)
    texts = [str(at(one, "text")) for one in starters]
    assert texts[0] == "Look"
    assert len(texts) == len(set(texts)) == 6
    assert max(map(len, texts)) <= 50


def test_a_draft_without_functions_is_still_a_document() -> None:
    draft = drafted(api({}))
    assert (draft.functions, functions_of(draft)) == ((), [])
