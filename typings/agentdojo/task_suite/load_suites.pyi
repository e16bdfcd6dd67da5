from agentdojo.functions_runtime import TaskEnvironment
from agentdojo.task_suite.task_suite import TaskSuite

def get_suites(benchmark_version: str) -> dict[str, TaskSuite[TaskEnvironment]]: ...
