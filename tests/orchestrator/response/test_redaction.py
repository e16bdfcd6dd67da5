"""Redaction rules: what they take out, where they look, and that an answer they cannot be applied to is withheld."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import UsageError
from orchestrator.response.redaction import Redactor
from orchestrator.response.redaction_documents import MAX_EMBEDDING, MAX_MATCHES
from orchestrator.response.redaction_rules import MAX_RULES, Action, Redaction
from runtimes.base import Attachment, CallResult
from runtimes.values import Json, JsonObject, dump_json

PEOPLE: JsonObject = {
    "people": [{"name": "Ada", "ssn": "123-45-6789"}, {"name": "Bob", "ssn": None}, {"ssn": {"ssn": 7}}],
    "count": 3,
}
SSN = r"\d{3}-\d{2}-\d{4}"


def redacted(result: CallResult, *redactions: Redaction, key: bytes = b"key") -> CallResult:
    redactor = Redactor(redactions, key)
    return redactor.redacted(result, redactor.rules_for(["look", "people-look"]))


def payload(value: Json, path: str, action: Action = "mask") -> Json:
    result = redacted(CallResult(payload=value), Redaction(path=path, action=action))
    assert not result.is_error
    return result.payload


PLACES: list[tuple[str, Json, Json]] = [
    (
        "$..ssn",
        {"people": [{"name": "Ada", "ssn": "***"}, {"name": "Bob", "ssn": "***"}, {"ssn": "***"}], "count": 3},
        {"people": [{"name": "Ada"}, {"name": "Bob"}, {}], "count": 3},
    ),
    ("$.people[*]", {"people": ["***", "***", "***"], "count": 3}, {"people": [], "count": 3}),
    (
        "$.people[0,2]",
        {"people": ["***", {"name": "Bob", "ssn": None}, "***"], "count": 3},
        {"people": [{"name": "Bob", "ssn": None}], "count": 3},
    ),
    (
        "$.people[?(@.name == 'Ada')].ssn",
        {"people": [{"name": "Ada", "ssn": "***"}, {"name": "Bob", "ssn": None}, {"ssn": {"ssn": 7}}], "count": 3},
        {"people": [{"name": "Ada"}, {"name": "Bob", "ssn": None}, {"ssn": {"ssn": 7}}], "count": 3},
    ),
    ("$.people", {"people": "***", "count": 3}, {"count": 3}),
    ("$.*", {"people": "***", "count": "***"}, {}),
    ("$..*", {"people": "***", "count": "***"}, {}),
    ("$", "***", None),
    ("$.nothing", PEOPLE, PEOPLE),
]


@pytest.mark.parametrize(("path", "masked", "dropped"), PLACES, ids=[case[0] for case in PLACES])
def test_what_a_path_names_is_masked_or_dropped(path: str, masked: Json, dropped: Json) -> None:
    """Issue 5, line 7."""
    before = copy.deepcopy(PEOPLE)
    assert payload(PEOPLE, path) == masked
    assert payload(PEOPLE, path, "drop") == dropped
    assert before == PEOPLE, "the answer itself is not changed"


def hashes_in(value: Json) -> list[str]:
    assert isinstance(value, list)
    found = [item["ssn"] for item in value if isinstance(item, dict)]
    return [text for text in found if isinstance(text, str)]


def test_a_hash_is_that_of_the_value_and_of_the_host() -> None:
    people: Json = [{"ssn": "1"}, {"ssn": "2"}, {"ssn": "1"}, {"ssn": 1}]
    one, two, again, number = hashes_in(payload(people, "$..ssn", "hash"))
    assert one == again
    assert len({one, two, number}) == 3
    assert one.startswith("hash:")
    assert len(one) == len("hash:") + 16
    other = redacted(CallResult(payload=people), Redaction(path="$..ssn", action="hash"), key=b"another")
    assert one not in dump_json(other.payload)


def test_json_within_a_text_is_redacted_too() -> None:
    """Spec 13.2: local plugins send data as an encoded string."""
    inner = dump_json({"ssn": "1", "more": dump_json([{"ssn": 2}])})
    assert payload([{"type": "text/plain", "data": inner}], "$..ssn") == [
        {"type": "text/plain", "data": '{"ssn":"***","more":"[{\\"ssn\\":\\"***\\"}]"}'}
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('\ufeff{"ssn": 1}', '{"ssn":"***"}'),
        (' \ufeff\n[{"ssn": 1}]', '[{"ssn":"***"}]'),
        (dump_json('{"ssn": 1}'), dump_json('{"ssn":"***"}')),
        (dump_json(dump_json('{"ssn": 1}')), dump_json(dump_json('{"ssn":"***"}'))),
    ],
)
def test_json_in_a_text_is_found_behind_a_mark_and_within_a_string(text: str, left: str) -> None:
    assert payload([text], "$..ssn") == [left]
    assert redacted(CallResult(payload=text, status=200), Redaction(path="$..ssn")).payload == left


def test_json_that_is_encoded_too_often_is_withheld() -> None:
    text = '{"ssn": 1}'
    for _ in range(MAX_EMBEDDING + 1):
        text = dump_json(text)
    assert "lie in each other" in redacted(CallResult(payload=[text]), Redaction(path="$..ssn")).explanation


@pytest.mark.parametrize("text", ['"quoted"', "\ufeffno JSON", '"{no json}"', '"\\u007b', "7"])
def test_quoted_and_marked_texts_that_are_no_json_stay_as_they_are(text: str) -> None:
    assert payload([text], "$..ssn") == [text]


def test_a_text_that_the_rules_do_not_touch_stays_as_it_is() -> None:
    assert payload(['{ "a" : 1 }', "{no json}", "[1](x)"], "$..ssn") == ['{ "a" : 1 }', "{no json}", "[1](x)"]


def test_a_pattern_is_for_parts_of_texts() -> None:
    value: JsonObject = {"note": "Ada 123-45-6789, Bob 987-65-4321", "ssn": "123-45-6789", "n": 1}
    expectations: dict[Action, str] = {"mask": "Ada ***, Bob ***", "drop": "Ada , Bob "}
    for action, expected in expectations.items():
        result = redacted(CallResult(payload=value), Redaction(pattern=SSN, action=action))
        assert isinstance(result.payload, dict)
        assert result.payload["note"] == expected
    hashed = redacted(CallResult(payload=value), Redaction(pattern=SSN, action="hash"))
    assert isinstance(hashed.payload, dict)
    assert hashed.payload["note"] != value["note"]
    assert str(hashed.payload["ssn"]) in str(hashed.payload["note"])


def test_several_rules_are_applied_together() -> None:
    rules = (Redaction(path="$..ssn", action="drop"), Redaction(pattern="Ada"), Redaction(path="$.count"))
    result = redacted(CallResult(payload=PEOPLE), *rules)
    assert result.payload == {"people": [{"name": "***"}, {"name": "Bob"}, {}], "count": "***"}


@pytest.mark.parametrize(
    ("function", "is_for_it"),
    [("*", True), ("people-*", True), ("look", True), ("people-look", True), ("shop-*", False), ("loo", False)],
)
def test_a_rule_may_be_for_some_functions(function: str, is_for_it: bool) -> None:
    result = redacted(CallResult(payload={"ssn": 1}), Redaction(path="$..ssn", function=function))
    assert (result.payload == {"ssn": "***"}) == is_for_it


def test_what_is_said_of_an_answer_does_not_quote_what_is_redacted() -> None:
    result = CallResult(
        payload={"message": "no person\n123-45-6789", "code": 7},
        is_error=True,
        status=404,
        explanation="no person 123-45-6789",
        notes=("a page of 10", "message: no person 123-45-6789 there"),
    )
    for rule in (Redaction(path="$.message"), Redaction(pattern=SSN, action="hash")):
        left = redacted(result, rule)
        assert left.explanation == ""
        assert left.notes == ("what the answer says of itself is left out: it has redacted parts in it",)
        assert "6789" not in repr(left)
    assert redacted(result, Redaction(path="$.nothing")) == result


@pytest.mark.parametrize("quote", ["no\u200b person 123-45-6789", "no person 123-", "NO PERSON 6789"])
def test_what_is_said_of_an_answer_goes_where_anything_was_found_in_it(quote: str) -> None:
    """However it is quoted, unless the runtime can tell anew."""
    result = CallResult(payload={"message": "no\u200b person 123-45-6789"}, explanation=quote, notes=(quote,))
    for rule in (Redaction(path="$.message"), Redaction(pattern=SSN)):
        left = redacted(result, rule)
        assert (left.explanation, len(left.notes), quote in left.notes) == ("", 1, False)


def test_patterns_are_for_what_is_said_of_an_answer_too() -> None:
    result = CallResult(payload={"n": 1}, explanation="no 123-45-6789", notes=("see 123-45-6789", "fine"))
    left = redacted(result, Redaction(pattern=SSN))
    assert (left.payload, left.explanation, left.notes) == ({"n": 1}, "no ***", ("see ***", "fine"))


def chain(length: int) -> Json:
    value: Json = 1
    for _ in range(length):
        value = [value]
    return value


def nested(depth: int) -> Json:
    value: Json = {"ssn": 1}
    for _ in range(depth):
        value = {"text": dump_json(value)}
    return value


MANY: Json = [*range(MAX_MATCHES + 1)]
WITHHELD: list[tuple[str, CallResult, Redaction]] = [
    ("it is no JSON", CallResult(payload="ssn 123-45-6789", status=200), Redaction(path="$..ssn")),
    ("it is no JSON", CallResult(payload='{"ssn": "123', status=200, is_truncated=True), Redaction(path="$..ssn")),
    ("lie in each other", CallResult(payload=nested(MAX_EMBEDDING + 1)), Redaction(path="$..ssn")),
    ("took more than 1 s", CallResult(payload=["a" * 60 + "!"]), Redaction(pattern="(a|aa)+$")),
    ("'$[?(@ =~ \"(\")]' failed", CallResult(payload=["a"]), Redaction(path='$[?(@ =~ "(")]')),
    ("it is no JSON", CallResult(payload="<ssn>1</ssn>", status=200), Redaction(path="$..ssn")),
    ("'$[*]' finds more than 100000 values", CallResult(payload=MANY), Redaction(path="$[*]")),
    ("nested more than 128 deep", CallResult(payload=chain(200)), Redaction(path="$..ssn")),
]


@pytest.mark.parametrize(("reason", "result", "rule"), WITHHELD, ids=[str(index) for index in range(len(WITHHELD))])
def test_an_answer_that_a_rule_cannot_be_applied_to_is_withheld(
    reason: str, result: CallResult, rule: Redaction
) -> None:
    left = redacted(result, rule)
    assert (left.payload, left.is_error, left.status, left.notes) == (None, True, result.status, ())
    assert "is withheld by the host's redaction rules" in left.explanation
    assert reason in left.explanation


def test_text_of_a_server_passes_where_a_pattern_was_applied_to_it() -> None:
    rules = (Redaction(path="$..ssn"), Redaction(pattern=SSN))
    assert redacted(CallResult(payload="ssn 123-45-6789", status=200), *rules).payload == "ssn ***"


@pytest.mark.parametrize(
    "result",
    [
        CallResult(payload="Bluetooth is on"),
        CallResult(payload="", status=204),
        CallResult(payload=None, status=200),
        CallResult(payload='{"a": 1}', status=200),
        CallResult(payload="a file", status=200, attachments=(Attachment(media_type="image/png", data=b"x"),)),
    ],
)
def test_answers_that_rules_find_nothing_in_stay_as_they_are(result: CallResult) -> None:
    assert redacted(result, Redaction(path="$..ssn")) is result


MISTAKES: list[tuple[Redaction, str]] = [
    (Redaction(), "either a path or a pattern"),
    (Redaction(path="$.a", pattern="a"), "either a path or a pattern"),
    (Redaction(path="ssn"), r"'ssn' must start with '\$'"),
    (Redaction(path="$.a b"), r"'\$\.a b' cannot be read: Parse error at 1:4 near token b"),
    (Redaction(path="$..["), "cannot be read: Parse error near the end"),
    (Redaction(path="$.é"), "cannot be read: Error on line 1, col 2"),
    (Redaction(path="$.`len`"), "names no places"),
    (Redaction(path="$.a + $.b"), "names no places"),
    (Redaction(path="$..ssn.`parent`"), "names no places"),
    (Redaction(path="$..a..b..c"), "more than 2 times"),
    (Redaction(path="$" + ".a" * 300), "500 characters"),
    (Redaction(pattern="(a"), r"'\(a' cannot be read: missing \) at position 2"),
    (Redaction(pattern="a*"), "'a\\*' matches empty text"),
    (Redaction(path="$.a", action="burn"), "no action 'burn'; known: mask, drop, hash"),  # type: ignore[arg-type]  # that is the mistake
]


@pytest.mark.parametrize(("rule", "told"), MISTAKES, ids=[case[1] for case in MISTAKES])
def test_a_rule_that_cannot_be_read_is_refused_at_the_start(rule: Redaction, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Redactor([rule], b"key")


def test_a_host_has_so_many_rules() -> None:
    with pytest.raises(UsageError, match=str(MAX_RULES)):
        Redactor([Redaction(path="$.a")] * (MAX_RULES + 1), b"key")


values: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(['{"secret": "s3cret"}', "s3cret"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["secret", "a", "b c", "*", "$"]), inner, max_size=4)
    ),
    max_leaves=20,
)


def secrets_in(value: Json) -> list[Json]:
    """What stands under the name, at any depth that is not under it again."""
    if isinstance(value, dict):
        own = [value["secret"]] if "secret" in value else []
        return own + [found for name, child in value.items() if name != "secret" for found in secrets_in(child)]
    return [found for child in value for found in secrets_in(child)] if isinstance(value, list) else []


@given(values, st.sampled_from(["mask", "drop", "hash"]))
def test_nothing_under_the_name_is_left_and_the_rest_is(value: Json, action: Action) -> None:
    left = payload(value, "$..secret", action)
    found = secrets_in(left)
    assert all(isinstance(item, str) and item.startswith(("***", "hash:")) for item in found)
    assert len(found) == (0 if action == "drop" else len(secrets_in(value)))
    assert '"s3cret\\"' not in dump_json(left)
    assert payload(left, "$..nothing", action) == left
