"""Which blocks of code an app may draw rather than show, and so might load addresses from. Pure."""

from __future__ import annotations

import re

from orchestrator.response.addresses import Addresses

_DRAWN = frozenset(
    {
        "abc",
        "asciimath",
        "chart",
        "chartjs",
        "d2",
        "ditaa",
        "dot",
        "echarts",
        "flow",
        "flowchart",
        "geojson",
        "graphviz",
        "htm",
        "html",
        "jsx",
        "katex",
        "latex",
        "markmap",
        "math",
        "mathjax",
        "mathml",
        "mermaid",
        "mindmap",
        "nomnoml",
        "plantuml",
        "plotly",
        "puml",
        "react",
        "sequence",
        "smiles",
        "stl",
        "svg",
        "svelte",
        "tex",
        "tikz",
        "topojson",
        "tsx",
        "vega",
        "vega-lite",
        "vegalite",
        "vue",
        "wavedrom",
        "xhtml",
        "xml",
    }
)
"""Names of languages that renderers of Markdown draw."""
_NAMES = re.compile(r"[\w-]+")
_NAMESPACE = re.compile(r"http://www\.w3\.org/(?:2000/svg|1999/xlink|1999/xhtml|1998/Math/MathML)(?=[\"'])")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}\\]+", re.IGNORECASE)
_SUSPECT = re.compile(r"//|\\/|www\.|&(?:#|sol|colon|period)|(?:javascript|data|mailto):", re.IGNORECASE)
"""What an address that is written in any other way has in it."""


def may_be_drawn(info: str) -> bool:
    """True where this info string names a language that is drawn."""
    return any(name.lower() in _DRAWN for name in _NAMES.findall(info))


def leads_away(block: str, addresses: Addresses) -> bool:
    """True where a block may have an address in it to which an answer may not lead."""
    rest = _ADDRESS.sub(lambda found: "" if addresses.may_link(found[0]) else found[0], _NAMESPACE.sub("", block))
    return _SUSPECT.search(rest) is not None
