"""What comes of a call of one operation whose server gives an answer that a test decides."""

from __future__ import annotations

from runtimes.base import CallContext, CallResult, FunctionCall
from tests.servers.descriptions import api, opened
from tests.servers.loopback import Handler, serve


async def answered(handler: Handler, method: str = "get") -> CallResult:
    """The result of a call without arguments."""
    async with serve(handler) as server:
        description = api({"/x": {method: {"operationId": "f"}}}, servers=[{"url": server.url}])
        async with opened(description) as executor:
            return await executor.invoke(FunctionCall(id="1", function="f", arguments={}), CallContext(person="me"))
