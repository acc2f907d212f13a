"""The rules of the house that a machine can check: who imports whom, what is pure, how long things are."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "supervisor", "inspector")

#: Modules (or whole packages, with a slash) that decide and do not act. ARCHITECTURE.md says what that means.
PURE = (
    "inspector/model.py",
    "inspector/fields.py",
    "inspector/heads.py",
    "inspector/secrets.py",
    "inspector/tagged.py",
    "inspector/levels.py",
    "inspector/live.py",
    "inspector/frames.py",
    "inspector/calls.py",
    "inspector/costs.py",
    "inspector/recording.py",
    "inspector/diff.py",
    "inspector/documents.py",
    "inspector/sequences.py",
    "inspector/codings.py",
    "inspector/pairing.py",
    "inspector/har_import.py",
    "inspector/wire/",
    "inspector/query/",
    "inspector/contract/",
    "inspector/export/",
    "inspector/replay/dialogue.py",
    "inspector/replay/plan.py",
    "inspector/replay/request.py",
    "app/rate.py",
    "app/comparison/rows.py",
    "app/statistics/sums.py",
    "app/traffic/lanes/bars.py",
    "app/traffic/lanes/cells.py",
    "app/traffic/lanes/view.py",
    "app/traffic/lanes/marks.py",
    "app/traffic/lanes/older.py",
    "app/traffic/lanes/strips.py",
    "app/traffic/compare/calls.py",
    "app/traffic/compare/meanings.py",
    "app/traffic/compare/other.py",
    "app/traffic/compare/pairing.py",
    "app/traffic/contrast.py",
    "app/traffic/edit/draft.py",
    "app/traffic/handover.py",
    "app/traffic/ladder.py",
    "app/traffic/message_words.py",
    "app/traffic/timing.py",
    "app/traffic/tracebacks.py",
    "supervisor/modes.py",
    "supervisor/lending.py",
    "supervisor/mounting.py",
    "supervisor/requirements.py",
    "supervisor/lifecycle.py",
    "supervisor/death.py",
    "supervisor/last_words.py",
    "supervisor/lines.py",
    "supervisor/policy.py",
    "supervisor/trials.py",
    "supervisor/servers/",
    "supervisor/target/frameworks.py",
    "supervisor/target/sources.py",
    "supervisor/control/messages.py",
    "supervisor/control/codec.py",
)
#: What the window decides without Qt. Tested with the widgets that show it, so not held to a test file of its own.
PURE_IN_THE_WINDOW = (
    "app/launch/choice.py",
    "app/launch/command.py",
    "app/launch/extras.py",
    "app/launch/frames.py",
    "app/launch/standing.py",
    "app/launch/ways.py",
    "app/link/words.py",
    "app/workers/causes.py",
    "app/workers/evidence.py",
    "app/workers/history.py",
    "app/workers/means.py",
    "app/workers/processes.py",
    "app/workers/rows.py",
    "app/workers/stack_words.py",
    "app/workers/words.py",
    "app/logs/ansi.py",
    "app/logs/lines.py",
    "app/theme/roles.py",
    "app/theme/series.py",
    "app/replay/comparison.py",
    "app/traffic/phases.py",
    "app/traffic/formats.py",
    "app/traffic/finding_words.py",
    "app/traffic/heads.py",
    "app/cancel.py",
    "app/traffic/bodies.py",
    "app/traffic/branches.py",
    "app/traffic/json_index.py",
    "app/traffic/markup.py",
    "app/traffic/multipart.py",
    "app/traffic/rendering.py",
    "app/traffic/syntax.py",
    "app/traffic/text_lines.py",
    "app/traffic/context.py",
    "app/traffic/explanations.py",
    "app/traffic/sequence.py",
    "app/traffic/narrative.py",
    "app/traffic/terms.py",
    "app/traffic/secrecy.py",
)
IMPURE_IMPORTS = {"asyncio", "socket", "subprocess", "threading", "sqlite3", "time", "PySide6", "os", "psutil"}

#: Function length in lines of code without docstrings; only declarations may be longer, and they are named here.
LONGEST_FUNCTION = 50
LONGEST_FILE = 700


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(ROOT.joinpath(folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top-level names that a file imports absolutely, anywhere in it, type-checking blocks left out."""
    names: set[str] = set()
    skipped: set[ast.AST] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            skipped.update(child for statement in node.body for child in ast.walk(statement))
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def pure_files(entries: tuple[str, ...] = PURE) -> list[Path]:
    files: list[Path] = []
    for entry in entries:
        path = ROOT / entry
        files.extend(sorted(path.rglob("*.py")) if entry.endswith("/") else [path])
    return files


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's name and its lines of code: comments, blank lines and the docstring do not count."""
    text = path.read_text()
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            documented = set(range(first.lineno, (first.end_lineno or 0) + 1)) if has_docstring else set()
            numbers = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            code = [n for n in numbers if n not in documented and lines[n - 1].strip().strip("#")]
            yield node.name, len([n for n in code if not lines[n - 1].lstrip().startswith("#")])


def test_the_import_contracts_hold() -> None:
    outcome = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("path", pure_files(PURE + PURE_IN_THE_WINDOW), ids=lambda path: str(path.relative_to(ROOT)))
def test_pure_modules_import_nothing_that_acts(path: Path) -> None:
    assert imported(path) & IMPURE_IMPORTS == set()


@pytest.mark.parametrize("path", list(sources("inspector/probe")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_probe_uses_the_standard_library_alone(path: Path) -> None:
    servers = {
        "gunicorn",
        "uvicorn",
        "uvicorn_worker",
        "waitress",
        "hypercorn",
        "granian",
        "daphne",
        "django",
        "werkzeug",
    }
    helpers = {"a2wsgi", "asgiref"}  # these and the servers: what it runs, where it is installed
    foreign = imported(path) - set(sys.stdlib_module_names) - servers - helpers - {"_gatescope_probe"}
    assert foreign == set()


def test_only_the_window_knows_qt() -> None:
    assert [path for path in sources("supervisor", "inspector") if "PySide6" in imported(path)] == []


def test_functions_and_files_stay_short() -> None:
    too_long = []
    lengths = []
    for path in sources(*PACKAGES):
        count = len(path.read_text().splitlines())
        if count > LONGEST_FILE:
            too_long.append(f"{path.relative_to(ROOT)}: {count} lines")
        for name, length in functions(path):
            lengths.append(length)
            if length > LONGEST_FUNCTION:
                too_long.append(f"{path.relative_to(ROOT)}:{name}: {length} lines")
    assert too_long == []
    lengths.sort()
    assert lengths[int(len(lengths) * 0.95)] <= 30


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources(*PACKAGES)
        if path.stat().st_size and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_nothing_names_one_machine() -> None:
    """No path of the machine that something was written on, in any file that git tracks."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    needles = ["/" + "work/", "/" + "root/", "/" + "home/", "C:" + "\\Users"]
    for name in filter(None, tracked.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in {".png", ".svg", ".ico"} or not path.is_file():
            continue
        text = path.read_text(errors="replace")
        assert not [needle for needle in needles if needle in text], name
