"""Environments for targets to live in: interpreters, bare virtual environments, and distributions for them.

Distributions are copies of those that this environment has, so that nothing is downloaded.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

#: What an installer wrote beside what the wheel held.
_INSTALLED = ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD")


#: What targets may be run by; the probe is written for the first.
VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def interpreter(version: str) -> str | None:
    """A CPython of that version: our own, one of pyenv's or uv's, or one on the path."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for found in sorted(root.glob(f"{version}.*/bin/python")):
        return str(found)
    for found in sorted((Path.home() / ".local" / "share" / "uv" / "python").glob(f"cpython-{version}.*/bin/python3")):
        return str(found)
    return shutil.which(f"python{version}")


def bare(folder: Path, python: str = sys.executable) -> Path:
    """The interpreter of a new environment in ``folder`` that has nothing, not even pip."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    return folder / "bin" / "python"


def packages(python: Path) -> Path:
    """Where the packages of a virtual environment lie."""
    [found] = python.parent.parent.glob("lib/python3.*/site-packages")
    return found


def give(python: Path, name: str, version: str = "") -> None:
    """Copy a distribution of ours into the environment of ``python``; it says that it is ``version``."""
    found = importlib.metadata.distribution(name)
    for path in _files(found):
        content = Path(str(found.locate_file(path))).read_bytes()
        if version and path.name == "METADATA":
            content = content.replace(
                b"\nVersion: %s\n" % found.version.encode(), b"\nVersion: %s\n" % version.encode()
            )
        place = packages(python) / str(path).replace(
            f"-{found.version}.dist-info", f"-{version}.dist-info", bool(version)
        )
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def give_pip(python: Path) -> None:
    """Let the environment of ``python``, of our own version, use our pip."""
    found = importlib.metadata.distribution("pip")
    for folder in {path.parts[0] for path in _files(found)}:
        packages(python).joinpath(folder).symlink_to(str(found.locate_file(folder)))


def wheel(folder: Path, name: str) -> Path:
    """A distribution of ours as the wheel that it came from."""
    found = importlib.metadata.distribution(name)
    made = folder / f"{name.replace('-', '_')}-{found.version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(made, "w") as archive:
        names = []
        for path in _files(found):
            if path.name not in _INSTALLED:
                archive.write(str(found.locate_file(path)), str(path))
                names.append(str(path))
        record = next(one for one in names if one.endswith("/METADATA")).replace("/METADATA", "/RECORD")
        archive.writestr(record, "".join(f"{one},,\n" for one in [*names, record]))
    return made


def _files(found: importlib.metadata.Distribution) -> Iterator[importlib.metadata.PackagePath]:
    for path in found.files or ():
        if path.parts[0] != ".." and path.suffix != ".pyc":
            yield path
