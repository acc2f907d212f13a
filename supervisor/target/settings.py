"""What a project's pyproject.toml says of how it is started: ``[tool.gatescope.apps.NAME]``.

For people who start the same thing every day. Mistakes are told, never passed over: a key that means nothing would be a
setting that somebody believes in.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.control.messages import Problem, WayOut
from supervisor.target.dotenv import DotenvError, parse
from supervisor.target.problems import TargetError

FILE = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """One table. ``None`` and empty: not said. Paths are as they stand, from the folder of the file."""

    name: str
    folder: Path
    target: str = ""  #: empty only where there is a command
    mode: str = ""
    workers: int | None = None
    threads: int | None = None
    adapt: bool = False
    factory: bool = False
    env: tuple[tuple[str, str], ...] = ()
    env_file: tuple[str, ...] = ()
    cwd: str = ""
    listen: str = ""
    python: str = ""
    args: tuple[str, ...] = ()
    command: str = ""  #: for the mode ``custom``, which it stands for where none is named
    root_path: str = ""  #: what the application is mounted at
    reload: bool = False  #: whether to load the code anew when a file changes
    drain: int | None = None
    capture: str = ""  #: the filter of what is recorded

    @property
    def place(self) -> Path:
        """The folder to run it in."""
        return (self.folder / self.cwd).absolute()

    @property
    def interpreter(self) -> str:
        """What to run it with; a path is taken from the folder of the file."""
        return str(self.folder / self.python) if "/" in self.python else self.python

    def environment(self) -> tuple[tuple[str, str], ...]:
        """Its variables: those of its files, then its own. Raises TargetError."""
        found: list[tuple[str, str]] = []
        for file in self.env_file:
            found += read_env_file(self.folder / file)
        return (*found, *self.env)


#: What the value of each key is to be, in words and as a type.
_KEYS: dict[str, tuple[str, type]] = {
    "target": ("a text", str),
    "mode": ("a text", str),
    "workers": ("a whole number", int),
    "threads": ("a whole number", int),
    "adapt": ("true or false", bool),
    "factory": ("true or false", bool),
    "env": ("a table of texts", dict),
    "env_file": ("a text or a list of texts", list),
    "cwd": ("a text", str),
    "listen": ("a text", str),
    "python": ("a text", str),
    "args": ("a list of texts", list),
    "command": ("a text", str),
    "root_path": ("a text", str),
    "reload": ("true or false", bool),
    "drain": ("a whole number of seconds", int),
    "capture": ("a text", str),
}


def load(folder: Path) -> dict[str, AppSettings]:
    """All tables of the file in ``folder``, by name; none where there is no such file. Raises TargetError."""
    path = folder / FILE
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise TargetError(Problem(what=f"{path} cannot be read.", why=str(error), usage=True)) from None
    apps: Any = document
    for key in ("tool", "gatescope", "apps"):
        apps = apps.get(key, {}) if isinstance(apps, dict) else {}
    if not isinstance(apps, dict):
        raise _mistaken(path, "tool.gatescope.apps", "is not a table of tables")
    return {name: _settings(name, table, path) for name, table in apps.items()}


def read_env_file(path: Path) -> tuple[tuple[str, str], ...]:
    """The variables in the file at ``path``. Raises TargetError."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except DotenvError as error:
        why = f"{str(error)[:1].upper()}{str(error)[1:]}."
    except OSError as error:
        why = f"{error.strerror or error}."
    except UnicodeDecodeError:
        why = "It is not UTF-8."
    raise TargetError(Problem(what=f"The environment file {path} cannot be used.", why=why, usage=True))


def _settings(name: str, table: Any, path: Path) -> AppSettings:
    where = f"tool.gatescope.apps.{name}"
    if not isinstance(table, dict):
        raise _mistaken(path, where, "is not a table")
    for key, value in table.items():
        _check(key, value, path, where)
    if not table.get("target") and not table.get("command"):
        raise _mistaken(path, where, "has no target", "It needs one, such as target = 'main:app'.")
    values = dict(table)
    files = values.get("env_file", [])
    values["env_file"] = (files,) if isinstance(files, str) else tuple(files)
    values["env"] = tuple(values.get("env", {}).items())
    values["args"] = tuple(values.get("args", ()))
    if values.get("command"):
        values.setdefault("mode", "custom")
    return AppSettings(name=name, folder=path.parent, **values)


def _check(key: str, value: Any, path: Path, where: str) -> None:
    if key not in _KEYS:
        near = difflib.get_close_matches(key, _KEYS, n=1)
        ways = tuple(WayOut(text=f"Did you mean {guess}?") for guess in near)
        raise _mistaken(
            path, where, f"has the key {key!r}, which means nothing", f"The keys are: {', '.join(_KEYS)}.", ways
        )
    words, kind = _KEYS[key]
    fits = type(value) is kind or (key == "env_file" and isinstance(value, str))
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not fits or not all(isinstance(one, str) for one in inner):
        raise _mistaken(path, where, f"has {key} = {value!r}", f"It is to be {words}.")


def _mistaken(path: Path, where: str, what: str, why: str = "", ways: tuple[WayOut, ...] = ()) -> TargetError:
    return TargetError(Problem(what=f"[{where}] in {path} {what}.", why=why, ways_out=ways, usage=True))
