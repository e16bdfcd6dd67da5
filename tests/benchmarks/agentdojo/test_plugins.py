"""AgentDojo's tools as plugins: what the descriptions and manifests say (issue 7)."""

from __future__ import annotations

from collections import Counter

from benchmarks.agentdojo.plugins import Tool, description, is_declarable, labels, manifest, manifests
from orchestrator import load_plugin
from runtimes.values import JsonObject

TEXT: JsonObject = {"type": "string", "description": "A text", "title": "Text"}
SEARCH = Tool(
    name="search_emails",
    description="Searches.\nAll of them.",
    schema={
        "properties": {"query": TEXT, "sender": {"anyOf": [TEXT, {"type": "null"}], "default": None}},
        "required": ["query"],
    },
)
DELETE = Tool(name="delete_email", description="Deletes", schema={"properties": {"id": TEXT}, "required": ["id"]})
SHARE = Tool(
    name="share_file",
    description="Shares",
    schema={
        "properties": {"permission": {"$ref": "#/components/schemas/Permission"}},
        "required": ["permission"],
        "$defs": {"Permission": {"enum": ["r", "rw"]}},
    },
)
URL = "http://127.0.0.1:1"


def test_every_tool_has_a_plugin_and_known_words_for_how_it_handles_data() -> None:
    known = labels()
    assert len(known) == 69
    assert Counter(handling.plugin for handling in known.values())["booking"] == 22
    assert {word for handling in known.values() for word in handling.data_handling} == {
        "GetPublicData",
        "GetPrivateData",
        "DataTransform",
        "DataExport",
        "ResourceStateUpdate",
    }


def test_reading_tools_are_get_with_a_query_and_the_others_post_with_json() -> None:
    paths = description("mail", [SEARCH, DELETE], labels(), URL)["paths"]
    assert isinstance(paths, dict)
    search, delete = paths["/search_emails"], paths["/delete_email"]
    assert isinstance(search, dict)
    assert isinstance(delete, dict)
    assert (list(search), list(delete)) == (["get"], ["post"])
    get, post = search["get"], delete["post"]
    assert isinstance(get, dict)
    assert isinstance(post, dict)
    assert get["parameters"] == [
        {"name": "query", "in": "query", "required": True, "schema": TEXT},
        {
            "name": "sender",
            "in": "query",
            "required": False,
            "schema": {"anyOf": [TEXT, {"type": "null"}], "default": None},
        },
    ]
    assert get["summary"] == "Searches."
    assert post["requestBody"] == {"required": True, "content": {"application/json": {"schema": DELETE.schema}}}


def test_definitions_of_a_tool_become_components() -> None:
    document = description("drive", [SHARE], labels(), URL)
    assert document["components"] == {"schemas": {"Permission": {"enum": ["r", "rw"]}}}


def test_unions_and_references_are_left_to_the_description() -> None:
    assert [is_declarable(tool) for tool in (SEARCH, DELETE, SHARE)] == [False, True, False]
    functions = manifest("mail", [SEARCH, DELETE], labels(), URL)["functions"]
    assert functions == [
        {
            "name": "search_emails",
            "description": "Searches.\nAll of them.",
            "capabilities": {"security_info": {"data_handling": ["GetPrivateData"]}},
        },
        {
            "name": "delete_email",
            "description": "Deletes",
            "parameters": {
                "type": "object",
                "properties": {"id": {"type": "string", "description": "A text"}},
                "required": ["id"],
            },
            "capabilities": {"security_info": {"data_handling": ["ResourceStateUpdate"]}},
        },
    ]


async def test_the_manifests_load_grouped_by_plugin_with_and_without_security_info() -> None:
    urls = {"mail": URL, "drive": "http://127.0.0.1:2"}
    for declares in (True, False):
        documents = manifests([SEARCH, SHARE, DELETE], labels(), urls, declares=declares)
        plugins = [await load_plugin(document, allowed_hosts=["127.0.0.1"]) for document in documents]
        assert [plugin.namespace for plugin in plugins] == ["mail", "drive"]
        told = [
            function.capabilities.security_info for plugin in plugins for function in plugin.manifest.functions or ()
        ]
        assert [info is not None for info in told] == [declares] * 3
