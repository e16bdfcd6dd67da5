"""An MCP server says who gives out its tokens, of itself alone, and is believed no further. Issue 10."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2
import pytest

from auth.errors import ProviderError
from auth.oauth.client import MAX_ANSWER_BYTES
from auth.oauth.resources import ProtectedResource, canonical, protected_resource
from runtimes.values import Json, JsonObject

URL = "https://desk.example/team/mcp"
ISSUER = "https://login.example"
ABOUT = "https://desk.example/.well-known/oauth-protected-resource"
SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


def server(issuer: str = ISSUER, **changes: Json) -> JsonObject:
    return {
        "issuer": issuer,
        "token_endpoint": f"{ISSUER}/token",
        "authorization_endpoint": f"{ISSUER}/auth",
        "registration_endpoint": f"{ISSUER}/clients",
        "code_challenge_methods_supported": ["plain", "S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": ["read", "write"],
        "client_id_metadata_document_supported": True,
        **changes,
    }


def about(resource: str = URL, **changes: Json) -> JsonObject:
    return {"resource": resource, "authorization_servers": [ISSUER], **changes}


@dataclass(slots=True, kw_only=True)
class Web:
    """The documents of all servers by their URLs; the MCP server refuses, and 404 is everywhere else."""

    pages: Mapping[str, JsonObject]
    challenge: str = "Bearer"
    asked: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if str(request.url) in self.pages:
            return httpx2.Response(200, json=self.pages[str(request.url)])
        if str(request.url) == URL:
            return httpx2.Response(401, headers={"WWW-Authenticate": self.challenge})
        return httpx2.Response(404)

    async def found(self, url: str = URL) -> ProtectedResource:
        return await protected_resource(url, httpx2.MockTransport(self.answer))


@pytest.mark.parametrize("place", [f"{ABOUT}/team/mcp", ABOUT])
async def test_a_server_describes_itself_at_the_places_that_are_known(place: str) -> None:
    web = Web(pages={place: about(scopes_supported=["read"]), f"{ISSUER}{SERVER}": server()})

    found = await web.found()

    assert (found.resource, found.scopes) == (URL, ("read",))
    assert found.server.provider.issuer == ISSUER
    assert found.server.registration_endpoint == f"{ISSUER}/clients"
    assert found.server.reads_clients
    assert all("authorization" not in request.headers for request in web.asked)


async def test_what_its_refusal_says_comes_first() -> None:
    challenge = 'Bearer scope="read write", resource_metadata="https://desk.example/about"'
    pages = {
        "https://desk.example/about": about(scopes_supported=["read"]),
        ABOUT: about("https://evil.example"),
        f"{ISSUER}{OPENID}": server(),
    }

    found = await Web(pages=pages, challenge=challenge).found()

    assert found.scopes == ("read", "write")


@pytest.mark.parametrize(
    "resource", [URL, f"{URL}/", "https://desk.example", "https://DESK.example/", "https://desk.example/team"]
)
async def test_a_server_may_lie_in_what_it_describes(resource: str) -> None:
    found = await Web(pages={ABOUT: about(resource), f"{ISSUER}{SERVER}": server()}).found()

    assert found.resource == resource


@pytest.mark.parametrize(
    "resource",
    [
        "",
        "https://evil.example/team/mcp",
        "http://desk.example/team/mcp",
        "https://desk.example:8443/team/mcp",
        "https://ada@desk.example/team/mcp",
        "https://desk.example/team/mc",
        "https://desk.example/team/mcp/more",
        "https://desk.example/other/../team",
        "https://desk.example/%2e%2e/team",
        "https://desk.example/team/mcp?other",
        "https://[",
        "team/mcp",
    ],
)
async def test_what_another_server_says_of_itself_is_refused(resource: str) -> None:
    web = Web(pages={ABOUT: about(resource), f"{ISSUER}{SERVER}": server()})

    with pytest.raises(ProviderError, match="was asked for"):
        await web.found()
    assert {request.url.host for request in web.asked} == {"desk.example"}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (about(authorization_servers=[]), "names no authorization server"),
        (about(authorization_servers="https://login.example"), "names no authorization server"),
        (about(authorization_servers=["http://login.example"]), "not encrypted"),
        (about(authorization_servers=["https://127.0.0.1"]), "leads to this machine"),
        (about(authorization_servers=["http://localhost:8080"]), "leads to this machine"),
        (about(authorization_servers=["https://silent.example"]), "does not describe itself"),
        (about(authorization_servers=["x" * 5000]), "no text"),
        ({"error": "invalid_request"}, "invalid_request"),
    ],
)
async def test_a_description_that_leads_astray_is_refused(document: JsonObject, problem: str) -> None:
    with pytest.raises(ProviderError, match=problem):
        await Web(pages={ABOUT: document, f"{ISSUER}{SERVER}": server()}).found()


@pytest.mark.parametrize("pointed", ["http://desk.example/about", "https://localhost/about", "file:///etc/passwd", "x"])
async def test_a_refusal_leads_to_nothing_that_may_not_be_asked(pointed: str) -> None:
    web = Web(pages={ABOUT: about()}, challenge=f'Bearer resource_metadata="{pointed}"')

    with pytest.raises(ProviderError):
        await web.found()
    assert [str(request.url) for request in web.asked] == [URL]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"issuer": "https://evil.example"}, "describes the issuer 'https://evil.example'"),
        ({"issuer": f"{ISSUER}//"}, "describes the issuer"),
        ({"code_challenge_methods_supported": None}, "PKCE with S256"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE with S256"),
        ({"code_challenge_methods_supported": [5]}, "no text"),
        ({"registration_endpoint": "http://login.example/clients"}, "not encrypted"),
        ({"registration_endpoint": "https://127.0.0.1/clients"}, "leads to this machine"),
        ({"token_endpoint": "http://10.0.0.7/token"}, "not encrypted"),
    ],
)
async def test_an_authorization_server_that_cannot_be_trusted_is_refused(changes: JsonObject, problem: str) -> None:
    with pytest.raises(ProviderError, match=problem):
        await Web(pages={ABOUT: about(), f"{ISSUER}{SERVER}": {**server(), **changes}}).found()


async def test_an_issuer_may_be_written_with_the_slash_of_its_origin_or_without() -> None:
    pages = {ABOUT: about(authorization_servers=[f"{ISSUER}/"]), f"{ISSUER}{SERVER}": server()}

    assert (await Web(pages=pages).found()).server.provider.issuer == ISSUER


async def test_an_older_server_has_its_authorization_server_on_its_origin() -> None:
    own = "https://desk.example"
    web = Web(pages={f"{own}{SERVER}": server(own)}, challenge="Bearer scope=read")

    found = await web.found()

    assert (found.resource, found.server.provider.issuer, found.scopes) == (URL, own, ("read",))


async def test_a_server_that_says_nothing_is_told_of() -> None:
    with pytest.raises(ProviderError, match=r"does not say who gives out tokens for it; .* --issuer"):
        await Web(pages={}).found()


async def test_a_description_may_have_no_more_than_so_many_bytes() -> None:
    web = Web(pages={ABOUT: about(padding="x" * MAX_ANSWER_BYTES)})

    with pytest.raises(ProviderError, match=f"longer than {MAX_ANSWER_BYTES} bytes"):
        await web.found()


async def test_a_server_that_cannot_be_asked_may_still_be_described() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        pages = {ABOUT: about(), f"{ISSUER}{SERVER}": server()}
        if str(request.url) in pages:
            return httpx2.Response(200, json=pages[str(request.url)])
        if str(request.url) == URL:
            raise httpx2.ReadTimeout("no answer")
        return httpx2.Response(404)

    assert (await protected_resource(URL, httpx2.MockTransport(answer))).resource == URL


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("https://Desk.Example/Mcp", "https://desk.example/Mcp"),
        ("HTTPS://desk.example/", "https://desk.example"),
        ("https://desk.example:8443/mcp/?a=b#c", "https://desk.example:8443/mcp/?a=b"),
    ],
)
def test_the_uri_of_a_server_is_written_in_one_way(url: str, uri: str) -> None:
    assert canonical(url) == uri
