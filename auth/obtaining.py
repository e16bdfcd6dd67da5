"""Gets credentials that can be sent: what is kept, or what a provider gives for it, for one person each time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio

from auth.credentials import Given, Tokens
from auth.due import Due, Want, bound_tokens, due, is_alike, refused, sign_in
from auth.errors import CredentialError, CredentialMissing, ProviderError, SignInNeeded
from auth.freshness import login_of, mark_of, noted, united
from auth.registration import LOGINS, OAuthRegistration
from auth.renewing import GONE, PATIENCE_SECONDS, Renewal, Renewing, is_unchanged
from auth.secret import Secret
from auth.shelf import Kept, Shelf, credential_key

if TYPE_CHECKING:
    from auth.oauth.grants import Grants

MAX_ROUNDS = 4
"""How often it is looked again at what others have kept meanwhile."""

REVOKE_SECONDS = 10.0
"""How long a provider may take to hear that tokens are not wanted any more."""

NO_LOGIN = "none"
"""The mark of a login that is not there: nothing comes of it."""

SubjectToken = Callable[[str], Awaitable[Secret | None]]
"""The token with which a person has signed in to the embedding program; None where they have not."""

GrantsOf = Callable[[OAuthRegistration], "Grants"]
"""What is asked of an authorization server."""

_Fetch = Callable[[], Awaitable[Tokens]]


def secret_of(kept: Kept) -> Secret:
    """What is sent."""
    return kept.credential.value if isinstance(kept.credential, Given) else kept.credential.access


def _renewable(want: Want, kept: Kept) -> Due | None:
    registration = want.registered.registration
    if not isinstance(registration, OAuthRegistration) or isinstance(kept.credential, Given):
        return None
    if registration.grant not in LOGINS:
        return "fetch"
    return "refresh" if kept.credential.refresh is not None else None


class Obtaining:
    """Gets credentials from a shelf, and for it."""

    def __init__(
        self,
        shelf: Shelf,
        grants: GrantsOf,
        *,
        clock: Callable[[], float],
        subject: SubjectToken | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._shelf = shelf
        self._grants = grants
        self._clock = clock
        self._subject = subject
        self._renewing = Renewing(shelf, patience=patience)

    async def want(
        self, person: str, name: str, *, scopes: tuple[str, ...] = (), traded_for: tuple[str, ...] = ()
    ) -> Want:
        """What holds for the person. Raises: `CredentialMissing` where it is not registered, `VaultError`."""
        registered = await self._shelf.registered(person, name)
        if registered is None:
            raise CredentialMissing(f"the credential {name!r} is not registered; add it: orchestrator auth add {name}")
        return Want(person=person, registered=registered, scopes=scopes, traded_for=traded_for)

    async def obtained(self, want: Want) -> Kept:
        """The person's credential as it can be sent; what has expired is renewed.

        Raises: `CredentialMissing`, `ProviderError`, `VaultError`.
        """
        kept, now = await self._shelf.kept(credential_key(want.person, want.name)), self._clock()
        what = await self._due(want, kept, now)
        for _ in range(MAX_ROUNDS):
            if kept is not None and what == "nothing":
                return kept
            kept = await self._renewed(want, kept, what)
            what = await self._due(want, kept, None)
        raise ProviderError(f"the credential {want.name!r} changes all the time; try again later", may_pass=True)

    async def another(self, want: Want, unwanted: Kept) -> Kept | None:
        """What may be sent in the place of what an API has not taken; None where there is nothing.

        Raises: `CredentialMissing`, `ProviderError`, `VaultError`.
        """
        kept = await self._shelf.kept(unwanted.key)
        what = await self._due(want, kept, None)
        if not is_unchanged(kept, unwanted):
            return kept if what == "nothing" else None
        renewal = _renewable(want, unwanted)
        if renewal is None:
            return None
        kept = await self._renewed(want, kept, renewal)
        return kept if await self._due(want, kept, None) == "nothing" else None

    async def unwanted(self, want: Want, kept: Kept) -> SignInNeeded | None:
        """Keeps in mind that a credential is not taken; None where no person can mend that.

        Raises: `CredentialMissing`, `VaultError`.
        """
        registration = want.registered.registration
        if isinstance(registration, OAuthRegistration) and registration.grant not in LOGINS:
            return await self._subject_again(want, registration)
        await self._renewing.mark(kept)
        return refused(want, bound_tokens(kept, want.registered))

    async def taken(self, person: str, name: str) -> Kept | None:
        """As `Renewing.taken`. Raises: `VaultError`."""
        return await self._renewing.taken(credential_key(person, name))

    async def revoked(self, registration: OAuthRegistration, tokens: Tokens) -> bool:
        """True when the provider has agreed, in good time, to take the tokens no more."""
        with anyio.move_on_after(REVOKE_SECONDS), suppress(CredentialError):
            return await self._grants(registration).revoked(tokens)
        return False

    async def _due(self, want: Want, kept: Kept | None, now: float | None) -> Due:
        """As `due`, with the login that what is traded has to come of. Raises: `CredentialMissing`, `VaultError`."""
        return due(replace(want, login=await self._login(want)), kept, now)

    async def _login(self, want: Want) -> str | None:
        """The mark of the login that is traded, also by way of others; None where none is.

        Raises: `CredentialMissing`, `VaultError`.
        """
        registration = want.registered.registration
        if not isinstance(registration, OAuthRegistration) or registration.grant == "client_credentials":
            return None
        if registration.grant in LOGINS:
            return None
        if not registration.subject:
            return mark_of(await self._signed_in(want))
        subject = await self._subject_want(want, registration)
        if (login := await self._login(subject)) is not None:
            return login
        kept = await self._shelf.kept(credential_key(want.person, subject.name))
        return NO_LOGIN if kept is None else login_of(kept.credential)

    async def _check(self, want: Want) -> None:
        """Raises: `CredentialMissing` where it is not registered any more as it was; `VaultError`."""
        now = await self.want(want.person, want.name)
        if not is_alike(want.registered, now.registered):
            raise CredentialMissing(f"the credential {want.name!r} was registered anew meanwhile; try again")

    async def _renewed(self, want: Want, kept: Kept | None, what: Due) -> Kept | None:
        """Raises: `CredentialMissing`, `ProviderError`, `VaultError`."""
        registration = want.registered.registration
        assert isinstance(registration, OAuthRegistration)
        tokens = bound_tokens(kept, want.registered)
        if what == "refresh" and tokens is not None:
            fetch = self._refresh(registration, tokens)
        else:
            fetch = await self._fetch(want, registration, () if tokens is None else tokens.asked)
        renewal = Renewal(
            key=credential_key(want.person, want.name),
            seen=kept,
            origins=want.registered.origins,
            is_refresh=what == "refresh",
            fetch=fetch,
            check=partial(self._check, want),
            revoke=partial(self.revoked, registration),
        )
        try:
            return await self._renewing.renewed(renewal)
        except ProviderError as error:
            raise await self._told(want, registration, error) from None

    async def _told(self, want: Want, registration: OAuthRegistration, error: ProviderError) -> CredentialError:
        """The error in words for who wants the credential. Raises: `CredentialMissing`, `VaultError`."""
        if error.may_pass:
            message = f"the credential {want.name!r} could not be renewed just now; try again later: {error}"
            return ProviderError(message, code=error.code, may_pass=True)
        needed = await self._subject_again(want, registration) if error.code in GONE else None
        return needed or ProviderError(f"there are no tokens for {want.name!r}: {error}", code=error.code)

    def _refresh(self, registration: OAuthRegistration, tokens: Tokens) -> _Fetch:
        async def refresh() -> Tokens:
            new = await self._grants(registration).renewed(tokens)
            whole = replace(new, scopes=new.scopes or tokens.scopes, subject=new.subject or tokens.subject)
            return noted(whole, registration, tokens.asked, self._clock(), login=tokens.login)

        return refresh

    async def _fetch(self, want: Want, registration: OAuthRegistration, asked: tuple[str, ...]) -> _Fetch:
        """Raises: `CredentialMissing`, `ProviderError`, `VaultError`."""
        scopes = united(registration.scopes, want.scopes, asked)
        is_traded = registration.grant != "client_credentials"
        subject, login = await self._subject_token(want, registration) if is_traded else (None, "")

        async def fetch() -> Tokens:
            grants = self._grants(registration)
            new = await (grants.client_credentials(scopes) if subject is None else grants.exchanged(subject, scopes))
            return noted(new, registration, scopes, self._clock(), login=login)

        return fetch

    async def _subject_token(self, want: Want, registration: OAuthRegistration) -> tuple[Secret, str]:
        """What is traded, and the mark of the login that it comes of.

        Raises: `CredentialMissing`, `ProviderError`, `VaultError`.
        """
        if registration.subject:
            kept = await self.obtained(await self._subject_want(want, registration))
            return secret_of(kept), login_of(kept.credential)
        token = await self._signed_in(want)
        return token, mark_of(token)

    async def _signed_in(self, want: Want) -> Secret:
        """The token with which the person has signed in to the embedding program: it is asked each time, so that
        nothing goes out for somebody who has signed out. Raises: `CredentialMissing`."""
        token = await self._subject(want.person) if self._subject is not None else None
        if token is None:
            raise CredentialMissing(f"the credential {want.name!r} is for who is signed in, and {want.person!r} is not")
        self._shelf.learn(want.name, token)
        return token

    async def _subject_want(self, want: Want, registration: OAuthRegistration) -> Want:
        """Raises: `CredentialMissing`, `VaultError`."""
        traded_for = (*want.traded_for, want.name)
        if registration.subject in traded_for:
            way = " -> ".join(map(repr, (*traded_for, registration.subject)))
            raise CredentialMissing(f"a credential cannot be traded for itself: {way}; register another subject")
        return await self.want(want.person, registration.subject, traded_for=traded_for)

    async def _subject_again(self, want: Want, registration: OAuthRegistration) -> SignInNeeded | None:
        """The login to make anew where what it is traded for is not given or not taken; None where it is not ours.

        Raises: `CredentialMissing`, `VaultError`.
        """
        if registration.grant in LOGINS or not registration.subject:
            return None
        subject = await self._subject_want(want, registration)
        return sign_in(subject, f"the login for {subject.name!r} is not accepted any more for {want.name!r}")
