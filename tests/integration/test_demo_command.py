"""``gatescope demo`` without a display: says so, plays the headless demo on real servers, and ends by itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.program import GATESCOPE, PATIENCE


def test_the_headless_demo_runs_to_its_end(tmp_path: Path) -> None:
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"XDG_STATE_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    outcome = subprocess.run(
        [*GATESCOPE, "demo"], env=environment, capture_output=True, text=True, timeout=3 * PATIENCE
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert outcome.stdout.startswith("No display")
    assert "demo:flask under gunicorn-sync x 1" in outcome.stdout
    assert "they queue" in outcome.stdout
    assert "demo:fastapi under uvicorn x 1" in outcome.stdout
    assert "they interleave" in outcome.stdout
    assert "exchanges by uvicorn, worker 1" in outcome.stdout
    assert "exchanges by gunicorn-uvicorn, worker" in outcome.stdout
    assert "No request failed." in outcome.stdout
    assert list(tmp_path.rglob("*.gatescope"))
