"""Reports of faults of the window itself: what they say, and the traces that a killed process leaves for the next.

No Qt. A report names versions, the kind of the fault and the places in the code; never the words of the exception,
which may quote traffic. It is shown and copied; nothing sends it anywhere.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TextIO

_NAME = re.compile(r"crash-(?P<pid>[0-9]+)\.txt")
_ROOT = Path(__file__).resolve().parents[1]

#: What is told of a fault: one sentence, and the report.
Told = Callable[[str, str], None]


def report(kind: type[BaseException], trace: TracebackType | None, versions: str) -> str:
    """The text of a report about an exception."""
    lines = [f"{_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(trace)]
    words = "The message of the exception is left out: it could quote traffic."
    return "\n".join(
        [versions, "", f"{kind.__module__}.{kind.__qualname__} at:", *(f"  {line}" for line in lines), words]
    )


def _short(filename: str) -> str:
    path = Path(filename)
    with contextlib.suppress(ValueError):
        return str(path.relative_to(_ROOT))
    return path.name if path.parent == path else "/".join(path.parts[-2:])


class CrashReports:
    """The hook for exceptions that nobody caught, each told once a session."""

    def __init__(self, tell: Told, versions: Callable[[], str]) -> None:
        self._tell, self._versions = tell, versions
        self._told: set[tuple[str, str, int]] = set()
        self._before = sys.excepthook

    def install(self) -> None:
        """Report from now on; what was there before still runs."""
        self._before = sys.excepthook
        sys.excepthook = self.on_exception

    def remove(self) -> None:
        """As it was before ``install``."""
        sys.excepthook = self._before

    def on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """An exception reached the event loop."""
        self._before(kind, error, trace)
        frames = traceback.extract_tb(trace)
        where = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
        if issubclass(kind, KeyboardInterrupt) or (kind.__name__, *where) in self._told:
            return
        self._told.add((kind.__name__, *where))
        self._tell(f"Something in this window failed ({kind.__name__}).", report(kind, trace, self._versions()))


class LastWords:
    """The file that ``faulthandler`` writes to when this process dies of a signal; the next start finds it."""

    def __init__(self, folder: Path, pid: int) -> None:
        self._path = folder / f"crash-{pid}.txt"
        self._file: TextIO | None = None

    def begin(self) -> None:
        """Have the places of all threads written down if it comes to that."""
        self._file = self._path.open("w", encoding="utf-8")
        faulthandler.enable(self._file)

    def end(self) -> None:
        """It did not come to that."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)


def left_behind(folder: Path, alive: Callable[[int], bool], versions: Callable[[], str]) -> str:
    """The report of windows that died here, and removes what they left; empty when none did."""
    found: list[str] = []
    for path in sorted(folder.glob("crash-*.txt")):
        matched = _NAME.fullmatch(path.name)
        if matched is None or int(matched["pid"]) == os.getpid() or alive(int(matched["pid"])):
            continue
        with contextlib.suppress(OSError):  # another window was quicker
            text = path.read_text(encoding="utf-8", errors="replace").strip()
            path.unlink()
            if text:
                found.append(text)
    return "\n\n".join([versions(), *found]) if found else ""
