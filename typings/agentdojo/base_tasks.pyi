from collections.abc import Sequence
from typing import Generic, TypeVar

from agentdojo.functions_runtime import FunctionCall, TaskEnvironment

Env = TypeVar("Env", bound=TaskEnvironment)

class BaseUserTask(Generic[Env]):
    ID: str
    PROMPT: str
    GROUND_TRUTH_OUTPUT: str
    def init_environment(self, environment: Env) -> Env: ...
    def ground_truth(self, pre_environment: Env) -> list[FunctionCall]: ...
    def utility(self, model_output: str, pre_environment: Env, post_environment: Env) -> bool: ...
    def utility_from_traces(
        self, model_output: str, pre_environment: Env, post_environment: Env, traces: Sequence[FunctionCall]
    ) -> bool | None: ...

class BaseInjectionTask(Generic[Env]):
    ID: str
    GOAL: str
    GROUND_TRUTH_OUTPUT: str
    def ground_truth(self, pre_environment: Env) -> list[FunctionCall]: ...
    def security(self, model_output: str, pre_environment: Env, post_environment: Env) -> bool: ...
    def security_from_traces(
        self, model_output: str, pre_environment: Env, post_environment: Env, traces: Sequence[FunctionCall]
    ) -> bool | None: ...
