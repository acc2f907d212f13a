"""What the command line asks for. Knows nothing of windows, so that a mistake in it is told at once."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for."""

    demo: bool = False
    project: str = ""
    trace: str = ""

    @property
    def session(self) -> str:
        """What this session is about: the same again finds its supervisor again."""
        return "demo" if self.demo else self.project or self.trace


def parse(arguments: list[str]) -> Request:
    """What the command line asks for. Exits with status 2 and a message if it makes no sense."""
    parser = argparse.ArgumentParser(prog="gatescope", description="See what a web server and its application say.")
    verbs = parser.add_subparsers(dest="verb")
    opening = verbs.add_parser("open", help="on a trace or a project's folder")
    opening.add_argument("path", nargs="?", default="")
    verbs.add_parser("demo", help="on the demo applications")
    given = parser.parse_args(arguments)
    if given.verb == "demo":
        return Request(demo=True)
    path = Path(given.path).resolve() if given.verb == "open" and given.path else None
    if path is None:
        return Request()
    if not path.exists():
        parser.error(f"{path} is not there: give a trace (*.gatescope) or a project's folder")
    return Request(project=str(path)) if path.is_dir() else Request(trace=str(path))
