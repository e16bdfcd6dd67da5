"""What the parts of the file format are made of: strict objects, short forms, and members that hold a pattern. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PureWindowsPath
from typing import Annotated, Generic, Literal, TypeGuard, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from orchestrator.testing.format.patterns import Pattern, PatternError, compiled, read_pattern
from runtimes.values import Json

PATTERN_MARK = "x-pattern"
"""What stands in a generated schema where the definition of patterns belongs."""

Item = TypeVar("Item")
Order = Literal["in_order", "any_order", "include"]

_ORDERS = frozenset({"in_order", "any_order", "include"})


class Part(BaseModel):
    """An object of the file: frozen, and strict about its members.

    What checks it is built when it is first wanted: most of them never are, since they are only parts of others.
    """

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, dict)


def many(value: object) -> Sequence[object]:
    """One thing as a list of one."""
    return value if _is_list(value) else [value]


def short(name: str) -> Callable[[object], object]:
    """Reads a text as the object that has it as this member."""
    return lambda value: {name: value} if isinstance(value, str) else value


def stays_below(name: str) -> str:
    """The name of a file, if it leads to no other place than below a folder, here and on other systems.

    Raises: `ValueError`.
    """
    windows = PureWindowsPath(name)  # which takes both kinds of slashes
    if windows.drive or windows.root or ".." in windows.parts:
        raise ValueError("the file must stand in the folder of this one, or in a folder below it")
    return name


Texts = Annotated[tuple[str, ...], BeforeValidator(many, json_schema_input_type=str | tuple[str, ...])]
"""One text or several."""


def _custom(error: PatternError) -> PydanticCustomError:
    context = {"reason": str(error), "pointer": error.pointer, "hint": error.hint}
    return PydanticCustomError("pattern", "{reason}", context)


def _closed(value: Json | Pattern) -> Pattern:
    try:
        return value if isinstance(value, Pattern) else read_pattern(value)
    except PatternError as error:
        raise _custom(error) from None


def _member(value: Json | Pattern) -> Pattern:
    try:
        return value if isinstance(value, Pattern) else read_pattern(value, is_member=True)
    except PatternError as error:
        raise _custom(error) from None


def read_open(value: Json | Pattern) -> Pattern:
    """Reads a pattern for an object that may have more members, however deep."""
    try:
        return value if isinstance(value, Pattern) else read_pattern(value, is_open=True)
    except PatternError as error:
        raise _custom(error) from None


as_written = PlainSerializer(lambda pattern: pattern.raw if isinstance(pattern, Pattern) else pattern)
"""Writes a pattern as it was read."""

_schema = WithJsonSchema({PATTERN_MARK: True})

Exactly = Annotated[Pattern | None, PlainValidator(_closed), as_written, _schema]
"""A pattern for the whole value, where something is expected of it; null is a value."""

Membered = Annotated[Pattern, PlainValidator(_member), as_written, _schema]
"""A pattern for the value of a member, which may be expected to be absent."""

Partially = Annotated[Pattern | None, PlainValidator(read_open), as_written, _schema]
"""A pattern that says no more than it says, where something is expected."""


def not_empty(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items, if there are some. Raises: `ValueError`."""
    if not items:
        raise ValueError("there must be at least one")
    return items


class Listed(Part, Generic[Item]):
    """Several expectations: all there is, in this order or in any, or some of it."""

    in_order: tuple[Item, ...] | None = None
    """These, in this order, and no others; a plain list means the same."""
    any_order: tuple[Item, ...] | None = None
    """These and no others, in any order."""
    include: tuple[Item, ...] | None = None
    """At least these, in any order."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[object, ...]) -> str:
        """What the schema calls it."""
        inner = get_args(params[0])
        item: object = inner[0] if inner else params[0]
        return f"Listed{item.__name__ if isinstance(item, type) else ''}"

    @model_validator(mode="after")
    def _is_one(self) -> Listed[Item]:
        if sum(items is not None for items in (self.in_order, self.any_order, self.include)) != 1:
            raise ValueError("give one of 'in_order', 'any_order' and 'include'")
        return self

    @property
    def order(self) -> Order:
        """Which of the three it is."""
        if self.in_order is not None:
            return "in_order"
        return "any_order" if self.any_order is not None else "include"

    @property
    def items(self) -> tuple[Item, ...]:
        """The expectations."""
        return self.in_order or self.any_order or self.include or ()


def listed(value: object) -> object:
    """A list, or one thing alone, as `Listed` has it."""
    if _is_object(value) and not _ORDERS.isdisjoint(value):
        return value
    return {"in_order": many(value)}


def check_expressions(expressions: tuple[str, ...]) -> tuple[str, ...]:
    """The regular expressions, if all can be read. Raises: `PydanticCustomError`."""
    for expression in expressions:
        try:
            compiled(expression)
        except PatternError as error:
            raise _custom(error) from None
    return expressions


Expressions = Annotated[Texts, AfterValidator(check_expressions)]
"""One regular expression or several."""


class Text(Part):
    """What a text is to be: all that is said must hold. Letters count as they are written."""

    is_: str | None = Field(default=None, alias="is")
    """The whole text."""
    contains: Texts = ()
    """Parts that are in it; a text, or a list of texts, in the place of the object means the same."""
    regex: Expressions = ()
    """Regular expressions that are found in it."""
    not_: Texts = Field(default=(), alias="not")
    """Parts that are not in it."""
    not_regex: Expressions = ()
    """Regular expressions that are not found in it."""


def _text(value: object) -> object:
    return {"contains": value} if isinstance(value, str) or _is_list(value) else value


Claim = Annotated[Text, BeforeValidator(_text, json_schema_input_type=str | tuple[str, ...] | Text)]
"""What is expected of a text."""
