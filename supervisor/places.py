"""Where the supervisor keeps files of its own: traces that nobody gave a path for."""

from __future__ import annotations

import itertools
import os
import re
import time
from pathlib import Path


def traces() -> Path:
    """The folder of recordings: ``$XDG_STATE_HOME/gatescope/traces``."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "gatescope" / "traces"


def trace(asked: str, name: str) -> Path:
    """The path for a recording of the application ``name``: as asked, or one of our own."""
    return Path(asked).expanduser().absolute() if asked else new_trace(name)


def new_trace(name: str) -> Path:
    """A path for a new recording of the application ``name``; its folder exists, it does not."""
    folder = traces()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in itertools.count(1):
        path = folder / (f"{stem}.gatescope" if number == 1 else f"{stem}-{number}.gatescope")
        if not path.exists():
            return path
    raise AssertionError("unreachable")
