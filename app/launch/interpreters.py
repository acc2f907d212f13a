"""The interpreters to offer for a project: of environments in its folder, of the one that is active, and of the path.

Nothing is started; it asks the file system for a dozen names. Which one is taken of itself, the supervisor says.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

_FOLDERS = (".venv", "venv", "env", ".env")
_NAMES = ("python3", *(f"python3.{minor}" for minor in range(14, 7, -1)))


def found(folder: str, environment: Mapping[str, str]) -> list[str]:
    """Paths of interpreters for the project in ``folder``, the likeliest first, each once."""
    there = (str(path) for path in _candidates(Path(folder), environment) if os.access(path, os.X_OK))
    return list(dict.fromkeys(there))


def _candidates(folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    for place in (folder, folder.parent):
        yield from (place / name / "bin" / "python" for name in _FOLDERS)
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if active := environment.get(variable):
            yield Path(active) / "bin" / "python"
    path = environment.get("PATH", os.defpath)
    yield from (Path(where) for name in _NAMES if (where := shutil.which(name, path=path)))
