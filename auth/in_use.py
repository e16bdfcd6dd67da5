"""The secrets that are in use in a process, so that they can be taken out of whatever is said, shown or kept."""

from __future__ import annotations

from auth.masking import Masker
from auth.secret import Secret

MAX_KNOWN = 256
"""Secrets that are looked for: those that were used last."""


class SecretsInUse:
    """Learns each secret where it is read or received, and takes all of them out of texts."""

    def __init__(self) -> None:
        self._known: dict[Secret, str] = {}
        self._masker = Masker({})

    def __repr__(self) -> str:
        """Tells no secret."""
        return f"<SecretsInUse of {len(self._known)}>"

    def __bool__(self) -> bool:
        return bool(self._known)

    def learn(self, name: str, *secrets: Secret) -> None:
        """From now on these are looked for; `name` stands in their place."""
        new = [secret for secret in secrets if secret not in self._known]
        if not new:
            return
        self._known |= dict.fromkeys(new, name)
        self._known = dict([*self._known.items()][-MAX_KNOWN:])
        self._masker = Masker(self._by_name())

    def _by_name(self) -> dict[str, str]:
        """The secrets, each by a name of its own."""
        named: dict[str, str] = {}
        for number, (secret, name) in enumerate(self._known.items(), start=1):
            named[f"{name}:{number}" if name in named else name] = secret.reveal()
        return named

    def masked(self, text: str) -> str:
        """The text without the secrets."""
        return self._masker.masked(text) if self._known else text

    def masked_bytes(self, data: bytes) -> bytes:
        """The same for encoded text, as `Masker.masked_bytes`."""
        return self._masker.masked_bytes(data) if self._known else data
