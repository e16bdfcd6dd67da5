"""How a reply that is written ends, as a model of the host says it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.model.base import ModelCall, ReplyEnd, Usage
from orchestrator.testing.format.conversation import ModelCall as WrittenCall
from orchestrator.testing.format.conversation import TokenCount
from runtimes.values import dump_json


def reply_end(calls: Sequence[WrittenCall], tokens: TokenCount | None, ids: Iterator[str]) -> ReplyEnd:
    """The calls, each with the next of the ids, and the tokens."""
    made = tuple(
        ModelCall(
            id=next(ids), tool=call.call, arguments=call.with_ if isinstance(call.with_, str) else dump_json(call.with_)
        )
        for call in calls
    )
    usage = Usage(input_tokens=tokens.input, output_tokens=tokens.output) if tokens is not None else None
    return ReplyEnd(calls=made, usage=usage)
