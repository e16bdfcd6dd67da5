"""Building a request from arguments, beside `httpx2.Request` built by hand: microseconds for 1, 10 and 50 arguments.

    python benchmarks/request.py

Both start from the arguments of a call and end with a request that a transport can send. Ours looks up where each
argument goes, writes it in the style of its parameter, and guards the path, the headers and the server.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from urllib.parse import quote

import httpx2

from runtimes.http import HttpRequest
from runtimes.openapi.document import Description
from runtimes.openapi.operations import read_operation
from runtimes.openapi.request import ACCEPT, build_request
from runtimes.values import Json, JsonObject

COUNTS = (1, 10, 50)
"""How many arguments a request has: one of the path, the rest of the query."""

REPETITIONS = 15
"""How often each contender is timed; the two take turns."""

SERVER = "https://api.example/v1"


def _description(count: int) -> Description:
    parameters: list[Json] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    for number in range(count - 1):
        parameters.append({"name": f"filter{number}", "in": "query", "schema": {}})
    operation: JsonObject = {"operationId": "find", "parameters": parameters}
    root: JsonObject = {
        "openapi": "3.0.4",
        "servers": [{"url": SERVER}],
        "paths": {"/items/{id}/parts": {"get": operation}},
    }
    return Description(root, "")


def _arguments(count: int) -> JsonObject:
    values: tuple[Json, ...] = ("red", "two words", 17, True)
    filters: JsonObject = {f"filter{number}": values[number % len(values)] for number in range(count - 1)}
    return {"id": "item 1"} | filters


def _sendable(request: HttpRequest) -> httpx2.Request:
    return httpx2.Request(request.method, request.url, headers=list(request.headers), content=request.body)


def _ours(count: int) -> Callable[[], httpx2.Request]:
    operation = read_operation(_description(count), "find", "plugin.json")
    arguments = _arguments(count)
    return lambda: _sendable(build_request(operation, arguments, "call-1"))


def _by_hand(count: int) -> Callable[[], httpx2.Request]:
    arguments = _arguments(count)

    def build() -> httpx2.Request:
        query = {name: value for name, value in arguments.items() if name != "id"}
        path = quote(str(arguments["id"]), safe="")
        return httpx2.Request("GET", f"{SERVER}/items/{path}/parts", params=_params(query), headers={"Accept": ACCEPT})

    return build


def _params(query: JsonObject) -> dict[str, str | int | float | bool | None]:
    return {name: value for name, value in query.items() if not isinstance(value, list | dict)}


def _microseconds(build: Callable[[], httpx2.Request], rounds: int) -> float:
    gc.collect()
    start = time.process_time()
    for _ in range(rounds):
        build()
    return (time.process_time() - start) / rounds * 1e6


def _same(first: httpx2.Request, second: httpx2.Request) -> None:
    """Both contenders send the same, but for the spelling of a space in a query."""
    written = [str(one.url).replace("+", "%20") for one in (first, second)]
    if written[0] != written[1] or first.headers["Accept"] != second.headers["Accept"]:
        raise SystemExit(f"the contenders differ:\n  {written[0]}\n  {written[1]}")


def _compare(count: int, rounds: int) -> None:
    ours, by_hand = _ours(count), _by_hand(count)
    _same(ours(), by_hand())
    times: list[tuple[float, float]] = []
    for repetition in range(REPETITIONS):
        pair = (ours, by_hand) if repetition % 2 else (by_hand, ours)
        taken = {build: _microseconds(build, rounds) for build in pair}
        times.append((taken[ours], taken[by_hand]))
    ratios = sorted(mine / other for mine, other in times)
    mine, other = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{count:3} arguments: {mine:7.1f} µs, by hand {other:7.1f} µs,"
        f" ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def main() -> None:
    """Prints a line for each count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300, help="requests in each repetition")
    rounds: int = parser.parse_args().rounds
    for count in COUNTS:
        _compare(count, rounds)


if __name__ == "__main__":
    main()
