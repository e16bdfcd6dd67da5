"""What the real estate service answers (issue 2, item 11)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtimes.values import Json, JsonObject
from tests.servers.example_service import Answered, RunningService, start_service


@pytest.fixture
def service() -> Iterator[RunningService]:
    with start_service("contoso_real_estate") as running:
        yield running


def _listings(answer: Answered) -> list[JsonObject]:
    assert answer.status == 200
    listings = answer.value["listings"]
    assert isinstance(listings, list)
    return [listing for listing in listings if isinstance(listing, dict)]


def test_a_city_is_found_in_any_case(service: RunningService) -> None:
    found = _listings(service.get("/listings", city="sEATTLE"))
    assert len(found) > 1
    assert all(listing["city"] == "Seattle" for listing in found)


def test_bedrooms_are_exact_and_bathrooms_are_a_minimum(service: RunningService) -> None:
    found = _listings(service.get("/listings", city="Seattle", bedrooms=3.0, bathrooms=2))
    assert sorted(str(listing["bathrooms"]) for listing in found) == ["2", "2.5"]
    assert all(listing["bedrooms"] == 3 for listing in found)


def test_every_amenity_is_wanted(service: RunningService) -> None:
    found = _listings(service.get("/listings", amenities=["garden", "parking"]))
    assert found
    assert all({"garden", "parking"} <= set(map(str, _list(listing["amenities"]))) for listing in found)


def _list(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def test_without_criteria_ten_homes_are_listed_and_all_are_counted(service: RunningService) -> None:
    answer = service.get("/listings")
    assert (len(_listings(answer)), answer.value["total"]) == (10, 25)


def test_a_city_without_homes_is_an_empty_answer_and_no_error(service: RunningService) -> None:
    answer = service.get("/listings", city="Atlantis")
    assert (answer.status, answer.value) == (200, {"total": 0, "listings": []})


def test_a_listing_links_to_a_page_of_its_own(service: RunningService) -> None:
    listing = _listings(service.get("/listings", city="Boise"))[0]
    url = str(listing["url"])
    assert url.startswith(service.url)
    page = service.get(url.removeprefix(service.url))
    assert page.status == 200
    assert str(listing["title"]) in page.body.decode()


@pytest.mark.parametrize(
    ("query", "code", "part"),
    [
        ({"amenities": "helipad"}, "unknown_amenity", "air conditioning"),
        ({"town": "Seattle"}, "unknown_argument", "bathrooms"),
        ({"bedrooms": "three"}, "invalid_value", "'bedrooms' must be a number"),
        ({"bedrooms": "nan"}, "invalid_value", "'bedrooms' must be a number"),
        ({"bedrooms": -1}, "invalid_value", "'bedrooms' must be a number"),
        ({"bedrooms": ["2", "3"]}, "invalid_value", "'bedrooms' must be a number"),
        ({"city": ["Boise", "Tacoma"]}, "invalid_value", "'city' must be a text"),
        ({"city": " "}, "invalid_value", "'city' must be a text"),
        ({"city": "x" * 201}, "invalid_value", "'city' must be a text"),
    ],
)
def test_a_criterion_that_makes_no_sense_is_refused_with_what_would(
    service: RunningService, query: dict[str, str | float | list[str]], code: str, part: str
) -> None:
    answer = service.get("/listings", **query)
    assert (answer.status, answer.error_code) == (400, code)
    assert part in answer.body.decode()


def test_a_saved_search_is_numbered_and_deleted_once(service: RunningService) -> None:
    first = service.give("POST", "/searches", {"city": "Tacoma", "bedrooms": 2})
    second = service.give("POST", "/searches", {"city": "Boise"})
    assert (first.status, first.value) == (201, {"id": 1, "city": "Tacoma", "bedrooms": 2})
    assert second.value == {"id": 2, "city": "Boise"}
    assert service.send("DELETE", "/searches/1").value == {"id": 1, "deleted": True}
    assert service.send("DELETE", "/searches/1").value == {"id": 1, "deleted": False}
    assert service.send("DELETE", "/searches/2").value == {"id": 2, "deleted": True}


def test_a_search_needs_a_city_and_an_id_is_a_number(service: RunningService) -> None:
    assert service.give("POST", "/searches", {"bedrooms": 2}).error_code == "invalid_value"
    assert service.send("DELETE", "/searches/all").error_code == "invalid_value"


def test_no_more_than_a_hundred_searches_are_kept(service: RunningService) -> None:
    answers = [service.give("POST", "/searches", {"city": "Boise"}).status for _ in range(101)]
    assert answers == [201] * 100 + [409]
