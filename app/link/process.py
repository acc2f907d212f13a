"""Starts the supervisor as a process of its own, in its own session, so that the window's end is not its end. No Qt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

#: How much of the supervisor's last words are shown when it fails.
_TAIL = 8192


class SupervisorProcess:
    """The supervisor's process as far as its starter can know it: started, there, or ended."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "supervisor")) -> None:
        self._command = tuple(command)
        self._child: subprocess.Popen[bytes] | None = None
        self._former: list[subprocess.Popen[bytes]] = []  #: forgotten, and not known to have ended
        self._written: Path | None = None

    def __repr__(self) -> str:
        return f"<SupervisorProcess pid={self._child.pid if self._child else 'none'}>"

    @property
    def started(self) -> bool:
        """Whether ``start`` was called since ``forget``."""
        return self._child is not None

    def start(self, path: Path) -> str:
        """Start it with its control socket at ``path``. Why it could not be, or an empty string."""
        self._written = path.with_suffix(".log")
        command = [*self._command, "--control", str(path)]
        root = Path(__file__).resolve().parents[2]  # ``-m`` looks there first, not in whatever folder the window is in
        try:
            with self._written.open("wb") as out:
                self._child = subprocess.Popen(  # noqa: S603  the command is our own
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=root, start_new_session=True
                )
        except OSError as error:
            return f"{command[0]} can't be run: {error.strerror or error}"
        return ""

    def forget(self) -> None:
        """The next ``start`` is a new one."""
        if self._child is not None:
            self._former.append(self._child)
        self._child = None

    def ended(self) -> bool:
        """Whether the process that was started is gone."""
        self._former = [child for child in self._former if child.poll() is None]  # leaves no zombies
        return self._child is not None and self._child.poll() is not None

    def exit_status(self) -> int | None:
        """As ``subprocess`` has it: the status, minus the signal that ended it, or None while it is not known."""
        return self._child.poll() if self._child is not None else None

    def output(self) -> str:
        """The end of what it wrote."""
        if self._written is None or not self._written.is_file():
            return ""
        with self._written.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL))
            return file.read().decode(errors="replace").strip()


class Elsewhere(SupervisorProcess):
    """A supervisor that somebody else has started: a link to it finds it there, or gives up at once."""

    @property
    def started(self) -> bool:
        """As far as anybody here is concerned."""
        return True

    def ended(self) -> bool:
        """Whether there is no sense in waiting for it, which there never is."""
        return True
