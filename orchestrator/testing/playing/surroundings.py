"""What stands around the host of a conversation: its services, running, and how its local plugins are started."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.testing.answering.relocation import ServicePlace, origin_of_service
from orchestrator.testing.format.settings import TEMPORARY_FOLDER, PluginSource, Settings
from orchestrator.testing.playing.programs import ProgramFailed, as_started
from orchestrator.testing.playing.services import RunningServices, StartedService, running_services
from runtimes.local_endpoint import LocalEndpoint
from runtimes.network import origin_of
from runtimes.positions import pointer_to


def _host_of(address: str) -> str:
    """As `allow_hosts` takes it."""
    origin = origin_of(address)
    return f"[{origin.host}]:{origin.port}" if ":" in origin.host else f"{origin.host}:{origin.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a host is opened with."""

    local: Mapping[str, LocalEndpoint]
    """How local plugins are started, by `local_endpoint`."""
    environment: Mapping[str, str]
    """What fills placeholders, the addresses of services among it."""
    addresses: Mapping[str, str]
    """Where services listen, by name, those that were started."""
    announced: tuple[str, ...]
    """The addresses that a variable holds."""
    ended: Callable[[], Sequence[ProgramFailed]]
    """Tells which services have ended by themselves."""

    def allowed_hosts(self, source: PluginSource) -> tuple[str, ...]:
        """The hosts that a plugin may reach: those it is given, its service, and services that placeholders name."""
        own = self.addresses.get(source.service or "")
        return (*source.allow_hosts, *map(_host_of, (*([own] if own else []), *self.announced)))

    def place(self, service: str) -> ServicePlace:
        """Where the service of that name is."""
        return ServicePlace(origin=origin_of_service(service), address=self.addresses.get(service, ""))


def _environment(settings: Settings, addresses: Mapping[str, str]) -> Mapping[str, str]:
    named = {
        service.variable: addresses[name] for name, service in settings.services.items() if service.variable is not None
    }
    return {**settings.environment, **named}


@asynccontextmanager
async def surrounded(settings: Settings, folder: Path, *, is_replayed: bool) -> AsyncGenerator[Surroundings]:
    """Starts the services, and stops them at the end; paths start at the folder.

    Where `is_replayed`, only those are started whose address a variable holds: the others would not be asked.

    Raises: `ProgramFailed`.
    """
    async with AsyncExitStack() as stack:
        own: Mapping[str, str] = {}
        if settings.services or settings.local:
            temporary = TemporaryDirectory(prefix="orchestrator-test-", ignore_cleanup_errors=True)
            own = {TEMPORARY_FOLDER: stack.enter_context(temporary)}
        known = {**settings.environment, **own}
        services = {
            name: StartedService(
                endpoint=as_started(service, pointer_to("services", name), folder, known),
                ready=service.ready,
                within=service.within,
            )
            for name, service in settings.services.items()
            if not is_replayed or service.variable is not None
        }
        running = RunningServices()
        if services:
            running = await stack.enter_async_context(running_services(services))
        addresses = running.addresses
        environment = _environment(settings, addresses)
        yield Surroundings(
            local={
                name: as_started(program, pointer_to("local", name), folder, {**environment, **own})
                for name, program in settings.local.items()
            },
            environment=environment,
            addresses=addresses,
            announced=tuple(
                addresses[name] for name, service in settings.services.items() if service.variable is not None
            ),
            ended=running.ended,
        )
