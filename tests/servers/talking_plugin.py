"""A plugin that is the same whatever carries its messages; run as a program, it speaks over its standard streams.

    python talking_plugin.py [lines | headers]

It answers what it can at once, and says nothing where it has to wait. Needs the standard library only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

LONG_BYTES = 2 * 1024 * 1024
"""How long an answer is that is too long."""

Params = dict[str, object]


class Ended(Exception):
    """The plugin leaves in the middle of a call."""


def written(**message: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **message}).encode()


class TalkingPlugin:
    """What it has been asked, and what it says to that."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        """The notifications that have come, beside cancellations."""
        self._waiting: set[object] = set()
        self._cancelled = 0
        self._gathered: list[tuple[object, object]] = []
        self._functions: dict[str, Callable[[object, Params], Iterator[bytes]]] = {
            "echo": self._echo,
            "fail": self._fail,
            "wait": self._wait,
            "cancelled": self._count,
            "progress": self._progress,
            "ask": self._ask,
            "gather": self._gather,
            "long": self._long,
            "garbage": self._garbage,
            "end": self._end,
        }

    def take(self, text: bytes) -> Iterator[bytes]:
        """What it says to one message. Raises: `Ended`."""
        message = json.loads(text)
        number, params = message.get("id"), message.get("params", {})
        if "method" not in message:
            yield written(id=self._asking(number), result=message["result"])
        elif message["method"] == "$/cancelRequest":
            yield from self._cancel(params["id"])
        elif number is None:
            self.notes.append(message["method"])
        elif function := self._functions.get(message["method"]):
            yield from function(number, params)
        else:
            yield written(id=number, error={"code": -32601, "message": "there is no such function"})

    def _asking(self, question: object) -> int:
        """The call that a question belongs to."""
        return int(str(question).removeprefix("for-"))

    def _cancel(self, number: object) -> Iterator[bytes]:
        if number in self._waiting:
            self._waiting.discard(number)
            self._cancelled += 1
            yield written(id=number, error={"code": -32800, "message": "withdrawn"})

    def _echo(self, number: object, params: Params) -> Iterator[bytes]:
        yield written(id=number, result={"text": params["text"]})

    def _fail(self, number: object, params: Params) -> Iterator[bytes]:
        del params
        yield written(id=number, error={"code": 7, "message": "out of order"})

    def _wait(self, number: object, params: Params) -> Iterator[bytes]:
        del params
        self._waiting.add(number)
        yield from ()

    def _count(self, number: object, params: Params) -> Iterator[bytes]:
        del params
        yield written(id=number, result=self._cancelled)

    def _progress(self, number: object, params: Params) -> Iterator[bytes]:
        for step in range(int(str(params["steps"]))):
            text = f"step {step + 1} of {params['steps']}"
            yield written(method="$/progress", params={"id": number, "message": text})
        yield written(id=number, result={"steps": params["steps"]})

    def _ask(self, number: object, params: Params) -> Iterator[bytes]:
        question = {"call": number, "text": params["text"]}
        yield written(id=f"for-{number}", method="host/confirm", params=question)

    def _gather(self, number: object, params: Params) -> Iterator[bytes]:
        """Waits until there are `of` calls, and answers the last one first."""
        self._gathered.append((number, params["text"]))
        if len(self._gathered) == params["of"]:
            for one, text in reversed(self._gathered):
                yield written(id=one, result={"text": text})
            self._gathered.clear()

    def _long(self, number: object, params: Params) -> Iterator[bytes]:
        del params
        yield written(id=number, result="x" * LONG_BYTES)

    def _garbage(self, number: object, params: Params) -> Iterator[bytes]:
        del params
        yield b'{"jsonrpc": "2.0", "id": %d, "result": oops' % int(str(number))

    def _end(self, number: object, params: Params) -> Iterator[bytes]:
        del number, params
        raise Ended
        yield b""


def _read_message(*, with_headers: bool) -> bytes:
    """The next message on standard input; empty at its end."""
    line = sys.stdin.buffer.readline()
    if not with_headers or not line:
        return line
    length = int(line.partition(b":")[2])
    while line.strip():
        line = sys.stdin.buffer.readline()
    return sys.stdin.buffer.read(length)


def main() -> None:
    with_headers = "headers" in sys.argv[1:]
    plugin = TalkingPlugin()
    while text := _read_message(with_headers=with_headers):
        for said in plugin.take(text):
            framed = b"Content-Length: %d\r\n\r\n%b" % (len(said), said) if with_headers else said + b"\n"
            sys.stdout.buffer.write(framed)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    try:
        main()
    except Ended:
        sys.exit(3)
