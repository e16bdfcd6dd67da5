"""Notices when a stranger, a distribution or a file nearby, has taken the place of `auth` or `runtimes`."""

from __future__ import annotations

import importlib

from orchestrator.errors import UsageError

DISTRIBUTION = "plugin-orchestrator"
"""What each of our packages says it belongs to."""

_MENDING = (
    "another distribution or a file of yours has taken its name: "
    f"install {DISTRIBUTION} in a virtual environment of its own "
    f"(or reinstall it there with `pip install --force-reinstall --no-deps {DISTRIBUTION}`)"
)

PACKAGES = ("auth", "runtimes")
"""Import names of this distribution that others may use too."""


def check_packages() -> None:
    """Raises: `UsageError` that names the stranger and says how to mend it."""
    for name in PACKAGES:
        try:
            package = importlib.import_module(name)
        except (ImportError, SyntaxError) as error:
            raise UsageError(f"the package {name!r} cannot be imported ({error}); {_MENDING}") from error
        if vars(package).get("DISTRIBUTION") != DISTRIBUTION:
            place = getattr(package, "__file__", None) or list(getattr(package, "__path__", []))
            raise UsageError(f"the package {name!r} at {place} is not the one of {DISTRIBUTION}; {_MENDING}")
