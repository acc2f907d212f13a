"""Each pure module is covered, every branch, by the test file that bears its name, without help from any other."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import coverage
import pytest

from tests.test_house import ROOT, pure_files

DECLARATIONS = {"__init__.py", "recording.py", "messages.py", "base.py"}  # nothing branches there
#: Rooms of many small modules whose tests are quick: run once, and told apart by which test was running.
TOGETHER = ("inspector/contract/",)
MODULES = [path for path in pure_files() if path.name not in DECLARATIONS]
ALONE = [path for path in MODULES if path not in pure_files(TOGETHER)]


def own_test(module: Path) -> Path:
    relative = module.relative_to(ROOT)
    return ROOT / "tests" / relative.parent / f"test_{relative.stem}.py"


def run_tests(include: Path, tests: Path, data: Path, *, windows: bool) -> subprocess.CompletedProcess[str]:
    """Run ``tests`` under coverage of ``include``."""
    # Only the plugins that such a test may need: most of the time would go into loading the others.
    plugins = ["_hypothesis_pytestplugin", *(["pytestqt.plugin"] if windows else [])]
    settings = data.with_name("coveragerc")
    told_apart = "dynamic_context = test_function\n" if tests.is_dir() else ""
    settings.write_text("[run]\nbranch = true\n" + told_apart)
    environment = {
        **os.environ,
        "COVERAGE_FILE": str(data),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "QT_QPA_PLATFORM": "offscreen",
    }
    options = ["-q", "-c", os.devnull, "--rootdir", str(ROOT), "--import-mode=importlib", "-W", "error"]
    # Hypothesis seeds from the clock unless told otherwise; coverage must not depend on luck.
    options += [
        "-p",
        "no:cacheprovider",
        *(word for plugin in plugins for word in ("-p", plugin)),
        "--hypothesis-seed=0",
    ]
    start = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", f"--include={include}"]
    run = [*start, "-m", "pytest", *options, str(tests)]
    return subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def missing(module: Path, data: Path, contexts: list[str] | None = None) -> str:
    """The report on ``module``, if any of it was not run (in one of ``contexts``); empty if all was."""
    measured = coverage.Coverage(data_file=data, config_file=False, branch=True)
    measured.load()
    report = io.StringIO()
    covered = measured.report(include=[str(module)], contexts=contexts, show_missing=True, file=report)
    return "" if covered == 100 else report.getvalue()


@pytest.mark.parametrize("module", ALONE, ids=lambda path: str(path.relative_to(ROOT)))
def test_own_test_file_covers_every_branch(module: Path, tmp_path: Path) -> None:
    data = tmp_path / "coverage"
    outcome = run_tests(module, own_test(module), data, windows="app" in module.parts)
    assert outcome.returncode == 0, outcome.stdout[-4000:] + outcome.stderr[-2000:]
    assert missing(module, data) == ""


@pytest.mark.parametrize("room", TOGETHER)
def test_own_test_files_of_a_room_cover_every_branch(room: str, tmp_path: Path) -> None:
    data = tmp_path / "coverage"
    outcome = run_tests(ROOT / room / "*", ROOT / "tests" / room, data, windows=False)
    assert outcome.returncode == 0, outcome.stdout[-4000:] + outcome.stderr[-2000:]
    modules = [path for path in pure_files(TOGETHER) if path in MODULES]
    # What runs while modules are loaded belongs to no test.
    assert "".join(missing(path, data, ["^$", rf"\.{own_test(path).stem}\."]) for path in modules) == ""
