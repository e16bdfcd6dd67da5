"""What `orchestrator test` takes, and which of its options go together."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from orchestrator.errors import UsageError

POLICIES = ("strict", "standard", "off")
"""The modes of the policy; a constant here, since importing the policy takes longer than the whole command line."""

DEFAULT_RUNS = 10
"""How often `--live` plays each conversation."""

MAX_JOBS = 64
"""In how many processes conversations are played at most."""

DEFAULT_PARALLEL = 4
"""How many of them `--live` plays at once."""


def describe_test(test: argparse.ArgumentParser) -> None:
    """The options of the command."""
    test.add_argument(
        "paths", nargs="+", metavar="PATH", help="a conversation file, or a folder with files *.conversation.yaml"
    )
    chosen = test.add_argument_group("which conversations")
    chosen.add_argument(
        "-k", dest="keyword", default="", metavar="TEXT", help="those with this text in their name, or their file's"
    )
    chosen.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="those with this tag; of several one is enough"
    )
    chosen.add_argument("-x", "--exitfirst", action="store_true", help="stop at the first that fails")
    played = test.add_argument_group("how they are played")
    played.add_argument(
        "-j", "--jobs", type=int, metavar="N", help="play in so many processes; without it, as many as are worth it"
    )
    played.add_argument("--watch", action="store_true", help="play again whenever a file changes")
    played.add_argument("--update", action="store_true", help="write the snapshots of cards anew")
    played.add_argument("--record", action="store_true", help="ask a live model and real APIs, and write what they say")
    played.add_argument("--model", metavar="NAME", help="the model that --record asks, such as openai:gpt-5-mini")
    played.add_argument(
        "--policy",
        choices=POLICIES,
        help="the mode of the policy, whatever the files say: how strictly plugins are kept apart",
    )
    live = test.add_argument_group("with a live model, whatever the files have it reply")
    live.add_argument("--live", metavar="MODEL", help="ask this model, such as openai:gpt-5-mini, and count")
    live.add_argument("--runs", type=int, metavar="N", help=f"how often each is played; {DEFAULT_RUNS} unless said")
    live.add_argument("--parallel", type=int, metavar="K", help=f"how many at once; {DEFAULT_PARALLEL} unless said")
    live.add_argument("--judge", metavar="MODEL", help="the model that judge questions are put to; else that of --live")
    live.add_argument("--baseline", metavar="FILE", help="fail where it does worse than in this earlier result")
    live.add_argument("--save-baseline", metavar="FILE", help="keep the result, over FILE if it is there")
    told = test.add_argument_group("what is told")
    told.add_argument("--explain", action="store_true", help="tell every step: what was offered, asked, sent and shown")
    told.add_argument("--coverage", action="store_true", help="tell what of the plugins has been exercised")
    told.add_argument("--junit", metavar="FILE", help="write a report for build servers, over FILE if it is there")
    told.add_argument("--github", action="store_true", help="mark failures in the files, as GitHub Actions does")
    told.add_argument("--json", action="store_true", help="print JSON for machines")


_GOES_WITH = (
    ("runs", "live"),
    ("parallel", "live"),
    ("judge", "live"),
    ("baseline", "live"),
    ("save_baseline", "live"),
    ("model", "record"),
)
_APART = (
    *(("live", name) for name in ("record", "update", "watch", "coverage", "explain", "jobs", "exitfirst")),
    *(("record", name) for name in ("watch", "jobs")),
    ("watch", "json"),
    ("github", "json"),
)
_COUNTS = ("jobs", "runs", "parallel")
_TEXTS = ("live", "judge", "model", "baseline", "save_baseline", "junit")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def is_github(environ: Mapping[str, str]) -> bool:
    """True in a step of GitHub Actions, where annotations are wanted."""
    return environ.get("GITHUB_ACTIONS") == "true"


def refuse_contradictions(options: argparse.Namespace) -> None:
    """Raises: `UsageError` for options that do not go together, and for values that cannot be."""
    given = {name: value for name, value in vars(options).items() if value is not None and value is not False}
    for name in _TEXTS:
        if name in given and not given[name].strip():
            raise UsageError(f"{_flag(name)} has an empty value; is it a variable that is not set?")
    for name, other in _GOES_WITH:
        if name in given and other not in given:
            raise UsageError(f"{_flag(name)} goes with {_flag(other)}")
    for name, other in _APART:
        if name in given and other in given:
            raise UsageError(f"{_flag(name)} and {_flag(other)} do not go together")
    for name in _COUNTS:
        if name in given and given[name] < 1:
            raise UsageError(f"{_flag(name)} takes a number from 1")
    if given.get("jobs", 1) > MAX_JOBS:
        raise UsageError(f"--jobs takes a number up to {MAX_JOBS}")
