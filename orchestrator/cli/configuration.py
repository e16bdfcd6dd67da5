"""`orchestrator.toml`: the model, plugins, private hosts, local plugins and prices of a project or a person."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.response.redaction_rules import ACTIONS, Action, Redaction, read_rule
from orchestrator.testing.live.spending import DEFAULT_CURRENCY, Price
from runtimes.base import LocalEndpoint
from runtimes.values import Json, JsonObject

FILE_NAME = "orchestrator.toml"

_MEMBERS = (
    "allow_hosts",
    "card_templates",
    "inline_schemas",
    "local",
    "model",
    "plain_results",
    "plugins",
    "prices",
    "proxy",
    "redactions",
    "servers",
)
_LOCAL_MEMBERS = ("command", "directory", "environment")
_PRICE_MEMBERS = ("currency", "input", "output")
_REDACTION_MEMBERS = ("action", "function", "path", "pattern")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the file says; a project's file is read in place of the person's."""

    model: str | None = None
    plain_results: bool = False
    """Send results of functions as text, for servers that refuse tool messages without tools."""
    inline_schemas: bool = False
    """Tell the model schemas without references, for servers that refuse them."""
    plugins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    proxy: str | None = None
    """The HTTP proxy for calls to plugins."""
    servers: Mapping[str, str] = field(default_factory=dict[str, str])
    """The server that is called of those that a plugin's descriptions list, by namespace."""
    local: Mapping[str, LocalEndpoint] = field(default_factory=dict[str, LocalEndpoint])
    redactions: tuple[Redaction, ...] = ()
    """What is taken out of answers."""
    card_templates: Path | None = None
    """The folder with the templates that local plugins name by URL."""
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    """What models cost, by the names that the person gives them."""


class _Table:
    """A table of the file that complains with its name."""

    def __init__(self, path: Path, name: str, members: JsonObject, known: tuple[str, ...]) -> None:
        self._place = f"{path}: [{name}]" if name else str(path)
        self._members = members
        for member in members:
            if member not in known:
                near = difflib.get_close_matches(member, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                raise UsageError(f"{self._place} has no member {member!r}; {hint}")

    def text(self, member: str) -> str | None:
        value = self._members.get(member)
        if value is None or isinstance(value, str):
            return value
        raise UsageError(f"{self._place} {member} must be a string")

    def flag(self, member: str) -> bool:
        value = self._members.get(member, False)
        if isinstance(value, bool):
            return value
        raise UsageError(f"{self._place} {member} must be true or false")

    def amount(self, member: str) -> float:
        value = self._members.get(member, 0.0)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
            return float(value)
        raise UsageError(f"{self._place} {member} must be a number that is not negative")

    def texts(self, member: str) -> tuple[str, ...]:
        value = self._members.get(member, [])
        items = value if isinstance(value, list) else [value]
        texts = tuple(item for item in items if isinstance(item, str))
        if not isinstance(value, list) or len(texts) != len(items):
            raise UsageError(f"{self._place} {member} must be an array of strings")
        return texts

    def texts_by_name(self, member: str) -> Mapping[str, str]:
        values = self.table(member)
        written = {name: str(value) if type(value) is int else value for name, value in values.items()}
        texts = {name: value for name, value in written.items() if isinstance(value, str) and value.strip()}
        if len(texts) != len(values):
            raise UsageError(f"{self._place} {member} must be a table of strings and numbers")
        return texts

    def array(self, member: str) -> list[Json]:
        value = self._members.get(member, [])
        if isinstance(value, list):
            return value
        raise UsageError(f"{self._place} {member} must be an array of tables, each under [[{member}]]")

    def table(self, member: str) -> JsonObject:
        value = self._members.get(member, {})
        if isinstance(value, dict):
            return value
        raise UsageError(f"{self._place} {member} must be a table")


def _local(path: Path, identifier: str, members: Json) -> LocalEndpoint:
    if not isinstance(members, dict):
        raise UsageError(f'{path}: [local."{identifier}"] must be a table')
    table = _Table(path, f'local."{identifier}"', members, _LOCAL_MEMBERS)
    command = table.texts("command")
    if not command:
        raise UsageError(f'{path}: [local."{identifier}"] needs a command, an array of strings')
    environment = {name: str(value) for name, value in table.table("environment").items()}
    directory = path.parent.absolute() / (table.text("directory") or ".")
    return LocalEndpoint(command=command, directory=str(directory), environment=environment)


def _price(path: Path, model: str, members: Json) -> Price:
    if not isinstance(members, dict):
        raise UsageError(f'{path}: [prices."{model}"] must be a table')
    table = _Table(path, f'prices."{model}"', members, _PRICE_MEMBERS)
    currency = table.text("currency") or DEFAULT_CURRENCY
    return Price(input=table.amount("input"), output=table.amount("output"), currency=currency)


def _folder(path: Path, written: str | None) -> Path | None:
    """A folder that is written relative to the file."""
    return path.parent.absolute() / written if written is not None else None


def _redaction(path: Path, number: int, members: Json) -> Redaction:
    place = f"redactions {number}"
    if not isinstance(members, dict):
        raise UsageError(f"{path}: [{place}] must be a table")
    table = _Table(path, place, members, _REDACTION_MEMBERS)
    known: Mapping[str, Action] = {action: action for action in ACTIONS}
    action = known.get(table.text("action") or ACTIONS[0])
    if action is None:
        raise UsageError(f"{path}: [{place}] action must be one of {', '.join(ACTIONS)}")
    redaction = Redaction(
        path=table.text("path") or "",
        pattern=table.text("pattern") or "",
        action=action,
        function=table.text("function") or "*",
    )
    try:
        read_rule(redaction)
    except UsageError as error:
        raise UsageError(f"{path}: [{place}] {error}") from None
    return redaction


def parse_configuration(path: Path, data: bytes) -> Configuration:
    """Raises: `UsageError` that names the file and the member."""
    try:
        document: JsonObject = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    table = _Table(path, "", document, _MEMBERS)
    return Configuration(
        model=table.text("model"),
        plain_results=table.flag("plain_results"),
        inline_schemas=table.flag("inline_schemas"),
        plugins=table.texts("plugins"),
        allowed_hosts=table.texts("allow_hosts"),
        proxy=table.text("proxy"),
        servers=table.texts_by_name("servers"),
        local={name: _local(path, name, members) for name, members in table.table("local").items()},
        card_templates=_folder(path, table.text("card_templates")),
        prices={model: _price(path, model, members) for model, members in table.table("prices").items()},
        redactions=tuple(
            _redaction(path, number, members) for number, members in enumerate(table.array("redactions"), start=1)
        ),
    )


def read_configuration() -> Configuration:
    """The project's file (in the current directory), else the person's, else nothing. Raises: `UsageError`."""
    import platformdirs

    for path in (Path(FILE_NAME), Path(platformdirs.user_config_dir("orchestrator")) / FILE_NAME):
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from None
        return parse_configuration(path, data)
    return Configuration()
