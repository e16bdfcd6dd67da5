from collections.abc import Callable

def permissive_object_on_recursion(
    limit: int, parsed_url: object, recursions: tuple[object, ...] = ()
) -> dict[str, object]: ...

class RefResolver:
    specs: dict[str, object]
    def __init__(
        self,
        specs: object,
        url: str | None = None,
        *,
        reference_cache: dict[object, object] = ...,
        recursion_limit: int = 1,
        recursion_limit_handler: Callable[[int, object, tuple[object, ...]], object] = ...,
    ) -> None: ...
    def resolve_references(self, *, materialize: bool = False) -> None: ...
