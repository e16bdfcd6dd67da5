from collections import deque
from collections.abc import Iterable, Sequence

class ValidationError(Exception):
    message: str
    instance: object
    validator: str
    absolute_path: deque[str | int]
    relative_schema_path: deque[str | int]
    context: Sequence[ValidationError]

def best_match(errors: Iterable[ValidationError]) -> ValidationError | None: ...
