"""Virtual environments with servers in them: made by ``venv``, filled by pip, kept where they are wanted again."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from supervisor.servers.base import Mode

#: Seconds that making an environment, or putting something into it, may take.
PATIENCE = 120
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
        if not done.exists():
            done.write_text(self._install(wanted))
        return done.read_text()

    def _install(self, wanted: list[str]) -> str:
        """Why pip does not install it, or nothing."""
        # No wheel is a reason to leave a mode out, and none to compile for minutes.
        pip = [self.python, "-m", "pip", "install", "--disable-pip-version-check", "--only-binary", ":all:"]
        try:
            outcome = subprocess.run([*pip, *wanted], capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return f"{wanted[0]}: pip found no versions that go together in {PATIENCE} s"
        return "" if outcome.returncode == 0 else reason(outcome.stdout + outcome.stderr)

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
