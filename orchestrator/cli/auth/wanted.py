"""What plugins want of a credential: what it is, where it goes, and who gives it out, as their descriptions say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from auth import ApiKey, AuthReference, AuthType, Basic, place_of
from auth.origins import origin_of, shown_origin
from auth.registration import Grant
from orchestrator.cli.logins.given import HINTS, Kind, key_hint
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.model import Runtime
from orchestrator.tools.binding import OPENAPI, functions_of
from orchestrator.tools.namespaces import distinct_namespaces
from runtimes.base import RuntimeServices, RuntimeSpec
from runtimes.demands import Alternative, Demand
from runtimes.errors import RuntimeUnavailable
from runtimes.http import HttpClient, is_url
from runtimes.network import ContactRefused
from runtimes.network import origin_of as network_origin_of
from runtimes.openapi import describe
from runtimes.openapi.document import Description, OperationUnusable, list_at, object_at, text_at
from runtimes.openapi.operations import Operation, read_operation
from runtimes.values import JsonObject

MAX_READ_SCOPES = 256
"""Scopes of one credential that are looked at; fewer are asked for (`scopes.MAX_SCOPES`)."""

MCP_SERVER = "remotemcpserver"
"""The type of a runtime whose functions are tools of an MCP server, case folded."""

_OF_TOKENS = frozenset({AuthType.OAUTH_PLUGIN_VAULT, AuthType.ENTRA_ON_BEHALF_OF})
_FLOWS: tuple[tuple[str, Grant], ...] = (
    ("authorizationCode", "authorization_code"),
    ("deviceAuthorization", "device_code"),
    ("clientCredentials", "client_credentials"),
)
"""The flows of a description that are gone through here, the best one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthFlow:
    """How tokens are to be had, in a description's own words; empty where it does not say."""

    grant: Grant = "authorization_code"
    metadata_url: str = ""
    """Where an issuer says the rest."""
    server_url: str = ""
    """The MCP server that says who gives out its tokens; empty of any other API."""
    authorization_url: str = ""
    token_url: str = ""
    device_url: str = ""
    scopes: tuple[str, ...] = ()
    """Those of the manifest, else of the functions that are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One credential that is wanted."""

    name: str
    """As `CredentialUse.name`."""
    kind: Kind
    hint: str
    """What it is, in words."""
    origins: tuple[str, ...] = ()
    """Where it would go."""
    plugins: tuple[str, ...] = ()
    """The namespaces of those that want it."""
    flow: OAuthFlow | None = None
    """Of tokens."""

    def is_for_another(self, other: Wanted) -> bool:
        """True where a token for one is for an MCP server, and so not for the place of the other (RFC 8707)."""
        if self.flow is None or other.flow is None or self.kind != "oauth":
            return False
        return self.flow.server_url != other.flow.server_url and self.origins != other.origins

    def joined(self, other: Wanted) -> Wanted:
        """One for both, for they have one name: this one's kind, and all places."""
        origins = tuple(sorted({*self.origins, *other.origins}))
        flow = self.flow
        if flow is not None and other.flow is not None:
            scopes = tuple(dict.fromkeys((*flow.scopes, *other.flow.scopes)))
            flow = replace(flow, scopes=scopes[:MAX_READ_SCOPES])
        plugins = tuple(dict.fromkeys((*self.plugins, *other.plugins)))
        return replace(self, origins=origins, plugins=plugins, flow=flow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was found in plugins."""

    wanted: tuple[Wanted, ...]
    references: tuple[str, ...]
    """Every reference that they name."""
    obstacles: tuple[str, ...]
    """Why more is not known."""


def _scheme(description: Description, name: str) -> JsonObject:
    schemes = object_at(object_at(description.root, "components"), "securitySchemes")
    try:
        return description.follow(schemes[name]) if name in schemes else {}
    except OperationUnusable:
        return {}


def _kind(demand: Demand, raw: JsonObject, auth: AuthReference) -> Kind:
    if isinstance(demand.scheme, ApiKey):
        return "key"
    if isinstance(demand.scheme, Basic):
        return "basic"
    is_token = text_at(raw, "type") in {"oauth2", "openIdConnect"} or auth.type in _OF_TOKENS
    return "oauth" if is_token else "bearer"


def _hint(demand: Demand, kind: Kind) -> str:
    return key_hint(*place_of(demand.scheme)) if kind == "key" else HINTS[kind]


def _scopes(description: Description, function: str, demand: Demand) -> tuple[str, ...]:
    """What an operation says that it takes."""
    written = description.find(function).operation
    level = written if isinstance(written.get("security"), list) else description.root
    requirements = [one for one in list_at(level, "security") if isinstance(one, dict)]
    asked = [scope for one in requirements for scope in list_at(one, demand.name)]
    return tuple(dict.fromkeys(scope for scope in asked if isinstance(scope, str)))[:MAX_READ_SCOPES]


def _flow(description: Description, raw: JsonObject, spec: RuntimeSpec, scopes: tuple[str, ...]) -> OAuthFlow:
    base = description.location or spec.location

    def url(members: JsonObject, name: str) -> str:
        written = text_at(members, name)
        try:
            found = urljoin(base, written) if is_url(base) else written
        except ValueError:
            found = written
        return found if is_url(found) else ""

    metadata = url(raw, "openIdConnectUrl") or url(raw, "oauth2MetadataUrl")
    trade: Grant = "jwt_bearer" if spec.auth.type is AuthType.ENTRA_ON_BEHALF_OF else "authorization_code"
    flows = object_at(raw, "flows")
    for name, grant in _FLOWS:
        if members := object_at(flows, name):
            return OAuthFlow(
                grant=trade if trade == "jwt_bearer" else grant,
                metadata_url=metadata,
                authorization_url=url(members, "authorizationUrl"),
                token_url=url(members, "tokenUrl"),
                device_url=url(members, "deviceAuthorizationUrl"),
                scopes=scopes,
            )
    return OAuthFlow(grant=trade, metadata_url=metadata, scopes=scopes)


def _chosen(alternatives: Sequence[Alternative], kinds: Sequence[Sequence[Kind]], kind: Kind | None) -> int | None:
    """Which of the alternatives is gone by: the first that has the kind, else the first that wants anything."""
    full = [number for number, one in enumerate(alternatives) if one]
    fitting = [number for number in full if kind in kinds[number]]
    return next(iter([*fitting, *full]), None)


def _of_operation(
    operation: Operation, description: Description, spec: RuntimeSpec, kind: Kind | None
) -> Iterator[Wanted]:
    raws = [[_scheme(description, demand.name) for demand in one] for one in operation.security]
    pairs = [list(zip(one, raw, strict=True)) for one, raw in zip(operation.security, raws, strict=True)]
    kinds: list[list[Kind]] = [[_kind(demand, raw, spec.auth) for demand, raw in one] for one in pairs]
    number = _chosen(operation.security, kinds, kind)
    if number is None:
        return
    parts = urlsplit(operation.server)
    for (demand, raw), found in zip(pairs[number], kinds[number], strict=True):
        scopes = spec.auth.scopes or _scopes(description, operation.signature.name, demand)
        part = f"/{demand.name}" if len(pairs[number]) > 1 else ""
        yield Wanted(
            name=f"{spec.auth.reference_id}{part}",
            kind=found,
            hint=_hint(demand, found),
            origins=(origin_of(f"{parts.scheme}://{parts.netloc}"),),
            plugins=(spec.plugin,),
            flow=_flow(description, raw, spec, scopes) if found == "oauth" else None,
        )


def _names(description: Description, spec: RuntimeSpec) -> Iterable[str]:
    return spec.functions if spec.functions is not None else [entry.function_name for entry in description.entries]


async def _of_runtime(spec: RuntimeSpec, http: HttpClient, kind: Kind | None) -> tuple[list[Wanted], list[str]]:
    try:
        description = await describe(spec, RuntimeServices(http=http))
    except RuntimeUnavailable as error:
        return [], [f"plugin {spec.plugin!r}: {error}"]
    wanted: list[Wanted] = []
    obstacles: list[str] = []
    for name in dict.fromkeys(_names(description, spec)):
        try:
            operation = read_operation(description, name, spec.location, spec.server, auth=spec.auth)
            wanted += _of_operation(operation, description, spec, kind)
        except OperationUnusable as error:
            obstacles.append(f"plugin {spec.plugin!r}, function {name!r}: {error}")
    return wanted, obstacles


def _of_mcp_server(spec: RuntimeSpec) -> tuple[list[Wanted], list[str]]:
    """What an MCP server wants is a bearer's; of tokens it says itself who gives them out, once it is asked."""
    url = spec.spec.get("url")
    try:
        origin = str(network_origin_of(url if isinstance(url, str) else ""))
    except ContactRefused as refusal:
        return [], [f"plugin {spec.plugin!r}: its MCP server cannot be asked: {refusal}"]
    assert isinstance(url, str)
    kind: Kind = "oauth" if spec.auth.type in _OF_TOKENS else "bearer"
    is_traded = spec.auth.type is AuthType.ENTRA_ON_BEHALF_OF
    grant: Grant = "jwt_bearer" if is_traded else "authorization_code"
    wanted = Wanted(
        name=spec.auth.reference_id or "",
        kind=kind,
        hint=HINTS[kind],
        origins=(origin_of(origin),),
        plugins=(spec.plugin,),
        flow=OAuthFlow(grant=grant, server_url="" if is_traded else url, scopes=spec.auth.scopes),
    )
    return [wanted], []


def _two_servers(former: Wanted, other: Wanted) -> str:
    here, there = (", ".join(map(shown_origin, one.origins)) for one in (former, other))
    return (
        f"{other.name!r} is for {here}, and does not go to {there}: a token for an MCP server is for no other place; "
        "give each its own reference_id"
    )


def _spec(plugin: Plugin, runtime: Runtime, server: str) -> RuntimeSpec:
    return RuntimeSpec(
        plugin=plugin.namespace,
        type=runtime.type,
        spec=runtime.spec,
        location=plugin.location,
        auth=runtime.auth.reference,
        functions=functions_of(plugin, runtime),
        environment=plugin.environment,
        server=server,
    )


async def read_wanted(
    plugins: Sequence[Plugin], name: str, http: HttpClient, *, servers: Mapping[str, str], kind: Kind | None = None
) -> Reading:
    """What the plugins want of the credential of that name: a reference, or one of its parts `REFERENCE/SCHEME`.

    Where a description leaves the choice, what is of that `kind` is taken.
    """
    found: dict[str, Wanted] = {}
    references: dict[str, None] = {}
    obstacles: list[str] = []
    for plugin in distinct_namespaces(plugins):
        for runtime in plugin.manifest.runtimes:
            reference = runtime.auth.reference.reference_id
            if not reference or runtime.type.casefold() not in {OPENAPI, MCP_SERVER}:
                continue
            references[reference] = None
            if reference != name and not name.startswith(f"{reference}/"):
                continue
            spec = _spec(plugin, runtime, servers.get(plugin.namespace, ""))
            is_mcp_server = runtime.type.casefold() == MCP_SERVER
            wanted, problems = _of_mcp_server(spec) if is_mcp_server else await _of_runtime(spec, http, kind)
            obstacles += problems
            for one in wanted:
                former = found.get(one.name)
                if former is not None and former.is_for_another(one):
                    obstacles.append(_two_servers(former, one))
                    continue
                found[one.name] = former.joined(one) if former is not None else one
    named = [one for one in found.values() if one.name == name or one.name.startswith(f"{name}/")]
    return Reading(wanted=tuple(named), references=tuple(references), obstacles=tuple(obstacles))
