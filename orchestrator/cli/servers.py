"""Which server of a plugin's descriptions is called: what `--server` and the configuration say, for each plugin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from orchestrator.errors import UnknownName, UsageError
from orchestrator.manifest.load import Plugin
from orchestrator.tools.binding import has_servers
from orchestrator.tools.namespaces import distinct_namespaces

_NAMESPACE = re.compile(r"[A-Za-z][\w-]*")


def _chosen(text: str, plugins: Sequence[Plugin]) -> tuple[str, str]:
    """The namespace and the server of one `--server`; of a single plugin with servers the namespace may be left out.

    Raises: `UsageError`.
    """
    namespaces = [plugin.namespace for plugin in plugins]
    before, joint, wanted = text.partition("=")
    if joint and before in namespaces:
        return before, wanted
    if joint and _NAMESPACE.fullmatch(before):
        raise UsageError(f"--server: {UnknownName('plugin', before, namespaces)}")
    having = [plugin.namespace for plugin in plugins if has_servers(plugin)] or namespaces
    if len(having) > 1:
        raise UsageError(f"--server wants NAMESPACE=URL, of these plugins: {', '.join(having)}")
    return having[0], text


def servers_of(given: Sequence[str], configured: Mapping[str, str], plugins: Sequence[Plugin]) -> Mapping[str, str]:
    """The server that is wanted of each plugin, by namespace: that of an option, else that of the configuration.

    What is configured for plugins that are not loaded is not looked at. Raises: `UsageError`.
    """
    plugins = distinct_namespaces(plugins)
    namespaces = {plugin.namespace for plugin in plugins}
    chosen: dict[str, str] = {}
    for text in given:
        namespace, wanted = _chosen(text, plugins)
        if not wanted.strip():
            raise UsageError(f"--server names no server for plugin {namespace!r}")
        if namespace in chosen:
            raise UsageError(f"--server is given twice for plugin {namespace!r}")
        chosen[namespace] = wanted.strip()
    return {name: wanted for name, wanted in configured.items() if name in namespaces} | chosen
