"""An authorization server is found by its issuer, or by the API that names it, and by nobody else's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2
import pytest

from auth.errors import ProviderError
from auth.oauth.discovery import discovered
from auth.registration import Provider
from runtimes.values import JsonObject

ISSUER = "https://login.example/tenant"
API = "https://api.example/v1"
SERVER_PATH = "/.well-known/oauth-authorization-server"
OPENID_PATH = "/.well-known/openid-configuration"
RESOURCE_PATH = "/.well-known/oauth-protected-resource"


def metadata(issuer: str = ISSUER, changes: JsonObject | None = None) -> JsonObject:
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "authorization_endpoint": f"{issuer}/auth",
        "device_authorization_endpoint": f"{issuer}/device",
        "revocation_endpoint": f"{issuer}/revoke",
        "userinfo_endpoint": f"{issuer}/me",
        "jwks_uri": f"{issuer}/keys",
        "authorization_response_iss_parameter_supported": True,
        **(changes or {}),
    }


def provider(issuer: str = ISSUER) -> Provider:
    return Provider(
        issuer=issuer,
        token_endpoint=f"{issuer}/token",
        authorization_endpoint=f"{issuer}/auth",
        device_authorization_endpoint=f"{issuer}/device",
        revocation_endpoint=f"{issuer}/revoke",
        userinfo_endpoint=f"{issuer}/me",
        jwks_uri=f"{issuer}/keys",
        names_issuer=True,
    )


@dataclass(slots=True, kw_only=True)
class Web:
    """The answers of all servers by their URLs; 404 for any other."""

    pages: dict[str, httpx2.Response]
    asked: list[str] = field(default_factory=list[str])

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        return self.pages.get(str(request.url), httpx2.Response(404))

    async def discovered(self, url: str) -> Provider:
        return await discovered(url, httpx2.MockTransport(self.answer))


def page(document: JsonObject, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, json=document)


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example/.well-known/oauth-authorization-server/tenant",
        "https://login.example/tenant/.well-known/openid-configuration",
        "https://login.example/.well-known/openid-configuration/tenant",
    ],
)
async def test_an_issuer_is_found_wherever_it_describes_itself(url: str) -> None:
    assert await Web(pages={url: page(metadata())}).discovered(ISSUER) == provider()


async def test_the_url_of_a_description_stands_for_its_issuer() -> None:
    url = f"{ISSUER}{OPENID_PATH}"
    web = Web(pages={url: page(metadata())})

    assert await web.discovered(url) == provider()


@pytest.mark.parametrize("issuer", ["https://login.example", "https://login.example/", ISSUER, f"{ISSUER}/"])
@pytest.mark.parametrize("path", [OPENID_PATH, SERVER_PATH])
async def test_the_url_of_a_description_leaves_open_whether_its_issuer_ends_in_a_slash(issuer: str, path: str) -> None:
    host, tenant = "https://login.example", issuer.removeprefix("https://login.example").rstrip("/")
    url = f"{host}{path}{tenant}" if path == SERVER_PATH else f"{host}{tenant}{path}"
    described = {**metadata(f"{host}{tenant}"), "issuer": issuer}

    assert (await Web(pages={url: page(described)}).discovered(url)).issuer == issuer


@pytest.mark.parametrize("issuer", ["https://evil.example/", "https://login.example//", "https://login.example/other"])
async def test_the_url_of_a_description_leaves_nothing_else_open(issuer: str) -> None:
    url = f"https://login.example{OPENID_PATH}"

    with pytest.raises(ProviderError, match="describes the issuer"):
        await Web(pages={url: page(metadata(issuer))}).discovered(url)


async def test_a_slash_at_the_end_of_an_issuer_counts() -> None:
    web = Web(pages={f"https://login.example{OPENID_PATH}": page(metadata("https://login.example/"))})

    with pytest.raises(
        ProviderError, match=r"describes the issuer 'https://login\.example/', .* give the issuer to the"
    ):
        await web.discovered("https://login.example")
    assert (await web.discovered("https://login.example/")).issuer == "https://login.example/"


async def test_endpoints_that_a_server_does_not_have_are_empty() -> None:
    web = Web(pages={f"{ISSUER}{OPENID_PATH}": page({"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"})})

    assert await web.discovered(ISSUER) == Provider(issuer=ISSUER, token_endpoint=f"{ISSUER}/token")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"issuer": "https://evil.example"}, "describes the issuer 'https://evil.example'"),
        ({"issuer": None}, "describes the issuer ''"),
        ({"token_endpoint": None}, "no 'token_endpoint'"),
        ({"token_endpoint": "http://login.example/token"}, "not encrypted"),
        ({"jwks_uri": "https://[::1/keys"}, "no URL"),
        ({"jwks_uri": "http://login.example/keys"}, "not encrypted"),
        ({"token_endpoint": "https://127.0.0.1/token"}, "leads to this machine"),
        ({"token_endpoint": "http://localhost/token"}, "leads to this machine"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no URL"),
        ({"authorization_endpoint": "file:///etc/passwd"}, "no URL"),
        ({"revocation_endpoint": ["https://login.example"]}, "no text"),
    ],
)
async def test_a_description_that_leads_astray_is_refused(changes: JsonObject, problem: str) -> None:
    web = Web(pages={f"{ISSUER}{OPENID_PATH}": page(metadata(changes=changes))})

    with pytest.raises(ProviderError, match=problem):
        await web.discovered(ISSUER)


async def test_an_issuer_on_this_machine_may_have_its_endpoints_there() -> None:
    issuer = "http://127.0.0.1:8080"
    web = Web(pages={f"{issuer}{SERVER_PATH}": page(metadata(issuer))})

    assert await web.discovered(issuer) == provider(issuer)


async def test_an_api_names_its_server_at_a_known_place() -> None:
    web = Web(
        pages={
            f"https://api.example{RESOURCE_PATH}/v1": page({"resource": API, "authorization_servers": [ISSUER, "x"]}),
            f"{ISSUER}{OPENID_PATH}": page(metadata()),
        }
    )

    assert await web.discovered(API) == provider()


@pytest.mark.parametrize(
    "challenge",
    [
        'Bearer resource_metadata="https://api.example/about"',
        'Bearer realm="x, y", error="invalid_token", Resource_Metadata = "https://api.example/about"',
        "bearer resource_metadata=https://api.example/about, scope=a",
    ],
)
async def test_an_api_names_its_server_when_it_is_asked_without_a_token(challenge: str) -> None:
    web = Web(
        pages={
            API: httpx2.Response(401, headers={"WWW-Authenticate": challenge}),
            "https://api.example/about": page({"resource": API, "authorization_servers": [ISSUER]}),
            f"{ISSUER}{OPENID_PATH}": page(metadata()),
        }
    )

    assert await web.discovered(API) == provider()


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"resource": "https://api.example/v2", "authorization_servers": [ISSUER]}, "describes the API"),
        ({"resource": f"{API}/", "authorization_servers": [ISSUER]}, "describes the API"),
        ({"resource": "https://[", "authorization_servers": [ISSUER]}, "describes the API"),
        ({"authorization_servers": [ISSUER]}, "describes the API ''"),
        ({"resource": API}, "names no authorization server"),
        ({"resource": API, "authorization_servers": []}, "names no authorization server"),
        ({"resource": API, "authorization_servers": ISSUER}, "names no authorization server"),
        ({"resource": API, "authorization_servers": [5]}, "no text"),
        ({"resource": API, "authorization_servers": ["http://login.example"]}, "not encrypted"),
        ({"resource": API, "authorization_servers": ["https://["]}, "no URL"),
        ({"resource": API, "authorization_servers": ["https://127.0.0.1"]}, "leads to this machine"),
        ({"resource": API, "authorization_servers": ["https://nobody.example"]}, "describes no authorization server"),
    ],
)
async def test_an_api_that_describes_something_else_is_refused(document: JsonObject, problem: str) -> None:
    web = Web(pages={f"https://api.example{RESOURCE_PATH}/v1": page(document)})

    with pytest.raises(ProviderError, match=problem):
        await web.discovered(API)


async def test_an_origin_with_and_without_its_slash_is_one_api() -> None:
    web = Web(
        pages={
            f"https://api.example{RESOURCE_PATH}": page(
                {"resource": "https://api.example/", "authorization_servers": [ISSUER]}
            ),
            f"{ISSUER}{OPENID_PATH}": page(metadata()),
        }
    )

    assert await web.discovered("https://api.example") == provider()


def _html() -> httpx2.Response:
    return httpx2.Response(200, html="<p>hello</p>")


def _redirect() -> httpx2.Response:
    return httpx2.Response(302, headers={"Location": "https://evil.example/"})


def _list() -> httpx2.Response:
    return httpx2.Response(200, json=[])


@pytest.mark.parametrize("make", [_html, _redirect, _list])
async def test_pages_that_are_no_descriptions_are_passed_over(make: Callable[[], httpx2.Response]) -> None:
    web = Web(pages={f"https://login.example{SERVER_PATH}/tenant": make(), f"{ISSUER}{OPENID_PATH}": page(metadata())})

    assert await web.discovered(ISSUER) == provider()
    assert not any("evil" in url for url in web.asked)


async def test_nothing_found_says_what_to_do() -> None:
    with pytest.raises(ProviderError, match="give the issuer, or its endpoints one by one") as raised:
        await Web(pages={}).discovered(f"{API}?key=secret-of-the-query")

    assert not raised.value.may_pass
    assert "secret-of-the-query" not in str(raised.value)


async def test_a_server_that_is_busy_may_be_asked_later() -> None:
    web = Web(pages={f"{ISSUER}{OPENID_PATH}": httpx2.Response(503)})

    with pytest.raises(ProviderError) as raised:
        await web.discovered(ISSUER)

    assert raised.value.may_pass


@pytest.mark.parametrize("url", ["", "login.example", "http://login.example", "https://ada@login.example", "https://"])
async def test_only_a_url_that_is_safe_to_ask_is_asked(url: str) -> None:
    web = Web(pages={})

    with pytest.raises(ProviderError):
        await web.discovered(url)

    assert web.asked == []
