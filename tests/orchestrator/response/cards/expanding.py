"""A process of its own, with little memory, that expands what it is sent: JSON lines in, one outcome for each."""

from __future__ import annotations

import json
import resource
import sys
import time

from orchestrator.response.cards import CardError, CardLimit, prepared
from orchestrator.response.cards.limits import Budget
from runtimes.values import Json
from tests.pace import slowness

MAX_MEMORY = 1536 * 1024 * 1024
"""Bytes of address space that the process gets."""

MAX_SECONDS = 100.0
"""Seconds of the clock for one expansion: so many that another limit always ends it first."""


def _outcome(template: Json, data: Json) -> tuple[str, str]:
    try:
        prepared(template).expand(data, budget=Budget(seconds=MAX_SECONDS))
    except CardLimit as limit:
        return "limit", str(limit)
    except CardError as error:
        return "error", error.message
    return "card", ""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    for line in sys.stdin:
        question = json.loads(line)
        pace, started = slowness(), time.process_time()
        kind, message = _outcome(question["template"], question["data"])
        seconds = (time.process_time() - started) / max(pace, slowness())
        sys.stdout.write(json.dumps({"kind": kind, "message": message, "seconds": seconds}) + "\n")


if __name__ == "__main__":
    main()
