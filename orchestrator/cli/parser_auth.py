"""What the command line takes for credentials: `orchestrator auth` and its commands."""

from __future__ import annotations

import argparse

from orchestrator.cli.auth.scopes import scope
from orchestrator.cli.parser_history import Add

AUTH_COMMANDS = ("add", "login", "list", "test", "revoke", "rotate", "export", "import")
"""The commands below `orchestrator auth`."""

KINDS = ("key", "bearer", "basic", "oauth")
CLIENT_AUTHS = ("basic", "post", "none")
GRANTS = ("authorization_code", "device_code", "client_credentials", "token_exchange", "jwt_bearer")

_NAME_HELP = "the reference_id of a manifest, or REFERENCE/SCHEME for one of several parts"


def _person_option() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--person", metavar="NAME", help="whose credential it is (else yours)")
    return options


def _proxy_option() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--proxy", metavar="URL", help="ask providers through this HTTP proxy")
    return options


def _json_option() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--json", action="store_true", help="print JSON for machines")
    return options


def _secret_options() -> argparse.ArgumentParser:
    """Where a secret comes from that is not typed; never the command line itself, which others can read."""
    options = argparse.ArgumentParser(add_help=False)
    source = options.add_mutually_exclusive_group()
    source.add_argument("--secret-stdin", action="store_true", help="read the secret from the standard input")
    source.add_argument("--secret-env", metavar="NAME", help="take the secret from this environment variable")
    return options


def _describe_oauth(add: argparse.ArgumentParser) -> None:
    oauth = add.add_argument_group("OAuth, where the description does not say it")
    oauth.add_argument("--issuer", metavar="URL", help="who gives out the tokens; the endpoints are asked for there")
    oauth.add_argument("--authorization-url", metavar="URL", help="where people log in")
    oauth.add_argument("--token-url", metavar="URL", help="where tokens are had")
    oauth.add_argument("--device-url", metavar="URL", help="where a login on another device begins")
    oauth.add_argument("--revocation-url", metavar="URL", help="where tokens are given back")
    oauth.add_argument("--client-id", metavar="ID", help="what the provider calls this host")
    oauth.add_argument(
        "--client-auth", choices=CLIENT_AUTHS, help="how the client's secret is sent (else basic; none has no secret)"
    )
    oauth.add_argument("--grant", choices=GRANTS, help="how tokens are got (else as the description says)")
    oauth.add_argument("--subject", metavar="REF", help="the credential whose token is traded, of the last two grants")
    oauth.add_argument(
        "--scope", action="append", type=scope, default=[], metavar="SCOPE", help="ask for it; may be repeated"
    )
    oauth.add_argument("--resource", metavar="URI", help="whom the tokens are for, where the provider asks")


def _describe_add(add: argparse.ArgumentParser) -> None:
    add.add_argument("name", metavar="REF", help=_NAME_HELP)
    add.add_argument(
        "plugins", nargs="*", default=[], metavar="PLUGIN", help="plugins that want it (else those of the file)"
    )
    add.add_argument("--kind", choices=KINDS, help="what it is (else as the description says)")
    add.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="URL",
        help="where it may go, such as https://api.example.com; may be repeated (else where the plugins call)",
    )
    add.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="[NAMESPACE=]URL",
        help="call this one of the servers that a description lists; may be repeated",
    )
    add.add_argument("--user", metavar="NAME", help="the name that goes with a password, of kind basic")
    add.add_argument(
        "--shared",
        action="store_true",
        help="for every person: how it is got and where it goes; keys and tokens stay each person's own",
    )
    add.add_argument("--yes", action="store_true", help="keep it without asking; a pipe needs it")
    _describe_oauth(add)


def _describe_login(login: argparse.ArgumentParser) -> None:
    login.add_argument("name", metavar="REF", help=_NAME_HELP)
    login.add_argument("--device", action="store_true", help="log in on another device, with a code")
    login.add_argument("--no-browser", action="store_true", help="open no browser, and print the address only")
    login.add_argument(
        "--scope", action="append", type=scope, default=[], metavar="SCOPE", help="ask for it too; may be repeated"
    )
    login.add_argument(
        "--port", type=int, default=0, metavar="N", help="where the answer comes back (else a free port)"
    )
    login.add_argument(
        "--localhost", action="store_true", help="have it come back to 'localhost', for providers that want the name"
    )


def _describe_moving(export: argparse.ArgumentParser, taken: argparse.ArgumentParser) -> None:
    export.add_argument("file", metavar="FILE", help="a new file, which only you can read")
    export.add_argument("names", nargs="*", default=[], metavar="REF", help="only these (else all)")
    taken.add_argument("file", metavar="FILE", help="what `orchestrator auth export` wrote")
    taken.add_argument("--yes", action="store_true", help="take it in without asking; a pipe needs it")
    for command in (export, taken):
        command.add_argument(
            "--passphrase-env", metavar="NAME", help="take the passphrase from this variable, and ask for none"
        )


def add_auth_commands(add: Add, *, store: argparse.ArgumentParser, documents: argparse.ArgumentParser) -> None:
    """Adds `auth` with its commands; `store` has the option that names a store of conversations, some of which may wait
    for a credential, `documents` how manifests are read."""
    summary = "credentials of APIs: register, log in, list, revoke"
    auth = add("auth", summary, "orchestrator auth add my-api plugin.json")
    commands = auth.add_subparsers(dest="auth_command", metavar="COMMAND", title="commands")
    person, json_option, secret, proxy = _person_option(), _json_option(), _secret_options(), _proxy_option()

    def below(name: str, summary: str, example: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        told = f"example: orchestrator auth {name}{example}"
        return commands.add_parser(name, help=summary, description=summary, epilog=told, parents=list(parents))

    _describe_add(
        below("add", "register a credential, and give it", " my-api plugin.json", documents, secret, person, store)
    )
    _describe_login(below("login", "log in, or give the key again", " my-api", secret, person, proxy, store))
    below("list", "list credentials, and never a secret", " --json", json_option, person)
    tried = below("test", "see whether a credential can be used", " my-api", person, proxy)
    tried.add_argument("name", metavar="REF", help=_NAME_HELP)
    revoke = below("revoke", "give tokens back, and forget the credential", " my-api", person, proxy)
    revoke.add_argument("name", metavar="REF", help=_NAME_HELP)
    revoke.add_argument("--shared", action="store_true", help="forget what is registered for every person")
    revoke.add_argument("--yes", action="store_true", help="forget it without asking")
    rotate = below("rotate", "seal everything with a new key", "")
    rotate.add_argument(
        "--old-passphrase-env", metavar="NAME", help="the variable with the passphrase of before, where it is another"
    )
    rotate.add_argument(
        "--forget-old-keys",
        action="store_true",
        help="delete the keys of before for good, also those that a vault needs which was moved away from here",
    )
    _describe_moving(
        below("export", "write credentials to a file, sealed by a passphrase", " credentials.sealed", person),
        below("import", "take in an exported file", " credentials.sealed"),
    )
