"""Signals by the names that people give them.

Pure.
"""

from __future__ import annotations

import signal


def number(name: str) -> int | None:
    """The number of ``KILL``, ``sigkill`` or ``9``; None for anything else."""
    if name.isdecimal():
        return int(name) if int(name) in {int(known) for known in signal.Signals} else None
    try:
        return int(signal.Signals[f"SIG{name.upper().removeprefix('SIG')}"])
    except KeyError:
        return None
