"""What the song service answers (issue 2, item 11)."""

from __future__ import annotations

from tests.servers.example_service import start_service


def test_a_song_is_ordered_and_will_be_ready_soon() -> None:
    with start_service("suno") as service:
        answer = service.give("POST", "/songs", {"prompt": "a lullaby about owls"})
        assert (answer.status, answer.value["status"]) == (202, "queued")
        assert "will be ready" in str(answer.value["message"])
        page = service.get(str(answer.value["url"]).removeprefix(service.url))
        assert b"a lullaby about owls" in page.body
        listed = service.get("/songs").value["songs"]
    assert isinstance(listed, list)
    assert [row["prompt"] for row in listed if isinstance(row, dict)] == ["a lullaby about owls"]


def test_a_song_needs_a_description() -> None:
    with start_service("suno") as service:
        assert service.give("POST", "/songs", {}).error_code == "invalid_value"
        assert service.give("POST", "/songs", {"prompt": ""}).error_code == "invalid_value"


def test_too_many_songs_in_the_making_are_refused_with_the_time_to_wait() -> None:
    with start_service("suno") as service:
        answers = [service.give("POST", "/songs", {"prompt": f"song {number}"}) for number in range(6)]
    assert [answer.status for answer in answers] == [202] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
