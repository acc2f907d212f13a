"""What the options of an application add to its mode: arguments for the server, a root path, reloading, variables.

Pure. Variables, files of them, folder and interpreter belong to the target (``TargetSpec``); the rest is in ``Extras``.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from supervisor.control.messages import Preset, TargetSpec

_SECRET = re.compile(r"SECRET|TOKEN|PASSW|PWD|API_?KEY|PRIVATE|CREDENTIAL|(?:^|_)KEY$|DSN|DATABASE_URL", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Extras:
    """What goes beside target and mode into the command that starts an application."""

    args: tuple[str, ...] = ()
    root_path: str = ""
    reload: bool = False
    listen: str = ""  #: ``HOST:PORT``; empty: a free port of this machine
    capture: str = ""  #: the filter of what is recorded; empty: everything


def is_secret(name: str) -> bool:
    """Whether the value of a variable of that name is better not shown to who looks over the shoulder."""
    return _SECRET.search(name) is not None


def variables(rows: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """``rows`` without empty ones. Raises ValueError with words for the user."""
    found: dict[str, str] = {}
    for typed, value in rows:
        name = typed.strip()
        if not name and not value:
            continue
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a variable: letters, digits and _ make one")
        if name in found:
            raise ValueError(f"{name} is there twice")
        found[name] = value
    return tuple(found.items())


def arguments(text: str) -> tuple[str, ...]:
    """What was typed as a shell would take it apart. Raises ValueError with words for the user."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise ValueError("A quote in the arguments is not closed") from None


def root_path(text: str) -> str:
    """A path that an application is mounted at, without a slash at its end. Raises ValueError with words."""
    path = text.strip().rstrip("/")
    if path and not path.startswith("/"):
        raise ValueError("The root path begins with a slash, for example /api")
    return path


def of_preset(preset: Preset) -> Extras:
    """What a project's own table says."""
    return Extras(preset.args, preset.root_path, preset.reload, preset.listen, preset.capture)


def summary(spec: TargetSpec, extras: Extras, base: TargetSpec | None = None) -> tuple[str, ...]:
    """What is set, in a few words each; of folder and interpreter only what differs from ``base``."""
    said: list[str] = []
    if spec.env:
        said.append("1 variable" if len(spec.env) == 1 else f"{len(spec.env)} variables")
    said.extend(spec.env_files)
    if spec.python:
        said.append("an interpreter")
    if base is not None and spec.cwd != base.cwd:
        said.append("a working folder")
    if extras.args:
        said.append(shlex.join(extras.args))
    if extras.root_path:
        said.append(f"mounted at {extras.root_path}")
    if extras.reload:
        said.append("reloads on change")
    if extras.capture:
        said.append(f"captures only {extras.capture}")
    return tuple(said)


def as_kept(extras: Extras) -> dict[str, Any]:
    """For the settings file."""
    return dataclasses.asdict(extras)


def from_kept(kept: Mapping[str, Any]) -> Extras:
    """What was kept; nothing where somebody else wrote it."""
    args = kept.get("args", ())
    good = isinstance(args, list | tuple) and all(isinstance(arg, str) for arg in args)
    texts = {name: str(kept.get(name, "")) for name in ("root_path", "listen", "capture")}
    return Extras(args=tuple(args) if good else (), reload=kept.get("reload") is True, **texts)
