"""``python -m supervisor.tree.caretaker CHARGE``: ends what a killed supervisor leaves out of the workers' reach.

Workers and masters ask the kernel to die with their parent; programs that are not Python, and what the user's code
started in a session of its own, do not. So the supervisor keeps a caretaker as soon as there is something of that kind,
and tells it, a line of JSON each time something has changed, all that is to be ended: ``sessions`` (ids) and ``strays``
(pid and start). The first such line is its argument, so that it never is without one. The end of its input without an
empty word before is the supervisor's death.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from typing import Any

from supervisor.tree import proc

#: Seconds for the last of them to be seen gone.
PATIENCE = 5.0

Charge = dict[str, Any]


class Caretaker:
    """The supervisor's end: starts the process when it is first needed, and tells it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._told: Charge = {}

    def tell(self, sessions: list[int], strays: dict[int, int]) -> None:
        """All that is to be ended should this process be killed. Raises OSError if there can be no caretaker."""
        charge: Charge = {"sessions": sessions, "strays": sorted(strays.items())} if sessions or strays else {}
        gone = self._process is None or self._process.poll() is not None
        if (gone and not charge) or (charge == self._told and not gone):
            self._told = charge
            return
        if gone:  # or somebody has killed it
            self._bury()
            self._process = self._start(json.dumps(charge))
        else:
            self._write(json.dumps(charge).encode() + b"\n")
        self._told = charge

    def close(self) -> None:
        """Nothing is left to be taken care of."""
        if self._process is not None:
            with contextlib.suppress(OSError):  # somebody has killed it
                self._write(b"{}\n")
            self._bury()

    def _write(self, line: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def _bury(self) -> None:
        """Wait until it has ended, which it does with its input."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):  # what could not be written to it
                self._process.stdin.close()
            self._process.wait()

    @staticmethod
    def _start(charge: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", __name__, charge]
        # A session of its own: what is sent to our group, Ctrl-C above all, is not for it.
        return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603


def main() -> None:
    """Read to the end of the input, then end what was told last."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    charge: Charge = json.loads(sys.argv[1])
    for line in sys.stdin:
        if line.endswith("\n"):  # else the supervisor died while it wrote
            charge = json.loads(line)
    deadline = time.monotonic() + PATIENCE
    while charge and _left(charge) and time.monotonic() < deadline:
        time.sleep(0.02)


def _left(charge: Charge) -> bool:
    """Kill all of it once more; whether there was any."""
    there = [proc.kill(pid, since) for pid, since in charge["strays"]]
    for sid in charge["sessions"]:
        there += [proc.kill(pid, since) for pid, since in proc.members(sid).items()]
    return any(there)


if __name__ == "__main__":
    main()
