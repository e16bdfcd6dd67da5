"""The tools of a host: which function a name means, and whether arguments fit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from anyio import to_thread

from orchestrator.content import Shown
from orchestrator.errors import FunctionUnavailable, UnknownName, UsageError
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.localize import localized
from orchestrator.manifest.model import Function
from orchestrator.model.base import ToolDefinition, ToolSet
from orchestrator.response.hidden import clean, clean_object
from orchestrator.response.outcome import LOCAL_PLUGIN, read_result
from orchestrator.response.presentation import Presentation
from orchestrator.response.projection import RESULT_BUDGET
from orchestrator.tools.arguments import ArgumentChecker
from orchestrator.tools.definitions import WITHDRAW, WITHDRAW_TOOL
from runtimes.base import CallResult, FunctionSignature, RuntimeExecutor
from runtimes.values import JsonObject
from runtimes.wrappers import Templated

UNDECLARED = Function(name="")
"""What the manifest says of a function that it does not name: nothing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundFunction:
    """A function, the tool it is offered as, and the executor that answers its calls."""

    plugin: Plugin
    name: str
    tool_name: str
    description: str
    parameters: JsonObject
    """The JSON Schema of the arguments."""
    declaration: Function
    """The manifest's function object; `UNDECLARED` where the runtime describes the function."""
    runtime_type: str
    progress_style: str = "ShowUsage"
    """spec 11.3.2.3."""
    has_credential: bool = False
    """True when its runtime calls with a credential of the person's."""
    signature: FunctionSignature
    executor: RuntimeExecutor = field(repr=False)
    presentation: Presentation = field(default_factory=Presentation, repr=False)
    """How its answers are shown."""

    @cached_property
    def checker(self) -> ArgumentChecker:
        """Checks arguments; compiled on first use."""
        is_inferred = self.declaration.parameters is None
        rules = self.signature.rules if is_inferred else None
        return ArgumentChecker(self.parameters, rules, self.signature.left_out)

    @property
    def tool(self) -> ToolDefinition:
        """As a model is told of it."""
        about = clean(self.description)
        return ToolDefinition(name=self.tool_name, description=about, parameters=clean_object(self.parameters))

    def read(self, result: CallResult, budget: int = RESULT_BUDGET, locale: str | None = None) -> tuple[str, Shown]:
        """What the model is given of an answer, within so many characters, and what the person is shown (spec 9.4,
        13.2). An `output_template` has said already what the model is to read (spec 11.1.5). `locale` is for the
        numbers and dates of cards."""
        return read_result(
            result,
            runtime_type=self.runtime_type,
            semantics=self.declaration.capabilities.response_semantics,
            base=self.signature.destination,
            budget=budget,
            is_templated=isinstance(self.executor, Templated),
            presentation=self.presentation,
            locale=locale,
        )

    async def read_aside(
        self, result: CallResult, budget: int = RESULT_BUDGET, locale: str | None = None
    ) -> tuple[str, Shown]:
        """As `read`, off the event loop where queries or cards may take a while."""
        if not self._may_take_long:
            return self.read(result, budget, locale)
        return await to_thread.run_sync(self.read, result, budget, locale, abandon_on_cancel=True)

    @cached_property
    def _may_take_long(self) -> bool:
        """True where the manifest's queries read the answer, or a local plugin's cards come with it."""
        is_local = self.runtime_type.casefold() == LOCAL_PLUGIN
        return is_local or self.declaration.capabilities.response_semantics is not None

    @property
    def may_be_cited(self) -> bool:
        """True when its answers may give citations (spec 9.4)."""
        return self.declaration.capabilities.response_semantics is not None

    @property
    def has_responding_instructions(self) -> bool:
        """True when its `states.responding` says more than a description (spec 10.2)."""
        return self.declaration is not UNDECLARED and self.declaration.states.responding.has_instructions


ALL_FUNCTIONS = "*"
"""Stands for the functions of a runtime that could not be asked for theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A function that is not offered, and why."""

    plugin: str
    function: str
    """Its name, or `ALL_FUNCTIONS`."""
    reason: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A bare name that several plugins have."""

    candidates: tuple[str, ...]


def _instruction_texts(function: Function) -> str:
    states = function.states
    texts: list[str] = []
    for state in (states.reasoning, states.responding, states.disengaging):
        if state is not None:
            texts += [state.instructions] if isinstance(state.instructions, str) else list(state.instructions or ())
    return "\n".join(texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    """A plugin in one language."""

    plugin: Plugin
    declared: Mapping[str, Function]
    document: JsonObject

    @classmethod
    def of(cls, plugin: Plugin, locale: str | None) -> _Spoken:
        spoken = plugin.in_language(locale)
        return cls(
            plugin=spoken,
            declared={function.name: function for function in spoken.manifest.functions or ()},
            document=localized(plugin.document, plugin.languages, locale),
        )

    def function(self, bound: BoundFunction) -> BoundFunction:
        """What a function of this plugin is in this language; answers it sends through a template are, too."""
        if self.plugin is bound.plugin:
            return bound
        executor = bound.executor
        return replace(
            bound,
            plugin=self.plugin,
            declaration=self.declared.get(bound.name, bound.declaration),
            executor=executor.over(self.document) if isinstance(executor, Templated) else executor,
        )


class Toolbox:
    """Every function that is offered; immutable."""

    def __init__(
        self, functions: Sequence[BoundFunction], skipped: Sequence[Skipped] = (), *, inline_schemas: bool = False
    ) -> None:
        """`inline_schemas`: a model is told schemas without references; arguments are held to those with them."""
        self.functions = tuple(functions)
        self._inline_schemas = inline_schemas
        self.skipped = tuple(skipped)
        self._by_tool = {function.tool_name: function for function in functions}
        self._by_name: dict[str, list[BoundFunction]] = {}
        for function in functions:
            self._by_name.setdefault(function.name, []).append(function)
        self._by_place = {(function.plugin.namespace, function.name): function for function in functions}

    @cached_property
    def offers_withdraw(self) -> bool:
        """True when an instruction names `withdraw`, or a function has a `disengaging` state."""
        declared = (one.declaration for one in self.functions if one.declaration is not UNDECLARED)
        return (
            WITHDRAW not in self._by_tool
            and WITHDRAW not in self._by_name
            and any(one.states.disengaging is not None or f"{WITHDRAW}(" in _instruction_texts(one) for one in declared)
        )

    @cached_property
    def tools(self) -> ToolSet:
        """What a reasoning request carries; serialised once for the life of the toolbox."""
        definitions = tuple(function.tool for function in self.functions)
        if self._inline_schemas:
            from orchestrator.tools.inlining import inlined

            definitions = tuple(replace(one, parameters=inlined(one.parameters)) for one in definitions)
        return ToolSet((*definitions, WITHDRAW_TOOL) if self.offers_withdraw else definitions)

    def in_language(self, locale: str | None) -> Toolbox:
        """The same functions with the texts of their plugins in the language of a locale; names never change."""
        plugins = {function.plugin.namespace: function.plugin for function in self.functions}
        spoken = {namespace: _Spoken.of(plugin, locale) for namespace, plugin in plugins.items()}
        if all(spoken[namespace].plugin is plugin for namespace, plugin in plugins.items()):
            return self
        functions = [spoken[function.plugin.namespace].function(function) for function in self.functions]
        return Toolbox(functions, self.skipped, inline_schemas=self._inline_schemas)

    def resolve(self, name: str) -> BoundFunction | Ambiguous | None:
        """The function of that tool name, or of that bare name when only one plugin has it."""
        if (exact := self._by_tool.get(name)) is not None:
            return exact
        named = self._by_name.get(name, [])
        if len(named) > 1:
            return Ambiguous(tuple(function.tool_name for function in named))
        return named[0] if named else None

    def find(self, name: str) -> BoundFunction:
        """As `resolve`.

        Raises: `UnknownName`, `UsageError` when several plugins have it, `FunctionUnavailable` when it is not offered.
        """
        found = self.resolve(name)
        if isinstance(found, Ambiguous):
            raise UsageError(f"{name!r} is ambiguous; choose one of {', '.join(found.candidates)}")
        if found is not None:
            return found
        for skipped in self.skipped:
            if skipped.function in (name, ALL_FUNCTIONS):
                message = f"function {name!r} of plugin {skipped.plugin!r} is not available: {skipped.reason}"
                raise FunctionUnavailable(message)
        raise UnknownName("function", name, [*self._by_name, *self._by_tool])

    def at(self, plugin: str, function: str) -> BoundFunction | None:
        """The function of a plugin, by their own names."""
        return self._by_place.get((plugin, function))
