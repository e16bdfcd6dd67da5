"""A tea shop on loopback that answers when a test lets it, and a plugin for it that the offline model can pick."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from runtimes.values import JsonObject

PATIENCE = 30.0
"""Seconds that a request is held for at most."""


class HeldShop:
    """What has arrived, and whether it is answered."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.has_arrived = threading.Semaphore(0)
        self.answers = threading.Event()
        self.answers.set()

    def hold(self) -> None:
        """From now on nothing is answered before `answers` is set."""
        self.answers.clear()

    def wait_for_request(self) -> None:
        """Returns when one more request has arrived."""
        assert self.has_arrived.acquire(timeout=PATIENCE)


def _handler(shop: HeldShop) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            said = self.rfile.read(length).decode()
            shop.arrived.append(f"{self.command} {self.path} {said}".strip())
            shop.has_arrived.release()
            shop.answers.wait(PATIENCE)
            body = json.dumps({"tea": "Assam", "done": self.command}).encode()
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # whoever asked was killed

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    return Handler


def _description(url: str) -> JsonObject:
    tea: JsonObject = {"type": "object", "properties": {"tea": {"type": "string", "default": "Assam"}}}
    done: JsonObject = {"200": {"description": "Done"}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Tea", "version": "1"},
        "servers": [{"url": url}],
        "paths": {
            "/stock": {"get": {"operationId": "listTeas", "description": "Lists the teas in stock", "responses": done}},
            "/orders": {
                "post": {
                    "operationId": "orderTea",
                    "description": "Orders a tea",
                    "requestBody": {"content": {"application/json": {"schema": tea}}},
                    "responses": done,
                }
            },
        },
    }


def _manifest() -> JsonObject:
    return {
        "schema_version": "v2.2",
        "name_for_human": "Tea Shop",
        "namespace": "tea",
        "description_for_human": "Sells tea",
        "functions": [
            {"name": "listTeas", "description": "Lists the teas in stock"},
            {"name": "orderTea", "description": "Orders a tea"},
        ],
        "runtimes": [
            {
                "type": "OpenApi",
                "auth": {"type": "None"},
                "run_for_functions": ["listTeas", "orderTea"],
                "spec": {"url": "openapi.json", "progress_style": "ShowUsageWithInput"},
            }
        ],
    }


@contextmanager
def held_shop(folder: Path) -> Generator[HeldShop]:
    """The shop, open; its plugin is `plugin.json` in the folder."""
    shop = HeldShop()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(shop))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    (folder / "openapi.json").write_text(json.dumps(_description(url)), encoding="utf-8")
    (folder / "plugin.json").write_text(json.dumps(_manifest()), encoding="utf-8")
    try:
        yield shop
    finally:
        shop.answers.set()
        server.shutdown()
        thread.join()
        server.server_close()
