"""Whatever persons do in whatever order, nobody gets what is another's, and nothing goes where it is not for."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs

import httpx2
from hypothesis import given, settings
from hypothesis import strategies as st

from auth import Bearer, CredentialError, CredentialUse, Secret
from auth.credentials import Given, Tokens
from auth.keys import GivenKeys, new_key
from auth.registration import Grant, OAuthRegistration, Provider, Registration, SecretRegistration
from auth.rows import SHARED, RowsInMemory
from auth.sealed import SealedRecords
from auth.stored import StoredVault
from tests.rounds import rounds
from tests.servers.stored_vaults import Clock

PERSONS = ("ada", "bob", "ada/ref", "ref")
NAMES = ("ref", "ref/app", "ada")
ORIGINS = ("https://one.example", "https://two.example")

Kind = Literal["secret", "login", "traded"]
KINDS: tuple[Kind, ...] = ("secret", "login", "traded")
PROVIDER = Provider(token_endpoint="https://id.example/token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """Somebody, or an administrator, registers something."""

    owner: str
    name: str
    kind: Kind
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignsIn:
    """A person gives a key, or logs in."""

    person: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """A person's call, with the statuses of its answers."""

    person: str
    name: str
    origin: str
    statuses: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgets:
    """Somebody wants to be rid of something."""

    owner: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Time goes by."""

    seconds: float


Step = Registers | SignsIn | Calls | Forgets | Waits

_owners, _persons, _names = st.sampled_from((*PERSONS, SHARED)), st.sampled_from(PERSONS), st.sampled_from(NAMES)
_origins = st.sampled_from(ORIGINS)
STEPS = st.lists(
    st.one_of(
        st.builds(Registers, owner=_owners, name=_names, kind=st.sampled_from(KINDS), origin=_origins),
        st.builds(SignsIn, person=_persons, name=_names),
        st.builds(SignsIn, person=_persons, name=_names),
        st.builds(
            Calls,
            person=_persons,
            name=_names,
            origin=_origins,
            statuses=st.lists(st.sampled_from((200, 401)), max_size=2).map(tuple),
        ),
        st.builds(Forgets, owner=_owners, name=_names),
        st.builds(Waits, seconds=st.sampled_from((30.0, 4000.0))),
    ),
    min_size=4,
    max_size=30,
)


def registration_of(kind: Kind, name: str) -> Registration:
    if kind == "secret":
        return SecretRegistration()
    grant: Grant = "authorization_code" if kind == "login" else "token_exchange"
    return OAuthRegistration(provider=PROVIDER, client_id="client", grant=grant, resource=name)


async def subject(person: str) -> Secret:
    """The token of the embedding program."""
    return Secret(f"subject|{person}")


@dataclass(slots=True)
class World:
    """A vault, and what is known of it without it; a credential says whose it is: `KIND|PERSON|NAME|NUMBER`."""

    clock: Clock = field(default_factory=Clock)
    number: int = 0
    places: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    given: int = 0

    def vault(self) -> StoredVault:
        """Over nothing yet."""
        records = SealedRecords(RowsInMemory(), GivenKeys(new_key()))
        transport = httpx2.MockTransport(self.answered)
        return StoredVault(records, lambda _: transport, clock=self.clock, subject=subject)

    def answered(self, request: httpx2.Request) -> httpx2.Response:
        """A token for who shows one, for whatever they ask it for."""
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        shown = form.get("refresh_token") or form["subject_token"]
        tokens = self.tokens(shown.split("|")[1], form["resource" if "resource" in form else "audience"])
        assert tokens.refresh is not None
        answer = {"access_token": tokens.access.reveal(), "token_type": "Bearer", "expires_in": 3600}
        return httpx2.Response(200, json={**answer, "refresh_token": tokens.refresh.reveal()})

    def tokens(self, person: str, name: str) -> Tokens:
        """Those of a new login."""
        self.number += 1
        access, refresh = f"access|{person}|{name}|{self.number}", f"refresh|{person}|{name}|{self.number}"
        return Tokens(access=Secret(access), refresh=Secret(refresh), expires=self.clock.now + 3600)

    def check(self, secret: Secret, call: Calls) -> None:
        """Whose it is, and that it may go there."""
        _, person, name, _ = secret.reveal().split("|")
        assert (person, name) == (call.person, call.name)
        own = self.places.get((call.person, call.name))
        assert call.origin == (own or self.places[SHARED, call.name])
        self.given += 1


async def called(vault: StoredVault, world: World, call: Calls) -> None:
    use = CredentialUse(reference=call.name, person=call.person, plugin="p", origin=call.origin, scheme=Bearer())
    async with aclosing(vault.flow(use)) as flow:
        try:
            world.check(await anext(flow), call)
            for status in call.statuses:
                world.check(await flow.asend(status), call)
        except (CredentialError, StopAsyncIteration):
            return


async def signed_in(vault: StoredVault, world: World, step: SignsIn) -> None:
    registered = await vault.registered(step.person, step.name)
    match registered.registration if registered is not None else None:
        case OAuthRegistration(grant="authorization_code"):
            await vault.keep(step.person, step.name, world.tokens(step.person, step.name))
        case SecretRegistration():
            world.number += 1
            value = Secret(f"key|{step.person}|{step.name}|{world.number}")
            await vault.keep(step.person, step.name, Given(value=value))
        case _:
            return


async def done(vault: StoredVault, world: World, step: Step) -> None:
    match step:
        case Registers(owner=owner, name=name, kind=kind, origin=origin):
            await vault.register(owner, name, registration_of(kind, name), [origin])
            world.places[owner, name] = origin
        case SignsIn():
            await signed_in(vault, world, step)
        case Calls():
            await called(vault, world, step)
        case Forgets(owner=owner, name=name):
            await vault.forget(owner, name)
            world.places.pop((owner, name), None)
        case Waits(seconds=seconds):
            world.clock.now += seconds


async def checked(vault: StoredVault, world: World) -> None:
    """What each person sees in the end is theirs or everybody's."""
    for person in PERSONS:
        listed = await vault.listed(person)
        assert {one.owner for one in listed} <= {person, SHARED}
        for one in listed:
            credential = await vault.credential(person, one.name)
            assert credential is None or f"|{person}|{one.name}|" in _shown(credential)


def _shown(credential: Given | Tokens) -> str:
    return credential.value.reveal() if isinstance(credential, Given) else credential.access.reveal()


@settings(max_examples=rounds(1.5))
@given(STEPS)
def test_nobody_ever_gets_what_is_anothers(steps: list[Step]) -> None:
    async def run() -> None:
        world = World()
        vault = world.vault()
        for step in steps:
            await done(vault, world, step)
        await checked(vault, world)

    asyncio.run(run())


def test_these_worlds_do_give_credentials() -> None:
    """Else the property would say nothing."""

    async def run() -> int:
        world = World()
        vault = world.vault()
        for number, kind in enumerate(KINDS):
            await done(vault, world, Registers(owner=SHARED, name=NAMES[number], kind=kind, origin=ORIGINS[0]))
            for person in PERSONS:
                await done(vault, world, SignsIn(person=person, name=NAMES[number]))
                call = Calls(person=person, name=NAMES[number], origin=ORIGINS[0], statuses=(401, 200))
                await done(vault, world, call)
        return world.given

    # a key has nothing to try after a refusal; tokens are renewed
    assert asyncio.run(run()) == len(PERSONS) * (1 + 2 + 2)
