"""What the model says at a point of a conversation: a request is made and read, and becomes a fact."""

from __future__ import annotations

from collections.abc import AsyncIterator

from auth import SecretsInUse
from orchestrator.events import AnswerReceived, ReplyReceived
from orchestrator.model.base import ChatModel, ModelDelta, ReasoningRequest, RespondingRequest
from orchestrator.policy.rules import Policy
from orchestrator.response.addresses import Addresses
from orchestrator.signals import State
from orchestrator.turn.history import History
from orchestrator.turn.leading import addresses_of
from orchestrator.turn.replies import Emit, Written, read_reply, with_ids
from orchestrator.turn.requests import Requests


class Speaker:
    """The model of one turn; what it writes is streamed as it comes."""

    def __init__(
        self,
        model: ChatModel,
        requests: Requests,
        policy: Policy,
        emit: Emit | None,
        secrets: SecretsInUse | None = None,
    ) -> None:
        self._model = model
        self._requests = requests
        self._policy = policy
        self._emit = emit
        self._secrets = secrets if secrets is not None else SecretsInUse()
        self._shown: list[str] = []

    @property
    def partial(self) -> str:
        """What has been shown of a reply that is still being written."""
        return "".join(self._shown)

    async def reason(self, history: History, *, is_shown: bool) -> ReplyReceived:
        """Calls or text; the text goes to the person as it comes where `is_shown`. Raises: `ModelError`."""
        request = self._requests.reasoning(history)
        reply = await self._read(self._model.reason(request), request, history, "reasoning", is_shown=is_shown)
        return ReplyReceived(text=reply.text, calls=with_ids(reply.end.calls), usage=reply.end.usage)

    async def respond(self, history: History, limit: str | None) -> ReplyReceived | AnswerReceived:
        """The answer, or calls where there may be none. Raises: `ModelError`."""
        request = self._requests.responding(history, limit)
        reply = await self._read(self._model.respond(request), request, history, "responding")
        usage = reply.end.usage
        if calls := with_ids(reply.end.calls):
            return ReplyReceived(text=reply.text, calls=calls, usage=usage, state="responding")
        return AnswerReceived(text=reply.text, usage=usage)

    async def disengage(self, history: History) -> AnswerReceived:
        """The last words. Raises: `ModelError`."""
        request = self._requests.disengaging(history)
        reply = await self._read(self._model.respond(request), request, history, "disengaging")
        return AnswerReceived(text=reply.text, usage=reply.end.usage)

    async def _read(
        self,
        deltas: AsyncIterator[ModelDelta],
        request: ReasoningRequest | RespondingRequest,
        history: History,
        state: State,
        *,
        is_shown: bool = True,
    ) -> Written:
        self._shown.clear()
        found: list[Addresses] = []

        def addresses() -> Addresses:
            if not found:
                found.append(addresses_of(request, history, self._requests.toolbox, self._policy))
            return found[0]

        written = await read_reply(
            deltas, state, self._emit, self._shown if is_shown else None, addresses, self._secrets
        )
        self._shown.clear()
        return written
