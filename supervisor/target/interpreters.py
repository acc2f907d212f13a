"""Which Python runs a target: the one that was asked for, the project's own, or the one that runs us.

The project's own is looked for where its tools put it; nothing is started but, for conda and poetry environments kept
elsewhere, nothing at all: their files and variables are read.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from supervisor.control.messages import Problem, WayOut
from supervisor.target.problems import TargetError

#: The interpreter that runs us.
OURS = sys.executable


def choose(asked: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Path of the interpreter for the target in ``folder``. Raises TargetError when what was asked for is none."""
    if asked:
        return _checked(asked)
    for python in _candidates(folder, environment):
        if os.access(python, os.X_OK):
            return str(python)
    return OURS


def _checked(asked: str) -> str:
    path = Path(asked).expanduser()
    if path.is_dir():  # an environment's folder is what people have at hand
        path = path / "bin" / "python"
    found = str(path) if os.sep in str(path) else shutil.which(asked)
    if not found or not Path(found).is_file():
        raise _not_one(asked, "There is no such file.")
    if not os.access(found, os.X_OK):
        raise _not_one(asked, "It cannot be executed.")
    # Not resolved: the link in an environment's bin is what makes it that environment.
    return str(Path(found).absolute())


def _not_one(asked: str, why: str) -> TargetError:
    way = WayOut(text="Give the path of a Python, or of a virtual environment's folder.", command="--python .venv")
    return TargetError(Problem(what=f"{asked} is not a Python interpreter.", why=why, ways_out=(way,), usage=True))


def _candidates(folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """Where the interpreter of the project in ``folder`` may be, the surest place first."""
    for place in _upwards(folder):
        if project := environment.get("UV_PROJECT_ENVIRONMENT"):
            yield place / project / "bin" / "python"
        for name in (".venv", "venv", "env", ".env"):
            yield place / name / "bin" / "python"
        yield from _poetry(place, environment)
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if active := environment.get(variable):
            yield Path(active) / "bin" / "python"


def _upwards(folder: Path) -> Iterator[Path]:
    """``folder`` and its parents, as far as the root of the project that it is in."""
    for place in (folder, *folder.parents):
        yield place
        if any((place / mark).exists() for mark in (".git", "pyproject.toml", "uv.lock", "poetry.lock")):
            return


def _poetry(place: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """Poetry keeps environments in its cache, named after the project and a hash that only it computes."""
    if not (place / "poetry.lock").exists():
        return
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    keep = Path(environment.get("POETRY_VIRTUALENVS_PATH") or cache / "pypoetry" / "virtualenvs")
    if keep.is_dir():
        name = place.name.lower().replace("_", "-")
        yield from sorted(keep.glob(f"{name}-*/bin/python"), reverse=True)
