"""Virtual environments with servers in them: made by ``venv``, filled by pip, kept where they are wanted again."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from supervisor.servers.base import Mode

#: Seconds that making an environment, or putting something into it, may take.
PATIENCE = 600
_TOO_NEW = re.compile(r"Ignored the following versions that require a different python version: (.*)")
_ONE = re.compile(r"(\S+) Requires-Python ([^;]+)")
_NONE = re.compile(r"No matching distribution found for (\S+)")


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment of one interpreter. ``python`` is the one to run in it."""

    version: str
    python: Path

    def lacks(self, mode: Mode) -> str:
        """Why ``mode`` cannot be had here, or nothing once all that it needs is installed."""
        if not mode.needs:
            return ""
        least = f">={'.'.join(map(str, mode.least))}" if mode.least else ""
        wanted = [f"{mode.needs[0]}{least}", *mode.needs[1:], *mode.companions]
        done = self._folder / f"{mode.slug}.done"
        if done.exists():
            return done.read_text()
        # No wheel is a reason to leave a mode out, and none to compile for minutes.
        command = [
            self.python,
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            *wanted,
        ]
        outcome = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        why = "" if outcome.returncode == 0 else reason(outcome.stdout + outcome.stderr)
        done.write_text(why)
        return why

    @property
    def _folder(self) -> Path:
        return self.python.parent.parent


def environment(version: str, interpreter: str, folder: Path) -> Environment:
    """The one in ``folder``, made if it is not there."""
    python = folder / version / "bin" / "python"
    if not python.exists():
        subprocess.run([interpreter, "-m", "venv", folder / version], check=True, timeout=PATIENCE)
    return Environment(version, python)


def reason(text: str) -> str:
    """Why pip did not install what was wanted, in a few words."""
    found = _NONE.search(text)
    if found is None:
        return next((line for line in reversed(text.splitlines()) if line.startswith("ERROR")), "pip failed")
    name = found[1]
    if listed := _TOO_NEW.search(text):
        newest = _ONE.findall(listed[1])[-1]
        return f"{name}: {newest[0]} needs Python {newest[1].strip()}"
    return f"{name}: no wheel"
