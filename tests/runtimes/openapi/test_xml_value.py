"""XML documents as JSON values."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.openapi.xml_value import MAX_XML_DEPTH, MAX_XML_NODES, NotAValue, xml_to_json
from runtimes.values import Json, JsonObject

VALUES: dict[str, Json] = {
    "<ok/>": "",
    "<ok> done </ok>": "done",
    "<a><b>1</b><c/></a>": {"b": "1", "c": ""},
    "<a><b>1</b><b>2</b><b>3</b></a>": {"b": ["1", "2", "3"]},
    "<a id='7'><b x='1'/></a>": {"id": "7", "b": {"x": "1"}},
    "<a id='7'><id>8</id></a>": {"id": ["7", "8"]},
    "<a id='7'>text</a>": {"id": "7", "#text": "text"},
    "<a>one<b/>two</a>": {"b": "", "#text": "onetwo"},
    "<p:a xmlns:p='urn:p' xmlns='urn:q'><p:b>1</p:b><c p:d='2'/></p:a>": {"b": "1", "c": {"d": "2"}},
    "<a><![CDATA[<b>&]]>&amp;&#233;</a>": "<b>&&é",
    "<?xml version='1.0' encoding='utf-16'?><a>é</a>": "é",
    "<a><!-- no --><?no no?>yes</a>": "yes",
    "<a><b><c>1</c></b><b>2</b></a>": {"b": [{"c": "1"}, "2"]},
}


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_a_document_is_the_value_of_its_root(text: str, value: Json) -> None:
    assert xml_to_json(text) == value


REFUSED = {
    "": "not well-formed XML: no element found",
    "<a": "not well-formed XML",
    "<a></b>": "mismatched tag",
    "<a/><b/>": "not well-formed XML",
    "<a>&x;</a>": "undefined entity",
    "<!DOCTYPE a><a/>": "document type",
    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>": "document type",
    "<a>" * (MAX_XML_DEPTH + 1): "nested more than 64 deep",
    "<a>" + "<b/>" * MAX_XML_NODES + "</a>": "more than 50000 elements and attributes",
    "<a " + " ".join(f"b{number}=''" for number in range(MAX_XML_NODES)) + "/>": "more than 50000",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items(), ids=REFUSED.values())
def test_what_is_not_read_says_why(text: str, reason: str) -> None:
    with pytest.raises(NotAValue, match=reason):
        xml_to_json(text)


texts = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).map(str.strip)
values: st.SearchStrategy[Json] = st.recursive(
    texts.filter(bool),
    lambda inner: st.dictionaries(
        st.sampled_from(["a", "b", "ü"]), inner | st.lists(inner, min_size=2, max_size=3), min_size=1, max_size=3
    ),
    max_leaves=10,
)


def written(name: str, value: Json) -> str:
    if isinstance(value, list):
        return "".join(written(name, item) for item in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(written(key, inner) for key, inner in value.items())}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


@given(st.dictionaries(st.sampled_from(["a", "b", "ü"]), values, min_size=1))
def test_what_is_written_as_elements_is_read_back(value: JsonObject) -> None:
    assert xml_to_json(written("root", value)) == value
