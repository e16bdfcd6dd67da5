"""One description as an API: a request in, an answer out. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from orchestrator.mock.answers import Answers
from orchestrator.mock.contract import Contract, credential_parameters, read_contract
from orchestrator.mock.exchange import Answer, Request, refusal
from orchestrator.mock.inspect_request import Matched, judged, media_of
from orchestrator.mock.routes import Found, Routes
from orchestrator.mock.schemas import Schemas
from runtimes.openapi.document import Description, Entry

MAX_SHOWN_PATH = 200
"""Characters of a path that a message quotes."""


class MockApi:
    """Answers requests as a description has it, and refuses those that it does not allow."""

    def __init__(self, description: Description, seed: int = 0, *, gives_examples: bool = True) -> None:
        """`gives_examples`: those of the description come before what is made up."""
        self._description = description
        self._seed = seed
        self._schemas = Schemas(description)
        self._routes = Routes(description.entries)
        self._answers = Answers(self._schemas, gives_examples=gives_examples)
        self._keys = credential_parameters(description, self._schemas)
        self._contracts: dict[int, Contract] = {}

    @property
    def title(self) -> str:
        """What the description is called."""
        info = self._description.root.get("info")
        title = info.get("title") if isinstance(info, dict) else None
        return title if isinstance(title, str) else ""

    @property
    def operations(self) -> int:
        """How many operations it has."""
        return len(self._description.entries)

    def contract(self, entry: Entry) -> Contract:
        """What an operation demands of requests; read once."""
        key = id(entry)  # the description keeps its entries for as long as it lives, and this with it
        if key not in self._contracts:
            self._contracts[key] = read_contract(self._description, self._schemas, entry)
        return self._contracts[key]

    def answer(self, request: Request) -> Answer:
        """The answer to a request; the same for the same request."""
        found = list(self._routes.at(request.path, request.query))
        if not found:
            return self._nowhere(request)
        wanted = next((one for one in found if one.route.entry.method == request.method), None)
        if wanted is None and request.method == "HEAD":
            wanted = next((one for one in found if one.route.entry.method == "GET"), None)
        if wanted is None:
            return _other_method(request, [one.route.entry.method for one in found])
        return self._answer(request, wanted)

    def _nowhere(self, request: Request) -> Answer:
        near = self._routes.near(request.path)
        hint = f"; did you mean {near!r}?" if near else ""
        shown = request.path[:MAX_SHOWN_PATH]
        return refusal(404, "there is no such path", detail=f"the description has no path {shown!r}{hint}")

    def _answer(self, request: Request, found: Found) -> Answer:
        entry = found.route.entry
        name = entry.operation_id or entry.function_name
        contract = self.contract(entry)
        if request.has_body and contract.takes_body and media_of(contract, request) is None:
            return _other_type(request, contract, name)
        own_query = frozenset(pair[0] for pair in found.route.query)
        matched = Matched(
            request=request,
            path=found.path,
            query=found.query,
            own_query=own_query,
            names=own_query | self._keys | {demand.name for demand in contract.demands},
        )
        found_out = judged(contract, matched, self._keys)
        if found_out.complaints:
            return refusal(400, "the request does not fit the description", found_out.complaints, operation=name)
        accept = request.header("Accept") or ""
        answer = self._answers.answer(entry.operation, accept, self._seed_of(request), found_out.given)
        return replace(answer, operation=name)

    def _seed_of(self, request: Request) -> str:
        body = hashlib.sha256(request.body).hexdigest()
        method = "GET" if request.method == "HEAD" else request.method
        return f"{self._seed}\n{method}\n{request.target}\n{body}"


def _other_method(request: Request, methods: Sequence[str]) -> Answer:
    allowed = {*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}
    headers = (("Allow", ", ".join(sorted(allowed))),)
    if request.method == "OPTIONS":
        return Answer(status=204, headers=headers)
    detail = f"the path takes {', '.join(sorted(set(methods)))}, not {request.method[:20]}"
    return refusal(405, "the path does not take this method", detail=detail, headers=headers)


def _other_type(request: Request, contract: Contract, name: str) -> Answer:
    wanted = ", ".join(one.name for one in contract.media)
    given = (request.header("Content-Type") or "")[:MAX_SHOWN_PATH]
    said = f"not {given!r}" if given else "and the request states none"
    detail = f"the body is to be {wanted}, {said}"
    return refusal(415, "the body is of another media type", detail=detail, operation=name)
