"""The secrets that are in use in a process, so that they can be taken out of whatever is said, shown or kept."""

from __future__ import annotations

from threading import Lock

from auth.masked_stream import MaskedStream
from auth.masking import Known, Masker, known, label_of
from auth.secret import Secret

MAX_KNOWN = 256
"""Secrets that are looked for: those that were used last."""


class SecretsInUse:
    """Learns each secret where it is read or received, and takes all of them out of texts.

    It may be used from several threads at once.
    """

    def __init__(self) -> None:
        self._known: dict[Secret, Known] = {}
        self._masker: Masker | None = Masker({})
        self._lock = Lock()

    def __repr__(self) -> str:
        """Tells no secret."""
        return f"<SecretsInUse of {len(self._known)}>"

    def __bool__(self) -> bool:
        return bool(self._known)

    def learn(self, name: str, *secrets: Secret) -> None:
        """From now on these are looked for; `name` stands in their place. Those that are too short are not."""
        with self._lock:
            kept = dict(self._known)
            labelled = {one.label for one in kept.values()}
            for secret in secrets:
                one = kept.pop(secret, None) or self._named(name, secret, labelled)
                if one is not None:
                    kept[secret] = one
                    labelled.add(one.label)
            if kept.keys() == self._known.keys():
                self._known = kept  # in another order: those that were used last are the last
                return
            self._known = dict([*kept.items()][-MAX_KNOWN:])
            self._masker = None

    @staticmethod
    def _named(name: str, secret: Secret, labelled: set[str]) -> Known | None:
        """A secret under a name of its own; None for one that is too short."""
        own, number = name, 1
        while label_of(own, secret.reveal()) in labelled and number <= MAX_KNOWN:
            number += 1
            own = f"{name}:{number}"
        return known(own, secret.reveal())

    def _current(self) -> Masker:
        """For what is known by now; made when somebody looks for it."""
        with self._lock:
            if self._masker is None:
                self._masker = Masker.of(self._known.values())
            return self._masker

    def masked(self, text: str) -> str:
        """The text without the secrets; the same object where it has none."""
        return self._current().masked(text) if self._known else text

    def masked_bytes(self, data: bytes) -> bytes:
        """The same for encoded text, as `Masker.masked_bytes`."""
        return self._current().masked_bytes(data) if self._known else data

    def stream(self) -> MaskedStream:
        """For a text that comes in pieces; it looks for what is known by the time of each piece."""
        return MaskedStream(self._current)
