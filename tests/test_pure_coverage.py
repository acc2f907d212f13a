"""Each pure module is covered, every branch, by the test file that bears its name, without help from any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_house import ROOT, pure_files


def own_test(module: Path) -> Path:
    relative = module.relative_to(ROOT)
    return ROOT / "tests" / relative.parent / f"test_{relative.stem}.py"


@pytest.mark.parametrize(
    "module",
    [path for path in pure_files() if path.name != "__init__.py"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_own_test_file_covers_every_branch(module: Path, tmp_path: Path) -> None:
    if module.name in {"recording.py", "messages.py", "base.py"}:
        pytest.skip("declarations only: nothing branches")
    environment = {**os.environ, "COVERAGE_FILE": str(tmp_path / "coverage"), "QT_QPA_PLATFORM": "offscreen"}
    coverage = [sys.executable, "-m", "coverage"]
    # Hypothesis seeds from the clock unless told otherwise; coverage must not depend on luck.
    measured = [*coverage, "run", "--branch", f"--include={module}"]
    run = [*measured, "-m", "pytest", "-q", "--hypothesis-seed=0", str(own_test(module))]
    outcome = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert outcome.returncode == 0, outcome.stdout[-4000:] + outcome.stderr[-2000:]
    report = [*coverage, "report", "--show-missing", "--fail-under=100"]
    outcome = subprocess.run(report, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
