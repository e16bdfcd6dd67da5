"""Toolboxes made without a runtime, for tests of the pure parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from auth import SignIn
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.model import Function
from orchestrator.tools.definitions import describe, parameters_of, tool_name
from orchestrator.tools.toolbox import BoundFunction, Toolbox
from runtimes.base import CallContext, CallResult, FunctionCall, FunctionSignature, WireMessage


class Unreachable:
    """An executor that no pure part may reach."""

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        raise NotImplementedError

    @property
    def unusable(self) -> Mapping[str, str]:
        raise NotImplementedError

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        del function, person
        return None

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        raise NotImplementedError

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        raise NotImplementedError


def _posting(function: Function) -> FunctionSignature:
    return FunctionSignature(name=function.name, destination="nowhere", method="POST")


def toolbox_of(plugin: Plugin, signature: Callable[[Function], FunctionSignature] = _posting) -> Toolbox:
    """The declared functions of a plugin, bound to nothing."""
    return Toolbox(
        [
            BoundFunction(
                plugin=plugin,
                name=declared.name,
                tool_name=tool_name(plugin.namespace, declared.name),
                description=describe(declared, signature(declared)),
                parameters=parameters_of(declared, signature(declared)),
                declaration=declared,
                runtime_type="x-test",
                signature=signature(declared),
                executor=Unreachable(),
            )
            for declared in plugin.manifest.functions or ()
        ]
    )
