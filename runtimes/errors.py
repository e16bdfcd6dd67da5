"""The errors of the runtimes.

* RuntimeProblem          something about a runtime that a person has to mend
  + RuntimeUnavailable    the runtime cannot be opened: its functions are disabled with the reason
    - ServerUnknown         no function of it has the server that was asked for
  + FetchError            a document could not be had
* InvocationError         a call had no answer; says whether it may have been carried out
"""

from __future__ import annotations

from typing import Literal

NotExecutedCause = Literal["connect", "rate", "sign-in"]
"""`sign-in`: the credential was not accepted, and the person has to sign in before the call is made once more."""


class RuntimeProblem(Exception):
    """Base of what a person has to mend."""


class RuntimeUnavailable(RuntimeProblem):
    """The runtime cannot be opened; the message is the reason shown for each of its functions."""


class ServerUnknown(RuntimeUnavailable):
    """No function of the runtime has the server that was asked for (`RuntimeSpec.server`); the message lists some."""


class FetchError(RuntimeProblem):
    """A document could not be had; the message names it without its query."""


class InvocationError(Exception):
    """No answer could be had (an answer that reports a failure is a `CallResult` with `is_error`).

    The message is shown to the model and the person: no secret, no header, no query string.
    """

    def __init__(
        self,
        message: str,
        *,
        not_executed: NotExecutedCause | None = None,
        is_lost: bool = False,
        is_final: bool = False,
        is_unsent: bool = False,
        quoted: str = "",
    ) -> None:
        super().__init__(f"{message}; it says: {quoted}" if quoted else message)
        self.reason = message
        """The message without what it quotes."""
        self.quoted = quoted
        """The beginning of what the other side said, in one line: part of an answer, to be redacted as one."""
        self.not_executed: NotExecutedCause | None = not_executed
        """Why the call was certainly not carried out; None where that is not known."""
        self.is_lost = is_lost
        """True when the request was sent and its connection broke: the same request may succeed."""
        self.is_final = is_final
        """True when the runtime has repeated the call as often as makes sense: whoever called does not."""
        self.is_unsent = is_unsent
        """True when nothing was sent, and the same call would not be either: it has failed, and is not unknown."""

    def retold(self, quoted: str) -> InvocationError:
        """The same error with other words of the other side; none where they are empty."""
        return InvocationError(
            self.reason,
            not_executed=self.not_executed,
            is_lost=self.is_lost,
            is_final=self.is_final,
            is_unsent=self.is_unsent,
            quoted=quoted,
        )
