"""Expanding a card of 30 elements over 1,000 items, beside the reference engine in Node (`npm ci` in tests/oracle).

    python benchmarks/cards.py

Both have read the template before the clock starts, and count the time of their own process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from orchestrator.response.cards import Template
from runtimes.values import Json, JsonObject

ITEMS = 1000
ELEMENTS = 30
ROUNDS = 5

_KINDS: tuple[JsonObject, ...] = (
    {"type": "TextBlock", "text": "${title}", "weight": "Bolder", "wrap": True},
    {"type": "TextBlock", "text": "${price} ${currency} for ${nights} nights", "isSubtle": True},
    {
        "type": "TextBlock",
        "text": "${if(rating > 4, 'Excellent', 'Good')}",
        "color": "${if(rating > 4, 'good', 'default')}",
    },
    {"type": "Image", "url": "${image.url}", "altText": "${image.alt}", "$when": "${exists(image.url)}"},
    {"type": "TextBlock", "text": "${$index}: ${toUpper(city)}, ${address.street}", "spacing": "None"},
    {"type": "TextBlock", "text": "${formatNumber(price, 2)} (${count(tags)} tags: ${join(tags, ', ')})"},
)


def card() -> Json:
    """A list of containers, one for each item, of 30 elements each."""
    elements: list[Json] = [dict(_KINDS[place % len(_KINDS)]) for place in range(ELEMENTS)]
    repeated: JsonObject = {"type": "Container", "$data": "${items}", "items": elements}
    return {"type": "AdaptiveCard", "version": "1.5", "body": [repeated]}


def data() -> Json:
    """What an API might answer."""
    return {
        "items": [
            {
                "title": f"Home {number}",
                "price": 100 + number * 1.25,
                "currency": "EUR",
                "nights": number % 7,
                "rating": number % 6,
                "image": {"url": f"https://example.com/{number}.png", "alt": "A house"},
                "city": "Lisbon",
                "address": {"street": f"Rua {number}"},
                "tags": ["sea", "quiet", "pets"],
            }
            for number in range(ITEMS)
        ]
    }


def ours() -> float:
    """Milliseconds of one expansion."""
    template, items = Template(card()), data()
    template.expand(items)
    before = time.process_time()
    for _ in range(ROUNDS):
        template.expand(items)
    return (time.process_time() - before) * 1000 / ROUNDS


def theirs() -> float:
    """Milliseconds of one expansion in the reference."""
    question = json.dumps({"template": card(), "data": data(), "rounds": ROUNDS})
    command = ["node", str(Path(__file__).with_name("cards.js"))]
    done = subprocess.run(command, input=question, capture_output=True, encoding="utf-8", check=True)
    return float(json.loads(done.stdout)["milliseconds"])


if __name__ == "__main__":
    one, other = ours(), theirs()
    sys.stdout.write(f"ours {one:.0f} ms, reference {other:.0f} ms, ratio {one / other:.2f}\n")
