"""The applications that come with Gatescope, ``demo:NAME``."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.control.messages import Problem, WayOut
from supervisor.target.problems import TargetError

PREFIX = "demo:"
FOLDER = Path(__file__).parents[2] / "resources" / "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """One application of ours to try things on."""

    name: str
    target: str
    title: str


def demos() -> dict[str, Demo]:
    """All of them, by name."""
    listed: dict[str, dict[str, Any]] = json.loads((FOLDER / "demos.json").read_text())
    return {name: Demo(name=name, target=entry["target"], title=entry["title"]) for name, entry in listed.items()}


def demo(target: str) -> Demo:
    """The one that ``demo:NAME`` names. Raises TargetError."""
    name = target.removeprefix(PREFIX)
    known = demos()
    if name in known:
        return known[name]
    guess = difflib.get_close_matches(name, known, n=1)
    ways = tuple(WayOut(text=f"Did you mean {PREFIX}{found}?", command=f"{PREFIX}{found}") for found in guess)
    why = f"The demos are: {', '.join(known)}."
    raise TargetError(Problem(what=f"There is no demo called {name!r}.", why=why, ways_out=ways, usage=True))
