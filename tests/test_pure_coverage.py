"""Each pure module is covered, every branch, by the test file that bears its name, without help from any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_house import ROOT, pure_files

DECLARATIONS = {"__init__.py", "recording.py", "messages.py", "base.py"}  # nothing branches there
MODULES = [path for path in pure_files() if path.name not in DECLARATIONS]


def own_test(module: Path) -> Path:
    relative = module.relative_to(ROOT)
    return ROOT / "tests" / relative.parent / f"test_{relative.stem}.py"


def measure(module: Path, data: Path) -> subprocess.CompletedProcess[str]:
    """Run the module's own tests under coverage; the report, or what went wrong."""
    # Only the plugins that such a test may need: most of the time would go into loading the others.
    plugins = ["_hypothesis_pytestplugin", *(["pytestqt.plugin"] if "app" in module.parts else [])]
    environment = {
        **os.environ,
        "COVERAGE_FILE": str(data),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "QT_QPA_PLATFORM": "offscreen",
    }
    coverage = [sys.executable, "-m", "coverage"]
    options = ["-q", "-c", os.devnull, "--rootdir", str(ROOT), "--import-mode=importlib", "-W", "error"]
    # Hypothesis seeds from the clock unless told otherwise; coverage must not depend on luck.
    options += [
        "-p",
        "no:cacheprovider",
        *(word for plugin in plugins for word in ("-p", plugin)),
        "--hypothesis-seed=0",
    ]
    run = [*coverage, "run", "--branch", f"--include={module}", "-m", "pytest", *options, str(own_test(module))]
    outcome = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    if outcome.returncode:
        return outcome
    report = [*coverage, "report", "--show-missing", "--fail-under=100"]
    return subprocess.run(report, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_own_test_file_covers_every_branch(module: Path, tmp_path: Path) -> None:
    outcome = measure(module, tmp_path / "coverage")
    assert outcome.returncode == 0, outcome.stdout[-4000:] + outcome.stderr[-2000:]
