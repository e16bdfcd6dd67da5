"""What the donations service answers (issue 2, item 11)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtimes.values import Json
from tests.servers.example_service import Answered, RunningService, start_service


@pytest.fixture
def service() -> Iterator[RunningService]:
    with start_service("donations") as running:
        yield running


def _members(answer: Answered, list_name: str, member: str) -> list[Json]:
    rows = answer.value[list_name]
    assert isinstance(rows, list)
    return [row[member] for row in rows if isinstance(row, dict)]


def _collect(service: RunningService, **given: Json) -> Answered:
    return service.give("PUT", "/donations/pending", {**given})


def test_the_best_match_of_a_search_comes_first(service: RunningService) -> None:
    names = _members(service.get("/npos", npo_name_query="harbor food"), "npos", "name")
    assert names[0] == "Harbor Food Bank"
    assert "Second Harvest Kitchen" in names
    assert _members(service.get("/npos", npo_name_query="xyzzy"), "npos", "name") == []


def test_an_organization_links_to_a_page_of_its_own(service: RunningService) -> None:
    url = str(_members(service.get("/npos", npo_name_query="Night Sky"), "npos", "url")[0])
    page = service.get(url.removeprefix(service.url))
    assert (page.status, page.body.splitlines()[0]) == (200, b"Night Sky Society")


def test_a_donation_is_collected_step_by_step_and_made_once(service: RunningService) -> None:
    """The statuses are those of the specification's example (spec 13.1.3)."""
    assert _collect(service, npo_name="harbor food").value["status"] == "NeedDonationAmount"
    needs_card = _collect(service, npo_name="Harbor Food Bank", amount=25).value
    assert (needs_card["status"], needs_card["saved_cards"]) == (
        "NeedPaymentCard",
        [
            {"id": "card-7f31", "label": "Visa ending in 4242"},
            {"id": "card-c08a", "label": "Mastercard ending in 5100"},
        ],
    )
    pending = _collect(service, npo_name="Harbor Food Bank", amount=25, payment_card_hint="visa").value
    assert (pending["status"], pending["amount"], pending["card"]) == ("PendingConfirmation", 25, "Visa ending in 4242")
    assert "example" in str(pending["disclaimer"])
    made = service.send("POST", "/donations")
    assert (made.status, made.value["status"], made.value["npo_name"]) == (201, "Completed", "Harbor Food Bank")
    again = service.send("POST", "/donations")
    assert (again.status, again.error_code) == (409, "no_pending_donation")
    assert _members(service.get("/donations"), "donations", "status") == [
        "Completed",
        "Expired",
        "Completed",
        "Completed",
    ]


def test_a_hint_that_fits_both_cards_or_none_still_needs_a_card(service: RunningService) -> None:
    for hint in ("ending in", "amex"):
        answer = _collect(service, npo_name="Paws and Pines", amount=5, payment_card_hint=hint)
        assert answer.value["status"] == "NeedPaymentCard"


def test_collecting_again_takes_back_what_waited_for_confirmation(service: RunningService) -> None:
    _collect(service, npo_name="Paws and Pines", amount=5, payment_card_hint="4242")
    _collect(service, npo_name="Night Sky Society")
    assert service.send("POST", "/donations").error_code == "no_pending_donation"


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"npo_name": "Nobody"}, 404, "unknown_npo"),
        ({"npo_name": "er"}, 409, "ambiguous_npo"),
        ({"amount": 5}, 400, "invalid_value"),
        ({"npo_name": "Paws and Pines", "amount": 0}, 400, "invalid_value"),
        ({"npo_name": "Paws and Pines", "amount": 1e9}, 400, "invalid_value"),
        ({"npo_name": "Paws and Pines", "amount": True}, 400, "invalid_value"),
    ],
)
def test_what_cannot_be_donated_is_refused(
    service: RunningService, given: dict[str, Json], status: int, code: str
) -> None:
    answer = _collect(service, **given)
    assert (answer.status, answer.error_code) == (status, code)
