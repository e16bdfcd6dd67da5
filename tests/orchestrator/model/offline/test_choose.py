"""Which function a sentence is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.model.base import ToolDefinition, ToolSet
from orchestrator.model.offline.choose import Index, own_name
from orchestrator.model.offline.conversation import recall_nothing
from orchestrator.model.offline.fill import fill
from runtimes.values import Json, JsonObject
from tests.orchestrator.model.offline.chat import TODAY
from tests.orchestrator.model.offline.manifest_tools import tools_of

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"


def _tool(name: str, description: str = "", properties: JsonObject | None = None, *required: str) -> ToolDefinition:
    schema: JsonObject = {"type": "object", "properties": properties or {}, "required": list[Json](required)}
    return ToolDefinition(name=name, description=description, parameters=schema)


def _picked(tools: list[ToolDefinition], text: str) -> str | None:
    choice = Index(ToolSet(tuple(tools))).choose(text)
    return own_name(choice.tool.definition.name) if choice else None


CRUD = [
    _tool("desk-listTickets", "Lists tickets"),
    _tool("desk-getTicket", "Gets a ticket", {"id": {"type": "integer"}}, "id"),
    _tool("desk-createTicket", "Creates a ticket", {"title": {"type": "string"}}, "title"),
    _tool("desk-updateTicket", "Updates a ticket", {"id": {"type": "integer"}}, "id"),
    _tool("desk-deleteTicket", "Deletes a ticket", {"id": {"type": "integer"}}, "id"),
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Show me all tickets", "listTickets"),
        ("which tickets are there?", "listTickets"),
        ("Can you fetch ticket 7 please", "getTicket"),
        ("open a new ticket", "createTicket"),
        ("Add a ticket called Printer", "createTicket"),
        ("I want to change ticket 7", "updateTicket"),
        ("remove ticket 7", "deleteTicket"),
        ("forget about ticket 7", "deleteTicket"),
    ],
)
def test_the_verb_decides_between_functions_over_the_same_things(text: str, name: str) -> None:
    assert _picked(CRUD, text) == name


@pytest.mark.parametrize(
    "text", ["hello", "thanks!", "What is the capital of France?", "sing for me", "do it", "", "7", "\x00", "票"]
)
def test_nothing_is_picked_for_words_that_no_function_knows(text: str) -> None:
    assert _picked(CRUD, text) is None


def test_a_question_is_not_taken_for_an_order() -> None:
    tools = [_tool("shop-placeOrder", "Places an order"), _tool("shop-getDishes", "Dishes for lunch or dinner")]
    assert _picked(tools, "What can I order for dinner?") == "getDishes"


def test_the_namespace_counts_less_than_the_name() -> None:
    tools = [_tool("weather-getNews", "Says what is new"), _tool("news-getWeather", "Says how it will be")]
    assert _picked(tools, "the weather please") == "getWeather"


def test_choices_and_parameter_names_tell_functions_apart() -> None:
    tools = [
        _tool("x-setA", "Sets it", {"theme": {"type": "string", "enum": ["dark", "light"]}}),
        _tool("x-setB", "Sets it", {"volume": {"type": "integer"}}),
    ]
    assert (_picked(tools, "make it dark"), _picked(tools, "volume 5")) == ("setA", "setB")


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("Find three-bedroom homes in Seattle", "getListings", {"city": "Seattle", "bedrooms": 3}),
        ("Find 3-bedroom homes in Seattle", "getListings", {"city": "Seattle", "bedrooms": 3}),
        ("find 3 bedroom homes in Seattle", "getListings", {"city": "Seattle", "bedrooms": 3}),
        ("delete saved search 1", "deleteSavedSearch", {"id": 1}),
        ("turn bluetooth off", "change_bluetooth", {"requestedState": "off"}),
        ("switch to dark mode", "set_windows_theme", {"themeName": "dark"}),
        ("Find charities about ocean", "SearchNposByName", {"npo_name_query": "ocean"}),
        ("Which listings in Portland have a garden?", "getListings", {"city": "Portland", "amenities": ["garden"]}),
        ("Save a search for two-bedroom homes in Tacoma", "saveSearch", {"city": "Tacoma", "bedrooms": 2}),
        ("Set the Windows theme to dark", "set_windows_theme", {"themeName": "dark"}),
        ("Turn Do Not Disturb on", "toggle_do_not_disturb", {"requestedState": "on"}),
        (
            'Search for a non-profit organization named "Harbor Food Bank"',
            "SearchNposByName",
            {"npo_name_query": "Harbor Food Bank"},
        ),
        ("confirm the donation", "ConfirmDonation", {}),
        ("List my donation history", "ListDonations", {}),
        ("list my songs", "listSongs", {}),
        (
            "create a country song about Thanksgiving",
            "createSong",
            {"prompt": "a country song about Thanksgiving"},
        ),
    ],
)
def test_sentences_over_all_bundled_examples(text: str, name: str, arguments: JsonObject) -> None:
    index = Index(ToolSet(tuple(tool for path in sorted(EXAMPLES.glob("*/plugin.json")) for tool in tools_of(path))))
    choice = index.choose(text)
    assert choice is not None
    assert own_name(choice.tool.definition.name) == name
    assert fill(choice.tool, text, TODAY, recall_nothing).arguments() == arguments


def test_among_100_like_functions_one_of_them_is_picked() -> None:
    description = "Retrieves the records of one kind, with filters, pages and an order. " * 10
    properties: JsonObject = {f"field{n}": {"type": "string", "description": description} for n in range(10)}
    tools = [_tool(f"plugin{n % 7}-getThing{n}Records", f"{description} Thing {n}.", properties) for n in range(100)]
    text = "Please retrieve the records of thing 42 with a filter on field 3, sorted by date"
    assert (_picked(tools, text) or "").startswith("getThing")


@pytest.mark.parametrize(
    "text",
    [
        "Never delete ticket 7",
        "Don't update ticket 7",
        "please do not delete ticket 7",
        "I don't want you to delete it",
    ],
)
def test_what_is_not_wanted_is_not_picked(text: str) -> None:
    assert _picked(CRUD, text) is None


@pytest.mark.parametrize(
    "text",
    ["How do I delete ticket 7?", "Should I update ticket 7?", "What if I delete ticket 7?", "Is ticket 7 deleted?"],
)
def test_a_question_never_picks_a_function_that_acts(text: str) -> None:
    assert _picked(CRUD[2:], text) is None
    assert _picked(CRUD, text) in (None, "getTicket", "listTickets")


@pytest.mark.parametrize("lead", ["could you", "can you", "would you please", "will you"])
def test_a_polite_request_still_acts(lead: str) -> None:
    assert _picked(CRUD, f"{lead} delete ticket 7?") == "deleteTicket"


GIFTS = [
    _tool("gift-confirmGift", "Confirms the gift that is prepared"),
    _tool("gift-collect", "Collects what a gift needs", {"receiver": {"type": "string"}}, "receiver"),
]


def test_a_function_without_room_for_a_name_is_not_picked_for_it() -> None:
    assert _picked(GIFTS, "confirm the gift") == "confirmGift"
    assert _picked(GIFTS, "confirm the gift to Ada Lovelace") == "collect"
    assert _picked(GIFTS[:1], "confirm the gift to Ada Lovelace") is None
    assert _picked(GIFTS[:1], "confirm gift 7") is None


@pytest.mark.parametrize("text", ["What is my horoscope?", "my cat is sick"])
def test_the_word_my_alone_picks_nothing(text: str) -> None:
    assert _picked([_tool("x-collectUserInput", "Collects input", {"name": {"type": "string"}})], text) is None
