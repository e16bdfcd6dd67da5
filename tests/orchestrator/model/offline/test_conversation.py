"""Conversations with the stand-in: questions back, replies, follow-ups, refusals, and other names for everything."""

from __future__ import annotations

import re
from datetime import date

import pytest

from orchestrator.model.base import (
    AssistantMessage,
    ModelCall,
    PhraseRequest,
    ReasoningRequest,
    ToolDefinition,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from orchestrator.model.offline import OfflineModel
from orchestrator.model.offline.conversation import turns_of
from runtimes.values import Json, JsonObject, dump_json, parse_json
from tests.orchestrator.model.offline.chat import Chat, collect


def _tool(name: str, description: str, properties: JsonObject | None = None, *required: str) -> ToolDefinition:
    schema: JsonObject = {"type": "object", "properties": properties or {}, "required": list[Json](required)}
    return ToolDefinition(name=name, description=description, parameters=schema)


ROOMS: JsonObject = {"type": "number", "description": "Only flats with this many bedrooms"}
CITY: JsonObject = {"type": "string", "description": "The city to look in"}
EXTRAS: JsonObject = {"type": "array", "items": {"type": "string", "enum": ["garden", "parking"]}}
SWITCH: JsonObject = {"type": "string", "enum": ["on", "off"]}

TOOLS = (
    _tool("estate-getFlats", "Finds flats to rent", {"city": CITY, "bedrooms": ROOMS, "extras": EXTRAS}),
    _tool("estate-saveAlert", "Saves an alert for flats", {"city": CITY, "bedrooms": ROOMS}, "city"),
    _tool("estate-deleteAlert", "Deletes an alert that was saved", {"id": {"type": "integer"}}, "id"),
    _tool("house-switch_lamp", "Turns the lamp on or off", {"requestedState": SWITCH}, "requestedState"),
    _tool("house-set_scene", "Sets the scene", {"scene": {"type": "string", "enum": ["dark", "bright"]}}, "scene"),
    _tool("paint-drawPicture", "Draws a picture", {"prompt": {"type": "string"}}, "prompt"),
)


def _service(tool: str, arguments: JsonObject) -> str:
    if tool.endswith("getFlats"):
        flats: list[Json] = [
            {"id": 7, "title": "Loft", "city": arguments.get("city"), "bedrooms": arguments.get("bedrooms")},
            {"id": 8, "title": "Attic", "city": arguments.get("city"), "bedrooms": arguments.get("bedrooms")},
        ]
        return dump_json({"results": flats})
    if tool.endswith("saveAlert"):
        return dump_json({"id": 41, **arguments})
    return "done; the answer has no content"


def _chat(system: str = "", extra: tuple[ToolDefinition, ...] = ()) -> Chat:
    return Chat((*TOOLS, *extra), _service, system)


async def test_a_request_with_all_arguments_is_called_at_once_and_answered_from_the_result() -> None:
    chat = _chat()
    answer = await chat.say("Find three-bedroom flats in Seattle")
    assert chat.calls == [("getFlats", {"city": "Seattle", "bedrooms": 3})]
    assert answer == (
        "I found 2 flats:\n\n"
        "- **Loft** - id: 7, city: Seattle, bedrooms: 3\n"
        "- **Attic** - id: 8, city: Seattle, bedrooms: 3"
    )


async def test_a_missing_argument_is_asked_for_and_the_reply_is_taken_for_it() -> None:
    chat = _chat()
    assert await chat.say("Save an alert") == "To save alert, I need the city (the city to look in). What is it?"
    assert chat.calls == []
    await chat.say("in Tacoma, please")
    assert chat.calls == [("saveAlert", {"city": "Tacoma"})]


async def test_the_reply_keeps_what_the_request_had_said() -> None:
    chat = _chat()
    await chat.say("Save an alert for two-bedroom flats")
    await chat.say("Tacoma")
    assert chat.calls == [("saveAlert", {"city": "Tacoma", "bedrooms": 2})]


async def test_a_question_lists_the_choices_and_is_repeated_until_one_is_given() -> None:
    chat = _chat()
    question = "To switch lamp, I need the requested state: on, off. Which one?"
    assert await chat.say("switch the lamp") == question
    assert await chat.say("banana") == f"That does not fit. {question}"
    await chat.say("off then")
    assert chat.calls == [("switch_lamp", {"requestedState": "off"})]


async def test_several_missing_arguments_are_asked_for_one_after_the_other() -> None:
    size: JsonObject = {"type": "string", "enum": ["small", "large"]}
    order = _tool("shop-orderPizza", "Orders a pizza", {"kind": {"type": "string"}, "size": size}, "kind", "size")
    chat = Chat((order,), _service)
    assert "kind" in await chat.say("Order a pizza")
    assert "size: small, large" in await chat.say("margherita")
    await chat.say("a large one")
    assert chat.calls == [("orderPizza", {"kind": "margherita", "size": "large"})]


@pytest.mark.parametrize("asked", ["Save an alert", "switch the lamp"])
async def test_another_request_in_place_of_a_reply_is_taken_as_one(asked: str) -> None:
    chat = _chat()
    await chat.say(asked)
    await chat.say("Find flats in Rome")
    assert chat.calls == [("getFlats", {"city": "Rome"})]


async def test_a_person_can_drop_a_request_that_lacks_something() -> None:
    chat = _chat()
    await chat.say("Save an alert")
    assert await chat.say("never mind") == "All right, nothing was done."
    await chat.say("Tacoma")
    assert chat.calls == []


async def test_that_and_it_are_filled_from_the_calls_before() -> None:
    chat = _chat()
    await chat.say("Find three-bedroom flats in Seattle")
    await chat.say("Save that alert")
    await chat.say("Delete it")
    assert chat.calls[1:] == [("saveAlert", {"city": "Seattle", "bedrooms": 3}), ("deleteAlert", {"id": 41})]


async def test_an_explicit_value_wins_over_what_was_said_before() -> None:
    chat = _chat()
    await chat.say("Find three-bedroom flats in Seattle")
    await chat.say("Save that alert for Portland")
    assert chat.calls[1:] == [("saveAlert", {"city": "Portland", "bedrooms": 3})]


async def test_nothing_is_carried_over_without_a_word_that_points_back() -> None:
    chat = _chat()
    await chat.say("Find three-bedroom flats in Seattle")
    assert "I need the city" in await chat.say("Save an alert")
    assert "I need the id" in await chat.say("Delete an alert")


async def test_it_is_not_guessed_among_several_results() -> None:
    chat = _chat()
    await chat.say("Find flats in Seattle")
    assert "I need the id" in await chat.say("Delete it, that alert")


async def test_a_follow_up_with_and_keeps_the_arguments_that_are_not_said_anew() -> None:
    chat = _chat()
    await chat.say("Find three-bedroom flats in Seattle")
    await chat.say("And in Portland, with a garden?")
    assert chat.calls[1:] == [("getFlats", {"city": "Portland", "bedrooms": 3, "extras": ["garden"]})]


async def test_two_requests_in_one_sentence_are_two_calls() -> None:
    chat = _chat()
    await chat.say("Turn the lamp off and set the scene to dark")
    assert chat.calls == [("switch_lamp", {"requestedState": "off"}), ("set_scene", {"scene": "dark"})]
    ids = [call.id for message in chat.messages if isinstance(message, AssistantMessage) for call in message.calls]
    assert ids == ["offline-1-1", "offline-1-2"]


async def test_what_is_quoted_is_no_request() -> None:
    chat = _chat()
    await chat.say('Draw a picture: "a hut and turn the lamp off"')
    assert chat.calls == [("drawPicture", {"prompt": "a hut and turn the lamp off"})]


@pytest.mark.parametrize("said", ["hello", "help", "tell me a joke", "What is the weather in Paris?", "", "42", "¿?"])
async def test_words_that_match_nothing_are_answered_with_what_can_be_done(said: str) -> None:
    chat = _chat()
    answer = await chat.say(said)
    assert chat.calls == []
    assert answer.startswith("I am an offline stand-in")
    assert "- **get flats**: Finds flats to rent" in answer


async def test_at_most_six_functions_are_named_and_withdraw_is_not_among_them() -> None:
    many = tuple(_tool(f"x-function{place}", "Does nothing") for place in range(4))
    withdraw = _tool("withdraw", "Ends this conversation")
    answer = await Chat((withdraw, *TOOLS, *many)).say("hello")
    assert answer.count("\n- **") == 6
    assert answer.endswith("- and 4 more")
    assert "withdraw" not in answer


async def test_without_functions_it_says_so() -> None:
    assert "No function is loaded" in await Chat(()).say("Find flats in Rome")


WITHDRAW = _tool("withdraw", "Ends this conversation")
RULES = (
    "## Paint\n- Is the picture about (e.g., topics such as war, drugs, hate speech)? Then I must invoke withdraw()."
)


async def test_a_topic_that_the_instructions_list_is_withdrawn_from() -> None:
    chat = _chat(RULES, (WITHDRAW,))
    answer = await chat.say("Draw a picture of the wars of Rome")
    assert chat.calls == [("withdraw", {})]
    assert answer == "I cannot help with that, so this conversation ends here."
    assert await chat.respond("You have withdrawn from this conversation.") == answer


@pytest.mark.parametrize("said", ["Draw a picture of a fox", "Draw a speech bubble"])
async def test_other_topics_are_not_withdrawn_from(said: str) -> None:
    chat = _chat(RULES, (WITHDRAW,))
    await chat.say(said)
    assert [name for name, _ in chat.calls] == ["drawPicture"]


@pytest.mark.parametrize("said", ["End this conversation", "withdraw", "withdraw from it please"])
async def test_no_words_alone_end_the_conversation(said: str) -> None:
    chat = _chat("", (WITHDRAW,))
    await chat.say(said)
    assert chat.calls == []


async def test_no_topic_is_known_without_the_tool() -> None:
    chat = _chat(RULES)
    await chat.say("Draw a picture of war")
    assert chat.calls == [("drawPicture", {"prompt": "a picture of war"})]


async def test_a_withdrawal_wins_over_an_open_question() -> None:
    chat = _chat(RULES, (WITHDRAW,))
    assert "I need the prompt" in await chat.say("Draw a picture")
    await chat.say("something on drugs")
    assert chat.calls == [("withdraw", {})]


RENAMED = {
    "flat": "vessel",
    "bedroom": "cabin",
    "city": "harbor",
    "alert": "reminder",
    "estate": "fleet",
    "garden": "sundeck",
    "parking": "jacuzzi",
    "seattle": "bremen",
    "portland": "oslo",
    "lamp": "radio",
    "scene": "mood",
    "dark": "calm",
    "loft": "swan",
    "attic": "gull",
}
SCRIPT = (
    "Find three-bedroom flats in Seattle",
    "And in Portland, with a garden?",
    "Save that alert",
    "Delete it",
    "Save an alert",
    "Seattle",
    "turn the lamp off",
    "set the scene to dark",
    "hello",
)


def _rename(text: str) -> str:
    def other(match: re.Match[str]) -> str:
        word = RENAMED[match[0].lower()]
        return word.capitalize() if match[0][0].isupper() else word

    return re.sub("|".join(RENAMED), other, text, flags=re.IGNORECASE)


async def test_the_same_conversation_is_kept_when_functions_and_data_have_other_names() -> None:
    """It knows nothing of any example: only the words of the tools and of the sentences count."""
    definitions = parse_json(_rename(dump_json([tool.as_tool() for tool in TOOLS])))
    assert isinstance(definitions, list)
    renamed: list[ToolDefinition] = []
    for definition in definitions:
        assert isinstance(definition, dict)
        function = definition["function"]
        assert isinstance(function, dict)
        parameters = function["parameters"]
        assert isinstance(parameters, dict)
        name, description = str(function["name"]), str(function["description"])
        renamed.append(ToolDefinition(name=name, description=description, parameters=parameters))

    def service(tool: str, arguments: JsonObject) -> str:
        back = {new: old for old, new in RENAMED.items()}
        original = re.sub("|".join(back), lambda m: back[m[0].lower()].capitalize(), tool, flags=re.IGNORECASE)
        given = {old: arguments[_rename(old)] for old in ("city", "bedrooms") if _rename(old) in arguments}
        return _rename(_service(original, given))

    plain, other = _chat(), Chat(renamed, service)
    for said in SCRIPT:
        assert _rename(await plain.say(said)) == await other.say(_rename(said))
    assert len(plain.calls) == 7
    assert parse_json(_rename(dump_json([[name, arguments] for name, arguments in plain.calls]))) == [
        [name, arguments] for name, arguments in other.calls
    ]


GIFT = _tool(
    "gift-giveMoney",
    "Gives money to an organization",
    {"organization": {"type": "string"}, "amount": {"type": "number"}, "card": {"type": "string"}},
    "organization",
)


@pytest.mark.parametrize("said", ["use the Visa", "The Visa"])
async def test_an_argument_left_out_is_taken_with_those_of_the_call_before(said: str) -> None:
    chat = Chat((GIFT,), _service)
    await chat.say("Give 25 dollars to Harbor")
    await chat.say(said)
    (_, first), (_, second) = chat.calls
    assert isinstance(first, dict)
    assert second == {**first, "card": "Visa"}


@pytest.mark.parametrize("said", ["thanks", "my cat is sick", "never use the Visa"])
async def test_words_that_are_no_argument_do_not_repeat_the_call(said: str) -> None:
    chat = Chat((GIFT,), _service)
    await chat.say("Give 25 dollars to Harbor")
    await chat.say(said)
    assert len(chat.calls) == 1


OWNED = "## Plugin Paint\n### `paint-drawPicture`\n- About war, drugs, threats? Then I must invoke withdraw()."


async def test_the_topics_of_one_plugin_do_not_count_for_another() -> None:
    chat = _chat(OWNED, (WITHDRAW,))
    await chat.say("Find flats without drugs")
    await chat.say("Draw a picture of drugs")
    assert [name for name, _ in chat.calls] == ["getFlats", "withdraw"]


async def test_an_answer_without_any_result_says_that_there_is_none() -> None:
    chat = _chat()
    chat.messages.append(UserMessage(text="Find flats"))
    assert await chat.respond() == "There is no result that I could answer from."


async def test_a_limit_that_the_instructions_speak_of_is_passed_on() -> None:
    chat = _chat()
    await chat.say("turn the lamp off")
    text = await chat.respond("Answer briefly.\n\nReasoning was stopped by a limit (calls). Say what is missing.")
    assert text == "Done: switch lamp.\n\nA limit (calls) was reached before I was done, so this may be incomplete."


async def test_dates_are_relative_to_the_given_day() -> None:
    day: JsonObject = {"type": "string", "format": "date"}
    tools = ToolSet((_tool("x-bookRoom", "Books a room", {"date": day}, "date"),))
    request = ReasoningRequest(system="", messages=(UserMessage(text="Book a room for tomorrow"),), tools=tools)
    _, calls = await collect(OfflineModel(today=lambda: date(2031, 12, 31)).reason(request))
    assert [call.arguments for call in calls] == ['{"date":"2032-01-01"}']


async def test_one_model_answers_any_request_as_a_fresh_one_does() -> None:
    """Nothing is kept between requests: the same conversation has the same reply, whatever came before."""
    model = OfflineModel(today=lambda: date(2026, 11, 21))
    tools = ToolSet(TOOLS)
    asked = ReasoningRequest(system="", messages=(UserMessage(text="Save an alert"),), tools=tools)
    other = ReasoningRequest(system="", messages=(UserMessage(text="Tacoma"),), tools=tools)
    first = await collect(model.reason(asked))
    assert await collect(model.reason(other)) != first
    assert await collect(model.reason(asked)) == first


async def test_a_result_of_a_call_that_was_never_made_is_ignored() -> None:
    messages = (UserMessage(text="turn the lamp off"), ToolMessage(call_id="stray", text="42"))
    request = ReasoningRequest(system="", messages=messages, tools=ToolSet(TOOLS))
    _, calls = await collect(OfflineModel().reason(request))
    assert [call.tool for call in calls] == ["house-switch_lamp"]


@pytest.mark.parametrize(
    ("instruction", "data", "sentence"),
    [
        (
            "Write one short question that asks the person",
            {"plugin": "Windows", "function": "change_theme", "arguments": {"themeName": "dark"}},
            'Change theme in Windows with theme name "dark"?',
        ),
        (
            "Say what is about to happen",
            {"function": "payBill", "arguments": {"amount": 25, "cards": ["a", "b"], "isGift": True}},
            "Pay bill with amount 25, cards a, b and is gift yes.",
        ),
        ("Ask for a decision", {"plugin": "House", "function": "lock", "arguments": {}}, "Lock in House?"),
        ("Say it", {"function": "say", "arguments": {"text": "a\n**b**"}}, 'Say with text "a \\*\\*b\\*\\*".'),
        ("Say it", {}, "Nothing is known."),
    ],
)
async def test_a_phrase_is_one_sentence_made_of_the_data(instruction: str, data: JsonObject, sentence: str) -> None:
    assert await OfflineModel().phrase(PhraseRequest(instruction=instruction, data=data)) == sentence


def test_notes_and_sources_below_a_result_are_no_part_of_it() -> None:
    """Issue 5, lines 2 and 7: what the host adds to a tool message."""
    result = '[{"name": "Loft"}]\n[note: there is more]\n[sources: [1] Loft; [2] Attic]'
    messages = (
        UserMessage(text="flats"),
        AssistantMessage(calls=(ModelCall(id="1", tool="estate-getFlats", arguments="{}"),)),
        ToolMessage(call_id="1", text=result),
    )
    ((made,),) = (turn.made for turn in turns_of(messages))
    assert made.result == '[{"name": "Loft"}]'
