from collections.abc import Mapping, Sequence
from typing import Self

from runtimes.values import JsonObject

class _Schematic:
    @classmethod
    def model_json_schema(cls, *, ref_template: str) -> JsonObject: ...

class TaskEnvironment:
    def __init__(self) -> None: ...
    def model_copy(self, *, deep: bool = ...) -> Self: ...

class FunctionCall:
    function: str
    args: Mapping[str, object]
    def __init__(self, *, function: str, args: Mapping[str, object]) -> None: ...

class Function:
    name: str
    description: str
    parameters: type[_Schematic]

class FunctionsRuntime:
    def __init__(self, functions: Sequence[Function]) -> None: ...
    def run_function(
        self, env: TaskEnvironment, function: str, kwargs: Mapping[str, object]
    ) -> tuple[object, str | None]: ...
