"""`orchestrator.toml`: the model, plugins, private hosts, local plugins and prices of a project or a person."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.cli.configured_local import read_local
from orchestrator.cli.configured_policy import read_policy
from orchestrator.cli.configured_store import StoreSetting, read_store
from orchestrator.cli.configured_vault import VaultSetting, read_vault
from orchestrator.cli.toml_table import Table
from orchestrator.errors import UsageError
from orchestrator.policy.rules import Policy
from orchestrator.response.redaction_rules import ACTIONS, Action, Redaction, read_rule
from orchestrator.testing.live.spending import DEFAULT_CURRENCY, Price
from runtimes.local_endpoint import LocalEndpoint
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
    "policy",
    "prices",
    "proxy",
    "redactions",
    "servers",
    "store",
    "vault",
)
_PRICE_MEMBERS = ("currency", "input", "output")
_REDACTION_MEMBERS = ("action", "function", "path", "pattern")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the file says; a project's file is read in place of the person's."""

    path: Path | None = field(default=None, compare=False)
    """The file; None where there is none."""
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
    policy: Policy = field(default_factory=Policy)
    """What the owner lays down for consent and data flow."""
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    """What models cost, by the names that the person gives them."""
    store: StoreSetting = field(default_factory=StoreSetting)
    """Where conversations are kept."""
    vault: VaultSetting = field(default_factory=VaultSetting)
    """Where credentials are kept."""


def _price(path: Path, model: str, members: Json) -> Price:
    if not isinstance(members, dict):
        raise UsageError(f'{path}: [prices."{model}"] must be a table')
    table = Table(path, f'prices."{model}"', members, _PRICE_MEMBERS)
    currency = table.text("currency") or DEFAULT_CURRENCY
    return Price(input=table.amount("input"), output=table.amount("output"), currency=currency)


def _folder(path: Path, written: str | None) -> Path | None:
    """A folder that is written relative to the file."""
    return path.parent.absolute() / written if written is not None else None


def _redaction(path: Path, number: int, members: Json) -> Redaction:
    place = f"redactions {number}"
    if not isinstance(members, dict):
        raise UsageError(f"{path}: [{place}] must be a table")
    table = Table(path, place, members, _REDACTION_MEMBERS)
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
    table = Table(path, "", document, _MEMBERS)
    redactions = table.array("redactions", "tables, each under [[redactions]]")
    return Configuration(
        path=path,
        model=table.text("model"),
        plain_results=table.flag("plain_results"),
        inline_schemas=table.flag("inline_schemas"),
        plugins=table.texts("plugins"),
        allowed_hosts=table.texts("allow_hosts"),
        proxy=table.text("proxy"),
        servers=table.texts_by_name("servers"),
        local={name: read_local(path, name, members) for name, members in table.table("local").items()},
        card_templates=_folder(path, table.text("card_templates")),
        policy=read_policy(path, table.table("policy")),
        store=read_store(path, table.table("store")),
        vault=read_vault(path, table.table("vault")),
        prices={model: _price(path, model, members) for model, members in table.table("prices").items()},
        redactions=tuple(_redaction(path, number, members) for number, members in enumerate(redactions, start=1)),
    )


def persons_file() -> Path:
    """Where the person's file is, or would be."""
    import platformdirs

    return Path(platformdirs.user_config_dir("orchestrator")) / FILE_NAME


def read_configuration() -> Configuration:
    """The project's file (in the current directory), else the person's, else nothing. Raises: `UsageError`."""
    for path in (Path(FILE_NAME), persons_file()):
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from None
        return parse_configuration(path, data)
    return Configuration()
