"""What a problem's ways out become in the window: a button that does it, a command to copy, or words alone.

Pure. The supervisor words its ways out for a command line too; what it would have typed there (``--cwd DIR``, an import
string) is done here by the press of a button.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from app.launch.choice import find_mode
from supervisor.control.messages import ModesListed, WayOut

_PLACEHOLDER = re.compile(r"(?<![\w$./-])[A-Z]+(:[A-Z]+)?(?![\w./=-])")
_IMPORT_STRING = re.compile(r"[\w.]+:[\w.]+")


@dataclass(frozen=True, slots=True)
class Start:
    """Another way of naming the same application, to be started at once; what is empty stays as it is."""

    target: str = ""
    cwd: str = ""
    factory: bool = False


def start_of(way: WayOut) -> Start | None:
    """What ``way`` says to start instead: ``main:app``, ``--cwd DIR main:app``, ``--factory``; else None."""
    if way.mode or way.adapt or not can_do(way.command):
        return None
    words = shlex.split(way.command)
    if words == ["--factory"]:
        return Start(factory=True)
    cwd = ""
    if len(words) == 3 and words[0] == "--cwd":
        cwd, words = words[1], words[2:]
    if len(words) == 1 and _IMPORT_STRING.fullmatch(words[0]):
        return Start(target=words[0], cwd=cwd)
    return None


def can_do(command: str) -> bool:
    """Whether nothing is left to fill in, and it can be taken apart."""
    try:
        shlex.split(command)
    except ValueError:
        return False
    return bool(command) and not _PLACEHOLDER.search(command)


def option_of(way: WayOut) -> str:
    """The option that ``way`` asks for without naming its value: ``python`` or ``cwd``; else empty."""
    first = way.command.split(" ")[0]
    return {"--python": "python", "--cwd": "cwd"}.get(first, "") if start_of(way) is None else ""


def installs(way: WayOut) -> bool:
    """Whether ``way`` puts something into the application's environment."""
    return bool(way.mode) and not way.adapt and " install " in f"{way.command} "


def way_label(way: WayOut, listed: ModesListed | None, current: str = "") -> str:
    """What to write on the button that takes a way out, in a few words; empty when there is nothing to press."""
    if way.adapt:
        return "Run it through the adapter (a2wsgi)"
    if way.mode and way.mode != current:
        mode = find_mode(listed, way.mode)
        return f"Use {mode.title if mode else way.mode}"
    if installs(way):
        return "Install"
    if start := start_of(way):
        return f"Start {start.target}" if start.target else "Start it as a factory"
    return {"python": "Choose an interpreter", "cwd": "Choose the folder"}.get(option_of(way), "")


def can_copy(command: str) -> bool:
    """Whether ``command`` can be used as it is: whole (not ``--factory``), nothing to fill in (``DIR``)."""
    return bool(command) and not command.startswith("-") and not _PLACEHOLDER.search(command)


def copy_label(command: str) -> str:
    """What the button says that copies ``command``."""
    if _IMPORT_STRING.fullmatch(command):
        return "Copy the import string"
    return "Copy the pip command" if "pip install" in command else "Copy the command"
