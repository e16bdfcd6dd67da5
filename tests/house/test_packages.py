"""House rules that a machine can keep: what is public, what is imported when, how large files and functions grow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import orchestrator

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("orchestrator", "runtimes", "auth")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
HEAVY = {
    "openai",
    "httpx2",
    "pydantic",
    "rich",
    "prompt_toolkit",
    "yaml",
    "liquid",
    "jsonschema_rs",
    "anyio",
    "sqlalchemy",
    "alembic",
    "aiosqlite",
    "psycopg",
}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after the code."""
    program = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}}, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stderr.split())


def test_help_loads_nothing_that_it_does_not_need() -> None:
    """Issue 2: no HTTP client, model client or terminal library for `--help`."""
    code = "from orchestrator.cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    assert not HEAVY & loaded_by(code)


def test_importing_the_package_loads_nothing_that_it_does_not_need() -> None:
    assert not HEAVY & loaded_by("import orchestrator, runtimes, auth")


def test_the_hosts_import_does_not_load_the_model_client() -> None:
    assert "openai" not in loaded_by("from orchestrator import Orchestrator, load_plugin")


def test_the_public_names_are_sorted_complete_and_importable() -> None:
    assert orchestrator.__all__ == sorted(orchestrator.__all__)
    for name in orchestrator.__all__:
        assert getattr(orchestrator, name) is not None
    assert set(dir(orchestrator)) == set(orchestrator.__all__)


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small_and_modules_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    assert ast.get_docstring(ast.parse(text)), "a module opens with a sentence that says what it is"
    for function in functions_of(path):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        assert length <= MAX_FUNCTION_LINES, function.name


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()


def test_no_test_folder_shadows_a_package() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))
