"""The service of the suno example: it takes orders for songs, and makes none."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples.serving import Answer, Refusal, Request, json_answer, serve, text, text_answer
else:  # run as a script, wherever that is: the plumbing lies one folder up
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from serving import Answer, Refusal, Request, json_answer, serve, text, text_answer

DEFAULT_PORT = 8803
MAKING_TIME = 60.0
"""Seconds until a song is ready."""
MAX_QUEUED = 5
"""How many songs may be in the making; one more is refused as too many requests."""
MAX_SONGS = 50
"""How many songs are kept; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """A song that was ordered."""

    id: int
    prompt: str
    ready_at: float
    """On the clock of `time.monotonic`."""

    @property
    def is_ready(self) -> bool:
        """True once the time of making is over."""
        return time.monotonic() >= self.ready_at


def _show(song: Song, origin: str) -> dict[str, object]:
    return {
        "id": song.id,
        "title": song.prompt[:60].capitalize(),
        "prompt": song.prompt,
        "status": "ready" if song.is_ready else "queued",
        "url": f"{origin}/songs/{song.id}",
    }


@dataclass(slots=True)
class Studio:
    """The songs that were ordered since the service started."""

    songs: dict[int, Song] = field(default_factory=dict[int, Song])
    last_id: int = 0

    def create(self, request: Request) -> Answer:
        """Takes an order; the song is ready later."""
        prompt = text("prompt", request.arguments("prompt").get("prompt"))
        queued = [song for song in self.songs.values() if not song.is_ready]
        if len(queued) >= MAX_QUEUED:
            seconds = max(1, round(queued[0].ready_at - time.monotonic()))
            message = f"{MAX_QUEUED} songs are in the making; the next one can be ordered in {seconds} seconds"
            raise Refusal(429, "too_many_songs", message, headers={"Retry-After": str(seconds)})
        if len(self.songs) >= MAX_SONGS:
            del self.songs[min(self.songs)]
        self.last_id += 1
        song = Song(id=self.last_id, prompt=prompt, ready_at=time.monotonic() + MAKING_TIME)
        self.songs[song.id] = song
        note = f"the song is in the making and will be ready in about {MAKING_TIME:g} seconds"
        return json_answer({**_show(song, request.origin), "message": note}, status=202)

    def list(self, request: Request) -> Answer:
        """The songs, the newest first."""
        request.arguments()
        return json_answer({"songs": [_show(song, request.origin) for song in reversed(self.songs.values())]})

    def show(self, request: Request) -> Answer:
        """The page that a song links to."""
        for song in self.songs.values():
            if str(song.id) == request.path["id"]:
                state = "Here a real service would play it." if song.is_ready else "It is in the making."
                return text_answer(f"{song.prompt}\n\n{state}\n")
        raise Refusal(404, "unknown_song", "there is no song with that id")


def run() -> None:
    """Serves until it is told to stop."""
    studio = Studio()
    routes = {
        ("GET", "/songs"): studio.list,
        ("POST", "/songs"): studio.create,
        ("GET", "/songs/{id}"): studio.show,
    }
    serve(Path(__file__).resolve().parent, routes, default_port=DEFAULT_PORT)


if __name__ == "__main__":
    run()
