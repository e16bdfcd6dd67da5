"""The service of Contoso Real Estate: made-up homes for sale, and searches that are kept while it runs."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from examples.serving import Answer, Refusal, Request, json_answer, number, serve, text, text_answer
else:  # run as a script, wherever that is: the plumbing lies one folder up
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from serving import Answer, Refusal, Request, json_answer, number, serve, text, text_answer

DEFAULT_PORT = 8801
MAX_RESULTS = 10
"""How many homes one answer lists."""
MAX_SEARCHES = 100
"""How many searches are kept."""
MAX_ROOMS = 20
AMENITIES = (
    "air conditioning",
    "balcony",
    "dishwasher",
    "elevator",
    "fireplace",
    "furniture",
    "garden",
    "gym",
    "heating",
    "jacuzzi",
    "laundry room",
    "microwave",
    "no furniture",
    "parking",
    "patio",
    "sauna",
    "swimming pool",
    "terrace",
    "wi-fi",
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One home for sale."""

    id: int
    title: str
    address: str
    city: str
    bedrooms: int
    bathrooms: float
    price: int
    """US dollars."""
    amenities: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line for people."""
        bedrooms = f"{self.bedrooms} bedroom{'' if self.bedrooms == 1 else 's'}"
        bathrooms = f"{self.bathrooms:g} bathroom{'' if self.bathrooms == 1 else 's'}"
        return f"{self.city} · {bedrooms} · {bathrooms} · ${self.price:,}"


LISTINGS = (
    Listing(101, "Craftsman with a cedar porch", "418 Alder Row", "Seattle", 3, 2, 895000, ("garden", "parking")),
    Listing(102, "Loft above the ferry pier", "77 Harbor Steps", "Seattle", 1, 1, 540000, ("elevator", "gym", "wi-fi")),
    Listing(103, "Townhouse by the reservoir", "9 Juniper Mews", "Seattle", 3, 2.5, 980000, ("terrace", "dishwasher")),
    Listing(104, "Lake house with a dock", "6 Heron Point", "Seattle", 4, 3, 1870000, ("fireplace", "sauna", "patio")),
    Listing(105, "Brick bungalow", "33 Larkspur Way", "Seattle", 3, 1, 760000, ("garden", "heating", "laundry room")),
    Listing(106, "Flat near the market", "5 Cannery Lane", "Seattle", 2, 1, 615000, ("balcony", "elevator")),
    Listing(107, "Victorian on the park", "840 Linden Walk", "Portland", 4, 2.5, 940000, ("garden", "fireplace")),
    Listing(108, "Mid-century with a carport", "2315 Birch Terrace", "Portland", 3, 2, 690000, ("parking", "garden")),
    Listing(109, "Studio over a bakery", "12 Rye Alley", "Portland", 1, 1, 318000, ("furniture", "microwave", "wi-fi")),
    Listing(110, "Rose quarter cottage", "61 Briar Court", "Portland", 2, 1, 495000, ("garden", "patio", "heating")),
    Listing(111, "House with a solar roof", "7 Quarry Road", "Portland", 3, 2.5, 735000, ("air conditioning", "wi-fi")),
    Listing(112, "Riverside penthouse", "1 Bridgehead Plaza", "Portland", 2, 2, 1125000, ("jacuzzi", "gym", "terrace")),
    Listing(113, "Ranch house with a pool", "4480 Basalt Drive", "Boise", 4, 3, 720000, ("swimming pool", "parking")),
    Listing(114, "Foothills family home", "92 Sagebrush Way", "Boise", 3, 2, 515000, ("garden", "air conditioning")),
    Listing(115, "Downtown corner flat", "300 Foundry Street", "Boise", 2, 2, 430000, ("elevator", "gym", "balcony")),
    Listing(116, "Cabin at the trailhead", "8 Lodgepole Spur", "Boise", 2, 1, 389000, ("fireplace", "no furniture")),
    Listing(117, "Duplex near the port", "515 Chandler Street", "Tacoma", 2, 1.5, 455000, ("parking", "laundry room")),
    Listing(118, "Hillside house with a view", "27 Signal Hill", "Tacoma", 3, 2, 610000, ("balcony", "fireplace")),
    Listing(119, "Converted glassworks", "140 Kiln Street", "Tacoma", 2, 2, 585000, ("elevator", "heating", "wi-fi")),
    Listing(120, "Garden flat", "19 Fern Hollow", "Tacoma", 1, 1, 299000, ("garden", "microwave", "dishwasher")),
    Listing(121, "Farmhouse on two acres", "Route 6, Box 14", "Spokane", 5, 3, 825000, ("garden", "parking", "sauna")),
    Listing(122, "Starter home", "606 Maplewood Avenue", "Spokane", 2, 1, 285000, ("heating", "laundry room")),
    Listing(123, "Split-level by the school", "1418 Teasel Street", "Spokane", 3, 2, 372000, ("patio", "dishwasher")),
    Listing(124, "Mansion on the bluff", "2 Overlook Circle", "Spokane", 6, 4.5, 1490000, ("swimming pool", "gym")),
    Listing(125, "Single-storey house", "5 Meadow Row", "Spokane", 3, 2, 410000, ("air conditioning", "terrace")),
)


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _amenities(value: object) -> set[str]:
    wanted = {text("amenities", amenity).lower() for amenity in (value if _is_list(value) else [value])}
    if unknown := sorted(wanted - set(AMENITIES)):
        known = ", ".join(AMENITIES)
        raise Refusal(400, "unknown_amenity", f"there is no amenity {unknown[0]!r}; known: {known}")
    return wanted


def _show(listing: Listing, origin: str) -> dict[str, object]:
    return {
        "id": listing.id,
        "title": listing.title,
        "summary": listing.summary,
        "address": listing.address,
        "city": listing.city,
        "bedrooms": listing.bedrooms,
        "bathrooms": listing.bathrooms,
        "price": listing.price,
        "amenities": listing.amenities,
        "url": f"{origin}/listings/{listing.id}",
    }


def get_listings(request: Request) -> Answer:
    """The homes that match all criteria: exactly that many bedrooms, at least that many bathrooms, every amenity."""
    given = request.arguments("city", "bedrooms", "bathrooms", "amenities")
    found = list(LISTINGS)
    if "city" in given:
        city = text("city", given["city"]).casefold()
        found = [listing for listing in found if listing.city.casefold() == city]
    if "bedrooms" in given:
        bedrooms = number("bedrooms", given["bedrooms"], minimum=0, maximum=MAX_ROOMS)
        found = [listing for listing in found if listing.bedrooms == bedrooms]
    if "bathrooms" in given:
        bathrooms = number("bathrooms", given["bathrooms"], minimum=0, maximum=MAX_ROOMS)
        found = [listing for listing in found if listing.bathrooms >= bathrooms]
    if "amenities" in given:
        amenities = _amenities(given["amenities"])
        found = [listing for listing in found if amenities <= set(listing.amenities)]
    shown = [_show(listing, request.origin) for listing in found[:MAX_RESULTS]]
    return json_answer({"total": len(found), "listings": shown})


def show_listing(request: Request) -> Answer:
    """The page that a citation links to."""
    for listing in LISTINGS:
        if str(listing.id) == request.path["id"]:
            lines = (listing.title, listing.address, listing.summary, f"Amenities: {', '.join(listing.amenities)}")
            return text_answer("\n".join(lines) + "\n")
    raise Refusal(404, "unknown_listing", "no home for sale has that id")


@dataclass(slots=True)
class SavedSearches:
    """The searches that were saved since the service started."""

    searches: dict[int, dict[str, object]] = field(default_factory=dict[int, dict[str, object]])
    last_id: int = 0

    def save(self, request: Request) -> Answer:
        """Keeps a search and answers its id."""
        given = request.arguments("city", "bedrooms")
        search: dict[str, object] = {"city": text("city", given.get("city"))}
        if "bedrooms" in given:
            search["bedrooms"] = number("bedrooms", given["bedrooms"], minimum=0, maximum=MAX_ROOMS)
        if len(self.searches) >= MAX_SEARCHES:
            raise Refusal(409, "too_many_searches", f"{MAX_SEARCHES} searches are saved; delete one first")
        self.last_id += 1
        self.searches[self.last_id] = search
        return json_answer({"id": self.last_id, **search}, status=201)

    def delete(self, request: Request) -> Answer:
        """Forgets a search; `deleted` is false where there was none with that id."""
        request.arguments()
        name = request.path["id"]
        if not (name.isascii() and name.isdigit() and len(name) < 10):
            raise Refusal(400, "invalid_value", "'id' must be the number of a saved search")
        return json_answer({"id": int(name), "deleted": self.searches.pop(int(name), None) is not None})


def run() -> None:
    """Serves until it is told to stop."""
    saved = SavedSearches()
    routes = {
        ("GET", "/listings"): get_listings,
        ("GET", "/listings/{id}"): show_listing,
        ("POST", "/searches"): saved.save,
        ("DELETE", "/searches/{id}"): saved.delete,
    }
    serve(Path(__file__).resolve().parent, routes, default_port=DEFAULT_PORT)


if __name__ == "__main__":
    run()
