"""A program that gets a host ready and talks once, for `benchmarks/start.py`: what it cost, as one line of JSON.

    python -m benchmarks.ready MODEL_URL API_URL

A turn that was not the first costs what turns cost; the first costs as much more as was not ready before it.
"""

from __future__ import annotations

import asyncio
import sys
import time


async def main(model_url: str, api_url: str) -> list[float]:
    """Seconds of CPU until the host is entered, until the end of the first turn, and until that of the second."""
    from orchestrator import Orchestrator, load_plugin
    from orchestrator.model.chat_completions import ChatCompletionsModel

    plugin = await load_plugin(
        {
            "schema_version": "v2.2",
            "namespace": "items",
            "name_for_human": "Items",
            "description_for_human": "A catalogue of items",
            "description_for_model": "You help with a catalogue of items.",
            "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": f"{api_url}/openapi/10.json"}}],
        },
        allowed_hosts=["127.0.0.1"],
    )
    model = ChatCompletionsModel("fake", base_url=f"{model_url}/v1", api_key="x")
    async with Orchestrator(plugins=[plugin], model=model) as host:
        marks = [time.process_time()]
        for _ in range(2):
            reply = await host.conversation().ask("Which parts does item 42 have? Five are enough.")
            assert reply.text, "the model has answered"
            marks.append(time.process_time())
    return marks


if __name__ == "__main__":
    print(asyncio.run(main(*sys.argv[1:])), file=sys.stderr)
