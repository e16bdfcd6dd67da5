"""What the command line takes: one parser for each command, with its options and an example."""

from __future__ import annotations

import argparse

from orchestrator.cli.chat_options import describe_chat, describe_demo, store_options, talk_options
from orchestrator.cli.parser_auth import add_auth_commands
from orchestrator.cli.parser_history import add_history_commands
from orchestrator.cli.parser_local import add_local_commands
from orchestrator.cli.parser_mcp import add_mcp_command
from orchestrator.cli.testing.options import POLICIES, describe_test
from orchestrator.version import __version__

_SHELLS = ("bash", "zsh")
_REPORTS = ("text", "json", "github", "sarif")

_TOOLS_EXAMPLE = "orchestrator tools plugin.json --json"
_CALL_EXAMPLE = """orchestrator call plugin.json getListings '{"city": "Seattle"}' --dry-run"""
_NEW_EXAMPLE = "orchestrator new openapi.yaml --operations getListings 'find*'"
_MOCK_EXAMPLE = "orchestrator mock plugin.json --port 8080"
_POLICY_EXAMPLE = "orchestrator policy plugin.json --policy strict"
_RENDER_EXAMPLE = "orchestrator render plugin.json getListings --response answer.json --html page.html"
_CARD_EXAMPLE = """orchestrator card card.json '{"title": "Brick bungalow"}' --text"""
_TEST_EXAMPLE = "orchestrator test examples/ -k search --junit report.xml"
_VALIDATE_EXAMPLE = "orchestrator validate --strict appPackage/ --format github"

_EPILOG = """\
examples:
  orchestrator demo                              talk to the bundled example plugins, offline
  orchestrator demo -m "Find homes in Seattle"   one turn, and out
  orchestrator chat plugin.json --model openai:gpt-5-mini
  orchestrator chat --continue                   go on where you left off
  orchestrator tools plugin.json                 what the model is told
  orchestrator validate plugin.json              every mistake, where it stands
  orchestrator card card.json data.json --text   a card's template, expanded and drawn
  orchestrator new openapi.yaml                  a manifest for an API
"""


def _reach_options() -> argparse.ArgumentParser:
    """What may be reached, and how."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="let plugins reach this private address (such as 127.0.0.1); may be repeated",
    )
    options.add_argument("--proxy", metavar="URL", help="send calls to plugins through this HTTP proxy")
    return options


def _document_options() -> argparse.ArgumentParser:
    """How manifests, and what they refer to, are read."""
    options = argparse.ArgumentParser(add_help=False, parents=[_reach_options()])
    options.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="FILE",
        help="a file of NAME=value lines (such as env/.env.dev) that fill ${{NAME}} placeholders; may be repeated",
    )
    options.add_argument("--locale", metavar="TAG", help="the language of localized texts, such as fr-CA")
    return options


def _shared_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False, parents=[_document_options()])
    options.add_argument(
        "--local",
        action="append",
        default=[],
        metavar="ID=COMMAND|ADDRESS",
        help="the program behind a local plugin's endpoint, or where it listens; may be repeated",
    )
    options.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="[NAMESPACE=]URL",
        help="call this one of the servers that a description lists: its URL, name or number; may be repeated",
    )
    options.add_argument(
        "--no-cache", action="store_false", dest="cache", help="keep nothing of large descriptions for the next time"
    )
    options.add_argument("--log-http", metavar="FILE", help="append one line a request to FILE (no headers, no bodies)")
    options.add_argument("--json", action="store_true", help="print JSON for machines")
    return options


def _model_options() -> argparse.ArgumentParser:
    """How a model is told of plugins."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--inline-schemas",
        action="store_true",
        help="tell the model schemas without $ref, for servers that refuse it (needs the extra 'prance')",
    )
    return options


def _policy_option() -> argparse.ArgumentParser:
    """How data of plugins is kept apart."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--policy",
        choices=POLICIES,
        help="how strictly data of one plugin is kept from another (else the file's, else standard)",
    )
    return options


def _describe_validate(validate: argparse.ArgumentParser) -> None:
    validate.add_argument(
        "files", nargs="+", metavar="FILE", help="path or URL of a manifest, an app package, or a conversation file"
    )
    validate.add_argument("--strict", action="store_true", help="hold manifests to the schema of their version")
    depth = validate.add_mutually_exclusive_group()
    depth.add_argument(
        "--no-references", action="store_true", help="judge each document alone, and open nothing that it refers to"
    )
    depth.add_argument(
        "--lint", action="store_true", help="look at whole OpenAPI descriptions, too (needs the extra 'prance')"
    )
    validate.add_argument(
        "--format", choices=_REPORTS, default="text", help="for people, for programs, GitHub annotations or SARIF"
    )
    validate.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")


def _describe_new(new: argparse.ArgumentParser) -> None:
    new.add_argument("source", metavar="SOURCE", help="path or URL of an OpenAPI description, JSON or YAML")
    new.add_argument(
        "-o", "--output", default="plugin.json", metavar="FILE", help="where to write (else plugin.json; - prints it)"
    )
    new.add_argument(
        "--operations", nargs="+", default=[], metavar="ID", help="only these operations; a pattern such as 'get*' too"
    )
    new.add_argument("--name", metavar="NAME", help="what the plugin is called (else the title of the description)")
    new.add_argument("--force", "--yes", action="store_true", help="write over FILE without asking")
    new.add_argument("--no-test", action="store_false", dest="test", help="write no conversation file beside it")
    new.add_argument("--json", action="store_true", help="print JSON for machines")


def _mock_option() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--mock", action="store_true", help="call a mock of the APIs, made up from their OpenAPI descriptions"
    )
    return options


def _describe_mock(mock: argparse.ArgumentParser) -> None:
    mock.add_argument("plugins", nargs="+", metavar="PLUGIN", help="path or URL of a manifest, or an app package")
    mock.add_argument("--port", type=int, default=0, metavar="N", help="where to listen (else any free port)")
    mock.add_argument("--seed", type=int, default=0, metavar="N", help="other data for another number (else 0)")


def _describe_call(call: argparse.ArgumentParser) -> None:
    call.add_argument("plugin", metavar="PLUGIN", help="path or URL of a manifest, or an app package")
    call.add_argument("function", metavar="FUNCTION")
    call.add_argument(
        "arguments",
        nargs="?",
        default="{}",
        metavar="JSON",
        help="the arguments as a JSON object; '@photo.png' is that file, where a file is taken",
    )
    call.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the answer to FILE: a file as it came, else what was read of it (- prints it)",
    )
    call.add_argument("--force", action="store_true", help="write over FILE")
    call.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    call.add_argument("--curl", action="store_true", help="as --dry-run, as a curl command line")


def _describe_policy(policy: argparse.ArgumentParser) -> None:
    policy.add_argument("plugins", nargs="*", metavar="PLUGIN", help="path or URL of a manifest, or an app package")
    remembered = policy.add_mutually_exclusive_group()
    remembered.add_argument("--answers", action="store_true", help="list what you have allowed for always")
    remembered.add_argument(
        "--forget",
        nargs="?",
        const="",
        metavar="PLUGIN[.FUNCTION]",
        help="take back what you have allowed for always: all, or that of a plugin or a function",
    )


def _width_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--width", type=int, metavar="N", help="columns to draw cards in (else the terminal's)")
    options.add_argument("--force", action="store_true", help="write over a file that exists")
    return options


def _describe_render(render: argparse.ArgumentParser) -> None:
    render.add_argument("plugin", metavar="PLUGIN", help="path or URL of a manifest, or an app package")
    render.add_argument("function", metavar="FUNCTION")
    render.add_argument("--response", required=True, metavar="FILE", help="the answer: JSON or text (- reads it)")
    render.add_argument("--status", type=int, default=200, metavar="N", help="its HTTP status (else 200)")
    render.add_argument("--html", metavar="FILE", help="write a page that shows the cards in a browser")
    render.add_argument("--json", action="store_true", help="print JSON for machines")


def _describe_card(card: argparse.ArgumentParser) -> None:
    card.add_argument("template", metavar="TEMPLATE", help="a file, - for the standard input, or the JSON itself")
    card.add_argument("data", metavar="DATA", help="a file, - for the standard input, or the JSON itself")
    card.add_argument("--host", metavar="FILE", help="what the template knows as $host: a file, or the JSON itself")
    card.add_argument("--locale", metavar="TAG", help="the language of numbers and dates, such as fr-CA (else en-US)")
    card.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="FILE",
        help="a file of NAME=value lines that fill ${{NAME}} placeholders; may be repeated",
    )
    card.add_argument("-o", "--output", metavar="FILE", help="write to FILE")
    form = card.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="draw the card as text")
    form.add_argument("--json", action="store_true", help="print the expanded card as JSON (as without it)")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; `shtab` makes shell completions from it."""
    parser = argparse.ArgumentParser(
        prog="orchestrator",
        description="The open host for Copilot plugins: runs a plugin manifest with any OpenAI-compatible model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"orchestrator {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    documents, shared, talk = _document_options(), _shared_options(), talk_options(_model_options(), _policy_option())
    mock_option = _mock_option()

    def add(name: str, summary: str, example: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=summary, description=summary, epilog=f"example: {example}", parents=list(parents)
        )

    demo_example = 'orchestrator demo -m "Turn bluetooth off" --yes'
    describe_demo(add("demo", "chat with the bundled example plugins", demo_example, talk, shared))
    chat = add(
        "chat",
        "chat with plugins",
        "orchestrator chat plugin.json --model openai:gpt-5-mini",
        talk,
        shared,
        mock_option,
        store_options(without=True),
    )
    describe_chat(chat)
    tools = add("tools", "show what the model is told", _TOOLS_EXAMPLE, shared, _model_options())
    tools.add_argument("plugins", nargs="+", metavar="PLUGIN", help="path or URL of a manifest, or an app package")
    _describe_call(add("call", "make one call without a model", _CALL_EXAMPLE, shared, mock_option))
    render = add("render", "show what a person sees of an answer", _RENDER_EXAMPLE, documents, _width_options())
    _describe_render(render)
    _describe_card(add("card", "expand an Adaptive Card template", _CARD_EXAMPLE, _width_options()))
    _describe_validate(add("validate", "name every mistake in manifests", _VALIDATE_EXAMPLE, documents))
    describe_test(add("test", "play scripted conversations, and judge them", _TEST_EXAMPLE))
    _describe_mock(add("mock", "serve made-up APIs for plugins, on this machine", _MOCK_EXAMPLE, documents))
    _describe_new(add("new", "write a manifest for an API", _NEW_EXAMPLE, _reach_options()))
    policy = add("policy", "show what would be asked, and why", _POLICY_EXAMPLE, shared, _policy_option())
    _describe_policy(policy)
    add_mcp_command(add, shared, _model_options(), _policy_option())
    worker = (shared, _model_options(), _policy_option())
    add_history_commands(add, store=store_options(without=False), worker=worker)
    add_auth_commands(add, store=store_options(without=False), documents=documents)
    add_local_commands(add, documents=documents)
    completion = add("completion", "print a shell completion script", "orchestrator completion bash >> ~/.bashrc")
    completion.add_argument("shell", choices=_SHELLS)
    return parser
