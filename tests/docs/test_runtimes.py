"""The runtime on the page for authors of runtimes works, and the page says what the code says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from runtimes.discovery import GROUP, PREFIX
from runtimes.foreign.apart import CANCEL_GRACE
from runtimes.foreign.opening import CLOSE_SECONDS, OPEN_SECONDS, SIGN_IN_SECONDS
from runtimes.http import MAX_RESPONSE_BYTES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "runtimes.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def installed(place: Path) -> Path:
    """A folder that is to Python what an installed distribution is, and a manifest beside it."""
    [(group, points)] = tomllib.loads(block("toml"))["project"]["entry-points"].items()
    [(name, value)] = points.items()
    metadata = place / "my_dice-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: my-dice\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n", encoding="utf-8")
    (place / "my_dice.py").write_text(block("python"), encoding="utf-8")
    about = {"schema_version": "v2.2", "name_for_human": "Dice", "namespace": "dice", "description_for_human": "Dice."}
    manifest = place / "plugin.json"
    manifest.write_text(json.dumps({**about, "runtimes": [json.loads(block("json"))]}), encoding="utf-8")
    return manifest


def test_the_runtime_on_the_page_is_found_and_called(tmp_path: Path) -> None:
    manifest = installed(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "call", str(manifest), "roll", '{"dice": 3}', "--json"],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    rolled = json.loads(done.stdout)["payload"]
    assert len(rolled) == 3
    assert all(1 <= one <= 20 for one in rolled)


def test_the_page_names_the_group_and_the_limits_of_the_code() -> None:
    assert f'"{GROUP}"' in PAGE
    assert f"start with `{PREFIX}`" in WORDS
    assert f"longer than {MAX_RESPONSE_BYTES // 1024**2} MiB" in WORDS
    assert (
        f"Opening may take {OPEN_SECONDS:g} seconds, closing {CLOSE_SECONDS:g}, `sign_in` {SIGN_IN_SECONDS:g}" in WORDS
    )
    assert f"does not end {CANCEL_GRACE:g} seconds after it was cancelled" in WORDS
