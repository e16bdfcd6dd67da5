"""One input of a fuzz run over local plugins: a spoilt stream of JSON-RPC, cut into pieces, as a program may send it.

python -m tests.fuzz.streams --inputs 100000 --seed 1
python -m tests.fuzz.streams --seed 1 --only 4711
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from dataclasses import dataclass
from random import Random

from runtimes.local.connection import Connection
from runtimes.local.framing import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, Frames, Spoken, framed
from runtimes.local.messages import METHOD_NOT_FOUND, Answer, Demand, Fault, Message, Unreadable
from runtimes.values import Json, dump_json
from tests.fuzz.mutation import SPANS

OPEN = 4
"""Requests that wait for answers."""

MAX_MESSAGES = 8
"""Messages of a stream, before it is spoilt."""

ODD: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 1.0, 1.5, 10**30, 1e308, "", "1", "2.0", "x" * 300, "\u2028", [], [1], {},
    {"id": 1}, [[[]]], "Content-Length: 5",
)  # fmt: skip
"""What stands where something else is wanted."""

PIECES = (
    *SPANS, b"\r\n\r\n", b"\n\n", b"Content-Length: 5\r\n\r\n", b"content-length: -1\r\n\r\n", b"Content-Length: 9",
    b"Content-Length: 99999999999\r\n\r\n", b"Content-Type: x\r\n", b'"id":1', b'"result":', b'"method":"m"', b"[]",
    b"{}", b'{"jsonrpc":"2.0","id":2,"result":NaN}\n', b"log: done\n", b" " * 100, b"x" * (MAX_HEADER_BYTES + 1),
)  # fmt: skip
"""What is put between bytes, beside what breaks documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What a program sends; `of` makes it of a number."""

    pieces: tuple[bytes, ...]
    spoken: Spoken | None
    """What we were told that it speaks."""


def _message(chance: Random, depth: int = 0) -> Json:
    identifier: Json = chance.choice((1, 2, 3, 4, chance.choice(ODD)))
    made: dict[str, Json]
    match chance.randrange(6):
        case 0:
            made = {"id": identifier, "result": chance.choice(ODD)}
        case 1:
            error: dict[str, Json] = {"code": chance.choice((5, *ODD)), "message": chance.choice(("no", *ODD))}
            made = {"id": identifier, "error": chance.choice((error, error, *ODD))}
        case 2:
            made = {"method": chance.choice(("$/progress", "$/cancelRequest", *ODD)), "params": chance.choice(ODD)}
        case 3:
            made = {"method": "host/ask", "id": identifier, "params": chance.choice(ODD)}
        case 4 if depth < 2:
            return [_message(chance, depth + 1) for _ in range(chance.choice((0, 1, 2, 5)))]
        case _:
            return chance.choice(ODD)
    return {"jsonrpc": chance.choice(("2.0", "2.0", "2.0", "2.0", "1.0")), **made}


def _spoilt(data: bytes, chance: Random) -> bytes:
    text = bytearray(data)
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice((1, 2, 10, 100)))
        match chance.randrange(5):
            case 0:
                text[at:end] = bytes(byte ^ 1 << chance.randrange(8) for byte in text[at:end])
            case 1:
                del text[at:end]
            case 2:
                text[at:at] = text[at:end] * 2
            case _:
                text[at:at] = chance.choice(PIECES)
    return bytes(text)


def of(run: int, index: int) -> Stream:
    """Input number `index` of a run: always the same."""
    chance = Random(f"{run}:{index}")
    spoken: Spoken = chance.choice(("lines", "headers"))
    messages = [_message(chance) for _ in range(chance.randrange(MAX_MESSAGES + 1))]
    data = _spoilt(b"".join(framed(dump_json(message).encode(), spoken) for message in messages), chance)
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice((0, 1, 5, 50))))
    places = [0, *cuts, len(data)]
    pieces = tuple(data[start:end] for start, end in itertools.pairwise(places))
    return Stream(pieces=pieces, spoken=chance.choice((None, spoken)))


def _settled(messages: list[Message]) -> set[int]:
    settled = [one.id for one in messages if isinstance(one, Answer | Fault | Unreadable) and one.id is not None]
    assert len(settled) == len(set(settled))
    assert set(settled) <= set(range(1, OPEN + 1))
    return set(settled)


def _check_sent(sent: bytes) -> None:
    assert b"\n" not in sent
    assert len(sent) <= MAX_MESSAGE_BYTES
    value: Json = json.loads(sent)
    for one in value if isinstance(value, list) else [value]:
        assert isinstance(one, dict)
        assert one["jsonrpc"] == "2.0"
        assert ("result" in one) != ("error" in one)


def check(stream: Stream) -> str:
    """What must hold of any stream is asserted; a word on what came of it, for statistics."""
    frames, whole = Frames(stream.spoken), Frames(stream.spoken)
    cut = [message for piece in stream.pieces for message in frames.receive(piece)]
    assert (whole.receive(b"".join(stream.pieces)), whole.broken, whole.spoken) == (cut, frames.broken, frames.spoken)
    assert all(len(message) <= MAX_MESSAGE_BYTES for message in cut)
    connection = Connection()
    for _ in range(OPEN):
        connection.request("f", {})
    messages = [one for message in cut for one in connection.receive(message)]
    settled = _settled(messages)
    for number, demand in enumerate(one for one in messages if isinstance(one, Demand)):
        answer = connection.answer(demand, number) if number % 2 else connection.refuse(demand, METHOD_NOT_FOUND, "no")
        if answer:
            _check_sent(answer)
    for reply in connection.take_replies():
        _check_sent(reply)
    _check_usable(connection, settled)
    return "broken" if frames.broken else "messages" if messages else "nothing"


def _check_usable(connection: Connection, settled: set[int]) -> None:
    """Whatever came, what is open is open, what is settled is not, and the next call works."""
    outgoing = connection.request("f", {})
    for number in (outgoing.id, *range(1, OPEN + 1)):
        (read,) = connection.receive(dump_json({"jsonrpc": "2.0", "id": number, "result": "fine"}).encode())
        assert isinstance(read, Unreadable if number in settled else Answer)


def _run(options: argparse.Namespace) -> None:
    words: dict[str, int] = {}
    for index in range(options.inputs) if options.only is None else [options.only]:
        try:
            word = check(of(options.seed, index))
        except BaseException:
            sys.stdout.write(f"input {index} of the run {options.seed}:\n{of(options.seed, index)}\n")
            raise
        words[word] = words.get(word, 0) + 1
    sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="one input, by its number")
    _run(parser.parse_args())
