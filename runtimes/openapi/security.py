"""Which credentials an operation wants, and where in its request they go. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from auth import AUTHORIZATION, ApiKey, AuthReference, AuthType, Basic, Bearer, Place, Scheme, place_of
from runtimes.demands import BY_DEFAULT, Alternative, Demand
from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, object_at, text_at
from runtimes.openapi.parameters import is_reserved
from runtimes.values import Json, JsonObject

MAX_ALTERNATIVES = 16
"""How many alternatives of one operation are looked at, and how many credentials of one alternative."""

MAX_SHOWN = 80
"""Characters of a description's own words that a reason has."""

_PLACES: dict[str, Place] = {"header": "header", "query": "query", "cookie": "cookie"}
_TOKEN_KINDS = frozenset({"oauth2", "openIdConnect"})
_TOKENS = frozenset({AuthType.OAUTH_PLUGIN_VAULT, AuthType.ENTRA_ON_BEHALF_OF})
"""The auth types whose credential is a token, which is sent as a bearer's."""


def _key(raw: JsonObject) -> Scheme:
    """Raises: `OperationUnusable`."""
    place, key = _PLACES.get(text_at(raw, "in")), text_at(raw, "name")
    if place is None or not key:
        raise OperationUnusable("does not say where its key goes")
    if place != "query" and is_reserved(key) and key.casefold() != AUTHORIZATION.casefold():
        raise OperationUnusable(f"puts its key under the name {key[:MAX_SHOWN]!r}, which is the host's own")
    return ApiKey(place=place, name=key)


def _scheme(raw: JsonObject) -> Scheme:
    """How a credential goes out; one that the description does not have is a bearer's. Raises: `OperationUnusable`."""
    kind, http = text_at(raw, "type"), text_at(raw, "scheme").casefold()
    if kind == "apiKey":
        return _key(raw)
    if kind == "http" and http == "basic":
        return Basic()
    if not raw or kind in _TOKEN_KINDS or (kind == "http" and http == "bearer"):
        return Bearer()
    written = " ".join(part for part in (kind[:MAX_SHOWN], http[:MAX_SHOWN]) if part)
    raise OperationUnusable(f"is {written!r}, for which no credential can be sent")


def _fits(raw: JsonObject, auth: AuthReference) -> bool:
    """True of a scheme that takes what the auth type stands for; what is sent as a bearer's may be a key or a token."""
    is_token = text_at(raw, "type") in _TOKEN_KINDS
    return text_at(raw, "scheme").casefold() == "bearer" or not raw or is_token == (auth.type in _TOKENS)


def _requirements(description: Description, entry: Entry, schemes: JsonObject) -> list[JsonObject] | None:
    """The alternatives of the operation, else of the document; None where neither says anything.

    A document that has schemes and does not say what they are for has an alternative for each.
    """
    for level in (entry.operation, description.root):
        if isinstance(level.get("security"), list):
            return [one for one in list_at(level, "security")[:MAX_ALTERNATIVES] if isinstance(one, dict)]
    return [{name: []} for name in list(schemes)[:MAX_ALTERNATIVES]] or None


def _found(description: Description, schemes: JsonObject, name: str) -> JsonObject:
    """A scheme by its name; empty where there is none. Raises: `OperationUnusable`."""
    return description.follow(schemes[name]) if name in schemes else {}


def _demand(description: Description, schemes: JsonObject, name: str) -> Demand:
    """Raises: `OperationUnusable`."""
    try:
        return Demand(name=name, scheme=_scheme(_found(description, schemes, name)))
    except OperationUnusable as reason:
        raise OperationUnusable(f"its security scheme {name[:MAX_SHOWN]!r} {reason}") from None


def _spot(scheme: Scheme) -> tuple[Place, str]:
    """What a request has once; names of header fields are alike in any case of letters."""
    place, name = place_of(scheme)
    return place, name.casefold() if place == "header" else name


def _together(demands: Iterable[Demand]) -> Alternative:
    """Those of one requirement: schemes that are sent alike, such as two of tokens, are met by one credential.

    Raises: `OperationUnusable` for two that would stand in each other's place.
    """
    by_spot: dict[tuple[Place, str], Demand] = {}
    for demand in demands:
        one = by_spot.setdefault(_spot(demand.scheme), demand)
        if type(one.scheme) is not type(demand.scheme):
            names = f"{one.name[:MAX_SHOWN]!r} and {demand.name[:MAX_SHOWN]!r}"
            raise OperationUnusable(f"its security schemes {names} go to the same place of one request")
    return tuple(by_spot.values())


def read_security(description: Description, entry: Entry, auth: AuthReference) -> tuple[Alternative, ...]:
    """The alternatives, in the order in which they are tried; none where nothing is to be sent.

    They are those in which a scheme takes what the auth type stands for; where no scheme does, it is sent as a
    bearer's. Raises: `OperationUnusable` where nothing that can be sent would do.
    """
    if auth.is_anonymous:
        return ()
    schemes = object_at(object_at(description.root, "components"), "securitySchemes")
    requirements = _requirements(description, entry, schemes)
    if requirements is None:
        return BY_DEFAULT
    understood: list[Alternative] = []
    fitting: list[Alternative] = []
    unusable: OperationUnusable | None = None
    for requirement in filter(None, requirements):
        try:
            names = list(requirement)[:MAX_ALTERNATIVES]
            understood.append(_together(_demand(description, schemes, name) for name in names))
            if any(_fits(_found(description, schemes, name), auth) for name in names):
                fitting.append(understood[-1])
        except OperationUnusable as reason:
            unusable = unusable or reason
    bare: tuple[Alternative, ...] = ((),) if {} in requirements else ()
    if unusable is not None and not understood and not bare:
        raise unusable
    wanted = tuple(fitting) or (BY_DEFAULT if understood else ())
    return (*wanted, *bare) if wanted else ()


def places(alternatives: tuple[Alternative, ...]) -> frozenset[str]:
    """The names, case folded, under which credentials go out."""
    return frozenset(place_of(demand.scheme)[1].casefold() for one in alternatives for demand in one)


def shape(alternatives: tuple[Alternative, ...]) -> list[Json]:
    """What decides where credentials go, for fingerprints."""
    return [
        [[demand.name, type(demand.scheme).__name__, *place_of(demand.scheme)] for demand in one]
        for one in alternatives
    ]
