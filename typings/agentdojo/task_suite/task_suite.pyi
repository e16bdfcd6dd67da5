from collections.abc import Mapping
from typing import Generic

from agentdojo.base_tasks import BaseInjectionTask, BaseUserTask, Env
from agentdojo.functions_runtime import Function

class TaskSuite(Generic[Env]):
    tools: list[Function]
    @property
    def user_tasks(self) -> dict[str, BaseUserTask[Env]]: ...
    @property
    def injection_tasks(self) -> dict[str, BaseInjectionTask[Env]]: ...
    def get_injection_vector_defaults(self) -> dict[str, str]: ...
    def load_and_inject_default_environment(self, injections: Mapping[str, str]) -> Env: ...
