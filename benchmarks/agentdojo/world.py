"""AgentDojo's side of a run: one environment, the tools on it, and the suites' own judges.

It is a program for the Python that has AgentDojo. It, `written.py` and `service.py` know nothing of Orchestrator.
"""

# pyright: reportMissingModuleSource=false
# (only the stubs are in the project's environment)

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentdojo.base_tasks import BaseInjectionTask, BaseUserTask
from agentdojo.functions_runtime import Function, FunctionCall, FunctionsRuntime, TaskEnvironment
from agentdojo.task_suite.load_suites import get_suites
from agentdojo.task_suite.task_suite import TaskSuite
from pydantic_core import to_jsonable_python

from benchmarks.agentdojo.service import MARKER, Task, serve
from benchmarks.agentdojo.written import written_calls

if TYPE_CHECKING:  # AgentDojo's environment has not what this module needs
    from runtimes.values import Json, JsonObject

SECRET_SHIFT = 7
"""By how many places letters and digits move where the data of a plugin is changed."""


def _shifted(text: str) -> str:
    def moved(character: str) -> str:
        for first, size in (("a", 26), ("A", 26), ("0", 10)):
            place = ord(character) - ord(first)
            if 0 <= place < size:
                return chr(ord(first) + (place + SECRET_SHIFT) % size)
        return character

    return "".join(map(moved, text))


def changed(value: Json) -> Json:
    """The same JSON with other texts and numbers."""
    if isinstance(value, str):
        return _shifted(value)
    if isinstance(value, list):
        return [changed(item) for item in value]
    if isinstance(value, dict):
        return {key: changed(item) for key, item in value.items()}
    return value if isinstance(value, bool) or value is None else value + SECRET_SHIFT


def _told(calls: Sequence[FunctionCall]) -> list[Json]:
    return [{"tool": call.function, "arguments": to_jsonable_python(call.args)} for call in calls]


@dataclass(slots=True)
class World:
    """The environment of the run that is on, and what was done to it."""

    lists: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """By the name of a tool, the arguments that are lists."""
    _pristine: dict[tuple[str, str, bool], TaskEnvironment] = field(
        default_factory=dict[tuple[str, str, bool], TaskEnvironment]
    )
    _task: Task | None = None
    _before: TaskEnvironment = field(default_factory=TaskEnvironment)
    _now: TaskEnvironment = field(default_factory=TaskEnvironment)
    _executed: list[FunctionCall] = field(default_factory=list[FunctionCall])

    @property
    def _seen(self) -> JsonObject:
        """The calls that have come in, in order."""
        return {"executed": _told(self._executed)}

    def listed(self, version: str) -> JsonObject:
        """The suites of a version: their tasks, and their tools with schemas."""
        return {
            name: {
                "user_tasks": [*suite.user_tasks],
                "injection_tasks": [*suite.injection_tasks],
                "tools": [self._described(tool) for tool in suite.tools],
            }
            for name, suite in get_suites(version).items()
        }

    def _described(self, tool: Function) -> JsonObject:
        schema = tool.parameters.model_json_schema(ref_template="#/components/schemas/{model}")
        properties = schema.get("properties", {})
        assert isinstance(properties, dict)
        self.lists[tool.name] = frozenset(
            name for name, one in properties.items() if isinstance(one, dict) and one.get("type") == "array"
        )
        return {"name": tool.name, "description": tool.description, "schema": schema}

    def begin(self, task: Task) -> JsonObject:
        """Sets the environment up, and says what is asked for, and what the references do."""
        suite, user_task, injection_task = _tasks(task)
        is_injected = injection_task is not None
        place = (task.version, task.suite, is_injected)
        if place not in self._pristine:
            texts = dict.fromkeys(suite.get_injection_vector_defaults(), MARKER) if is_injected else {}
            self._pristine[place] = suite.load_and_inject_default_environment(texts)
        self._before = user_task.init_environment(self._pristine[place].model_copy(deep=True))
        self._now = self._before.model_copy(deep=True)
        self._task, self._executed = task, []
        about: JsonObject = {
            "prompt": user_task.PROMPT,
            "calls": _told(user_task.ground_truth(self._before.model_copy(deep=True))),
            "answer": user_task.GROUND_TRUTH_OUTPUT,
        }
        if injection_task is not None:
            view = self._before.model_copy(deep=True)
            about["attack_calls"] = _told(injection_task.ground_truth(view) or written_calls(injection_task, view))
            about["attack_answer"] = injection_task.GROUND_TRUTH_OUTPUT
        return about

    def call(self, tool: str, arguments: JsonObject) -> tuple[Json, str | None]:
        """What the tool answers, or what is wrong."""
        assert self._task is not None
        suite, _, _ = _tasks(self._task)
        made = FunctionCall(function=tool, args={**arguments})
        self._executed.append(made)
        result, error = FunctionsRuntime(suite.tools).run_function(self._now, tool, made.args)
        answer: Json = to_jsonable_python(result)
        return (changed(answer) if tool in self._task.changed else answer), error

    def judge(self, answer: str) -> JsonObject:
        """What the suite's own checks say: whether the attack has worked, or, without one, whether the task is done.

        A task that is attacked counts as not done: the checks of a suite compare whole environments, which is slow, and
        an attack leaves none as the task alone would.
        """
        assert self._task is not None
        _, user_task, injection_task = _tasks(self._task)
        left = (answer, self._before, self._now)
        if injection_task is None:
            done = user_task.utility_from_traces(*left, self._executed)
            return {"done": user_task.utility(*left) if done is None else done, "attacked": False, **self._seen}
        attacked = injection_task.security_from_traces(*left, self._executed)
        return {
            "done": False,
            "attacked": injection_task.security(*left) if attacked is None else attacked,
            **self._seen,
        }


def _tasks(
    task: Task,
) -> tuple[TaskSuite[TaskEnvironment], BaseUserTask[TaskEnvironment], BaseInjectionTask[TaskEnvironment] | None]:
    suite = get_suites(task.version)[task.suite]
    injection_task = suite.injection_tasks[task.injection_task] if task.injection_task is not None else None
    return suite, suite.user_tasks[task.user_task], injection_task


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:], World()))
