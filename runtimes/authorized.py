"""Sends requests with the credentials that they need, as a vault gives them, whatever kind of runtime makes them."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from auth import (
    MASK,
    MAX_ATTEMPTS,
    ApiKey,
    Attached,
    AuthReference,
    Bearer,
    CredentialError,
    CredentialMissing,
    CredentialUse,
    Flow,
    Scheme,
    Secret,
    SignIn,
    SignInNeeded,
    Vault,
    attach,
    place_of,
)
from runtimes.demands import Alternative, Demand, Need
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest
from runtimes.network import origin_of
from runtimes.vault_steps import VaultSteps

UNAUTHORIZED = 401
"""The status of a request whose credential is not taken: it was not carried out."""

VAULT_SHARE = 0.5
"""Of the time that a call has left, what the vault may take for one step: the rest is for the request, and for saying
what became of it."""


class Answered(Protocol):
    """What came of a request."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...


_Answer = TypeVar("_Answer", bound=Answered)


@dataclass(slots=True, kw_only=True)
class _Carried:
    """A credential while its call lasts."""

    demand: Demand
    flow: Flow
    attached: Attached

    async def told(self, status: int) -> Secret | None:
        """Has the vault know what became of it; another to try, if there is one. Raises: `CredentialError`."""
        try:
            return await self.flow.asend(status)
        except StopAsyncIteration:
            return None


@dataclass(frozen=True, slots=True)
class _Time:
    """Until when a call has to be over, by the monotonic clock."""

    deadline: float
    patience: float
    """Seconds that the vault may take for one step at most."""

    @property
    def left(self) -> float:
        """Seconds."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def vaults(self) -> float:
        """Seconds that the vault may take for one step."""
        return min(self.patience, self.left * VAULT_SHARE)


def _tokens_first(carried: Sequence[_Carried]) -> Iterator[list[_Carried]]:
    """Those that may be tokens, which a vault can renew, and those that a person has given."""
    for is_token in (True, False):
        yield [one for one in carried if isinstance(one.demand.scheme, Bearer) == is_token]


def _unsent(need: Need, error: CredentialError) -> InvocationError:
    message = f"nothing was sent: {need.what} needs a credential: {error}"
    return InvocationError(message, is_unsent=True)


def _shown(scheme: Scheme) -> Attached:
    place, name = place_of(scheme)
    words = "" if isinstance(scheme, ApiKey) else f"{type(scheme).__name__} "
    return Attached(place=place, name=name, value=Secret(words + MASK))


def previewed(alternatives: Sequence[Alternative]) -> tuple[Attached, ...]:
    """What goes out with a request, without the secrets."""
    return tuple(_shown(demand.scheme) for demand in next(iter(alternatives), ()))


class Authorized:
    """Sends requests of one runtime object."""

    def __init__(self, vault: Vault, auth: AuthReference, plugin: str, *, patience: float = math.inf) -> None:
        """The vault may take so many seconds for a step, and no more than its share of what a call has left."""
        self._patience = patience
        self._vault = vault
        self._auth = auth
        self._plugin = plugin
        self._steps = VaultSteps()

    async def settled(self) -> None:
        """As `VaultSteps.settled`."""
        await self._steps.settled()

    async def send(
        self, need: Need, person: str, request: HttpRequest, send: Callable[[HttpRequest], Awaitable[_Answer]]
    ) -> _Answer:
        """The answer to a request with the person's credentials; a call that they are not taken for is made once more
        where the vault has others by then. `request.timeout` is for all of it, also for what the vault does: where
        that takes too long nothing is sent, or the answer stays the one that was had.

        Raises: `InvocationError`.
        """
        if not need.alternatives:
            return await send(request)
        time_of_call = _Time(time.monotonic() + request.timeout, self._patience)
        async with self._begun(need, person, time_of_call) as carried:
            attempt = 1
            while True:
                attached = tuple(one.attached for one in carried)
                response = await send(replace(request, attached=attached, timeout=time_of_call.left))
                may_renew = response.status == UNAUTHORIZED and await self._renewed(carried, time_of_call)
                if not may_renew or attempt == MAX_ATTEMPTS:
                    return response
                attempt += 1

    async def _renewed(self, carried: list[_Carried], time_of_call: _Time) -> bool:
        """True where a vault has something else to try; one that cannot have it leaves the answer as it is.

        Of several credentials nobody knows which one was not taken: tokens are renewed first, and only where none can
        be, all are told of it.

        Raises: `InvocationError` where the person has to sign in.
        """
        needed: SignInNeeded | None = None
        for some in _tokens_first(carried):
            has_another = False
            for one in some:
                try:
                    secret = await self._steps.taken(one.told(UNAUTHORIZED), time_of_call.vaults)
                    if secret is not None:
                        one.attached = attach(one.demand.scheme, secret)
                        has_another = True
                except SignInNeeded as error:
                    needed = needed or error
                except CredentialError:
                    continue
            if has_another:
                return True
        if needed is not None:
            message = f"the API does not accept the credential: {needed}"
            raise InvocationError(message, not_executed="sign-in")
        return False

    async def sign_in(self, need: Need, person: str) -> SignIn | None:
        """What the person has to do before such a request can be sent: of the alternatives the first that they can
        have, where none can be had as it is.

        Raises: `InvocationError` where that cannot be said: none is registered, or the vault is in trouble.
        """
        wanted: SignIn | None = None
        missing: CredentialMissing | None = None
        for alternative in need.alternatives:
            try:
                needed = await self._needed(need, alternative, person)
            except CredentialMissing as error:
                missing = missing or error
                continue
            except CredentialError as error:
                raise _unsent(need, error) from None
            if needed is None:
                return None
            wanted = wanted or needed
        if wanted is None and missing is not None:
            raise _unsent(need, missing)
        return wanted

    async def _needed(self, need: Need, alternative: Alternative, person: str) -> SignIn | None:
        """What the person has to do first for these; None where nothing. Nobody is sent to sign in for some of them
        where another one cannot be had at all.

        Raises: `CredentialError`.
        """
        needed: SignIn | None = None
        for demand in alternative:
            use = self._use(need, demand, person, is_part=len(alternative) > 1)
            try:
                await self._steps.taken(self._vault.ready(use))
            except SignInNeeded as error:
                needed = needed or error.sign_in
            except CredentialMissing:
                raise
            except CredentialError:
                if needed is None:
                    raise
        return needed

    @asynccontextmanager
    async def _begun(self, need: Need, person: str, time_of_call: _Time) -> AsyncGenerator[list[_Carried]]:
        """The credentials of the first alternative that the vault has. Raises: `InvocationError`."""
        missing: CredentialMissing | None = None
        async with AsyncExitStack() as stack:
            for alternative in need.alternatives:
                try:
                    carried = await self._carried(need, alternative, person, stack, time_of_call)
                except CredentialMissing as error:
                    missing = missing or error
                except CredentialError as error:
                    raise _unsent(need, error) from None
                else:
                    break
            else:
                raise _unsent(need, missing or CredentialMissing("there is none")) from None
            yield carried

    async def _carried(
        self,
        need: Need,
        alternative: Alternative,
        person: str,
        stack: AsyncExitStack,
        time_of_call: _Time,
    ) -> list[_Carried]:
        """Raises: `CredentialError`."""
        carried: list[_Carried] = []
        for demand in alternative:
            use = self._use(need, demand, person, is_part=len(alternative) > 1)
            flow = self._vault.flow(use)
            stack.push_async_callback(self._steps.closed, flow)
            secret = await self._steps.taken(anext(flow, None), time_of_call.vaults)
            if secret is None:
                raise CredentialMissing(f"the vault gives no credential {use.name!r} for {person!r}")
            carried.append(_Carried(demand=demand, flow=flow, attached=attach(demand.scheme, secret)))
        return carried

    def _use(self, need: Need, demand: Demand, person: str, *, is_part: bool) -> CredentialUse:
        return CredentialUse(
            reference=self._auth.reference_id or "",
            part=demand.name if is_part else "",
            person=person,
            plugin=self._plugin,
            origin=str(origin_of(need.server)),
            scheme=demand.scheme,
            scopes=self._auth.scopes,
        )
