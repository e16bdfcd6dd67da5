"""The service of the donations example: made-up organizations, two saved cards, one donation in preparation."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples.serving import Answer, Refusal, Request, json_answer, number, serve, text, text_answer
else:  # run as a script, wherever that is: the plumbing lies one folder up
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from serving import Answer, Refusal, Request, json_answer, number, serve, text, text_answer

DEFAULT_PORT = 8802
MAX_AMOUNT = 10_000
"""US dollars that one donation may be."""
MAX_DONATIONS = 100
"""How many donations the history keeps."""
DISCLAIMER = "This is an example: no organization gets money, and no card is charged"


@dataclass(frozen=True, slots=True)
class Npo:
    """One non-profit organization."""

    slug: str
    name: str
    city: str
    mission: str


@dataclass(frozen=True, slots=True)
class Card:
    """A payment card that the person saved."""

    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Donation:
    """A donation that is being prepared, or was made."""

    npo_name: str
    amount: int | float
    """US dollars."""
    card: str
    date: str
    status: str


NPOS = (
    Npo("harbor-food-bank", "Harbor Food Bank", "Seattle", "Meals for families on the waterfront"),
    Npo("cedar-river-trust", "Cedar River Trust", "Renton", "Clean water and salmon habitat"),
    Npo("open-shelf-libraries", "Open Shelf Libraries", "Portland", "Free books for rural schools"),
    Npo("paws-and-pines", "Paws and Pines", "Boise", "A shelter for dogs and cats"),
    Npo("night-sky-society", "Night Sky Society", "Spokane", "Telescopes and dark skies for everyone"),
    Npo("second-harvest-kitchen", "Second Harvest Kitchen", "Tacoma", "Surplus food turned into meals"),
    Npo("bridge-builders", "Bridge Builders", "Portland", "Mentors for young people out of school"),
    Npo("salish-sea-watch", "Salish Sea Watch", "Seattle", "Volunteers who count whales and seabirds"),
)
CARDS = (Card("card-7f31", "Visa ending in 4242"), Card("card-c08a", "Mastercard ending in 5100"))
HISTORY = (
    Donation(npo_name="Salish Sea Watch", amount=20, card=CARDS[0].label, date="2026-03-14", status="Completed"),
    Donation(npo_name="Paws and Pines", amount=75, card=CARDS[1].label, date="2026-06-02", status="Expired"),
    Donation(npo_name="Open Shelf Libraries", amount=50, card=CARDS[1].label, date="2026-08-30", status="Completed"),
)


def _show_npo(npo: Npo, origin: str) -> dict[str, object]:
    url = f"{origin}/npos/{npo.slug}"
    return {"name": npo.name, "city": npo.city, "mission": npo.mission, "url": url}


def _show_donation(donation: Donation) -> dict[str, object]:
    return {
        "npo_name": donation.npo_name,
        "amount": donation.amount,
        "currency": "USD",
        "card": donation.card,
        "date": donation.date,
        "status": donation.status,
    }


def _find_npo(name: str) -> Npo:
    wanted = name.casefold()
    found = [npo for npo in NPOS if wanted in npo.name.casefold()]
    exact = [npo for npo in found if npo.name.casefold() == wanted]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    if found:
        names = ", ".join(npo.name for npo in found)
        raise Refusal(409, "ambiguous_npo", f"several organizations have {name!r} in their name: {names}")
    raise Refusal(404, "unknown_npo", f"there is no organization named {name!r}; search for it first")


def search_npos(request: Request) -> Answer:
    """The organizations that have a word of the query in their name, city or mission; the best matches first."""
    words = text("npo_name_query", request.arguments("npo_name_query").get("npo_name_query")).casefold().split()

    def score(npo: Npo) -> int:
        place = f"{npo.name} {npo.city} {npo.mission}".casefold()
        return sum(2 if word in npo.name.casefold() else 1 for word in words if len(word) > 2 and word in place)

    found = sorted((npo for npo in NPOS if score(npo)), key=score, reverse=True)
    return json_answer({"npos": [_show_npo(npo, request.origin) for npo in found]})


def show_npo(request: Request) -> Answer:
    """The page that a citation links to."""
    for npo in NPOS:
        if npo.slug == request.path["slug"]:
            return text_answer(f"{npo.name}\n{npo.city}\n{npo.mission}\n")
    raise Refusal(404, "unknown_npo", "there is no such organization")


@dataclass(slots=True)
class Account:
    """The donations of the one person that this service knows."""

    donations: list[Donation] = field(default_factory=lambda: list(HISTORY))
    pending: Donation | None = None

    def collect(self, request: Request) -> Answer:
        """Takes what is known of a donation and says what is still needed; a complete one waits for confirmation."""
        given = request.arguments("npo_name", "amount", "payment_card_hint")
        npo = _find_npo(text("npo_name", given.get("npo_name")))
        self.pending = None
        if "amount" not in given:
            return json_answer({"status": "NeedDonationAmount", "npo_name": npo.name, "currency": "USD"})
        amount = number("amount", given["amount"], minimum=1, maximum=MAX_AMOUNT)
        hint = text("payment_card_hint", given["payment_card_hint"]).casefold() if "payment_card_hint" in given else ""
        cards = [card for card in CARDS if hint and hint in card.label.casefold()]
        if len(cards) != 1:
            return json_answer(
                {
                    "status": "NeedPaymentCard",
                    "saved_cards": [{"id": card.id, "label": card.label} for card in CARDS],
                    "donation_with_new_card_url": f"{request.origin}/new-card",
                }
            )
        today = date.today().isoformat()
        self.pending = Donation(
            npo_name=npo.name, amount=amount, card=cards[0].label, date=today, status="PendingConfirmation"
        )
        return json_answer({**_show_donation(self.pending), "disclaimer": DISCLAIMER})

    def confirm(self, request: Request) -> Answer:
        """Makes the donation that waits for confirmation."""
        request.arguments()
        if self.pending is None:
            raise Refusal(409, "no_pending_donation", "no donation waits for confirmation; collect its details first")
        if len(self.donations) >= MAX_DONATIONS:
            raise Refusal(409, "too_many_donations", f"the history is full at {MAX_DONATIONS}; restart the service")
        done, self.pending = replace(self.pending, status="Completed"), None
        self.donations.append(done)
        return json_answer(_show_donation(done), status=201)

    def history(self, request: Request) -> Answer:
        """Every donation, the oldest first, and the one that waits for confirmation."""
        request.arguments()
        pending = [self.pending] if self.pending else []
        return json_answer({"donations": [_show_donation(donation) for donation in [*self.donations, *pending]]})


def show_new_card(request: Request) -> Answer:
    """Where a person would enter a card, outside of any chat."""
    request.arguments()
    return text_answer("This is where a new card would be entered. The example takes none.\n")


def run() -> None:
    """Serves until it is told to stop."""
    account = Account()
    routes = {
        ("GET", "/npos"): search_npos,
        ("GET", "/npos/{slug}"): show_npo,
        ("GET", "/new-card"): show_new_card,
        ("GET", "/donations"): account.history,
        ("POST", "/donations"): account.confirm,
        ("PUT", "/donations/pending"): account.collect,
    }
    serve(Path(__file__).resolve().parent, routes, default_port=DEFAULT_PORT)


if __name__ == "__main__":
    run()
