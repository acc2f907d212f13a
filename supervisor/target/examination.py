"""What a target is, asked of its own interpreter: ``inspector/probe/examine.py`` imports it there and says.

Only that other process imports the user's code; what comes back is JSON, and read with suspicion.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supervisor.control.messages import Problem, WayOut
from supervisor.launching import PROBE
from supervisor.modes import Subject, normalised
from supervisor.target.problems import TargetError

#: Seconds that importing a target may take.
LIMIT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What the target's interpreter says."""

    subject: Subject
    python_version: str


async def examine(python: str, target: str, *, cwd: str, env: Mapping[str, str], factory: bool) -> Examination:
    """Import ``target`` in its interpreter and say what it is. Raises TargetError."""
    raise NotImplementedError
