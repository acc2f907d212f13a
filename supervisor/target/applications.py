"""The applications that a folder seems to hold, found by reading its files as text: nothing is imported or run.

In this order: what ``[tool.gatescope.apps]`` names, what other tools are told in pyproject.toml, Django's ``wsgi.py``
and ``asgi.py`` beside ``manage.py``, and modules that make an application, those of the usual names first. How much is
read is bounded, in time too.
"""

from __future__ import annotations

import os
import shlex
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from supervisor.target.frameworks import HINTS, USUAL, Kind
from supervisor.target.sources import Import, Made, Maker, Module

MODULES = ("main", "app", "application", "wsgi", "asgi", "server", "api", "web", "__init__")
#: A file longer than this is not where an application is put together.
LONGEST = 1_000_000
#: Bounds of a search: folders deep, files listed, seconds, and applications.
DEEPEST = 5
MOST_FILES = 4000
MOST_SECONDS = 1.0
MOST_FOUND = 50
#: Folders without applications of the project's own.
PASSED_OVER = frozenset((
    "__pycache__", "node_modules", "site-packages", "tests", "test", "docs", "migrations", "static", "templates",
    "build", "dist", "venv", "env", "locale",
))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An application that seems to be there. ``interface`` is a guess (``WSGI``, ``ASGI``) or empty."""

    target: str
    factory: bool = False
    interface: str = ""
    framework: str = ""
    where: str = ""  #: what says so, for the user
    folder: Path = Path()  #: to be imported from here
    name: str = ""  #: the user's own, from pyproject.toml

    @property
    def described(self) -> str:
        """``FastAPI, made by a call, in main.py``: what is known of it, for the user."""
        words = (self.framework or self.interface, "made by a call" if self.factory else "", f"in {self.where}")
        return ", ".join(filter(None, words))


def typed(candidate: Candidate) -> str:
    """What names it on the command line, typed in the folder that we are in."""
    if candidate.name:
        return candidate.name
    words = [candidate.target, *(["--factory"] if candidate.factory else [])]
    here, folder = Path.cwd(), candidate.folder
    if folder != here:
        words += ["--cwd", str(folder.relative_to(here) if folder.is_relative_to(here) else folder)]
    return shlex.join(words)


def find(folder: Path) -> list[Candidate]:
    """What ``folder`` seems to hold, the most likely first, each once."""
    search = Search(folder, time.monotonic() + MOST_SECONDS)
    seen: dict[tuple[str, Path], Candidate] = {}
    for candidate in islice((*_configured(folder), *search.django(), *search.modules()), MOST_FOUND):
        seen.setdefault((candidate.target, candidate.folder), candidate)
    return list(seen.values())


def in_file(path: Path) -> list[Candidate]:
    """What the module at ``path`` makes, to be imported from the folder that its package is in."""
    return list(Search(path.parent, time.monotonic() + MOST_SECONDS).module(path))


def mistakes(place: Path) -> list[str]:
    """Where Python does not understand a module that might make an application: ``main.py, line 3: '(' was ...``."""
    search = Search(place if place.is_dir() else place.parent, time.monotonic() + MOST_SECONDS)
    for _ in search.modules() if place.is_dir() else search.module(place):
        pass
    return search.mistakes


def equally_likely(found: list[Candidate], interface: str = "") -> list[Candidate]:
    """Those of ``found`` among which there is nothing to choose but by their names: as many as two, or none.

    ``interface``: what the server speaks, if that is known.
    """
    fitting = [one for one in found if not (interface and one.interface and one.interface != interface)]
    best = [one for one in fitting if _likelihood(one) == _likelihood(fitting[0])]
    return best if len(best) > 1 else []


def _likelihood(candidate: Candidate) -> tuple[object, ...]:
    module, _, attribute = candidate.target.partition(":")
    stem = module.rpartition(".")[2]
    usual = MODULES.index(stem) if stem in MODULES else len(MODULES)
    return candidate.name, candidate.factory, attribute in USUAL, usual, candidate.where.count(os.sep)


def _configured(folder: Path) -> Iterator[Candidate]:
    try:
        tools = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]
    except (OSError, ValueError, KeyError):
        return
    if not isinstance(tools, dict):
        return
    yield from _own_settings(tools, folder)
    fastapi = _table(tools, "fastapi").get("entrypoint")
    if isinstance(fastapi, str) and ":" in fastapi:
        where = "[tool.fastapi] in pyproject.toml"
        yield Candidate(target=fastapi, interface="ASGI", framework="FastAPI", where=where, folder=folder)


def _own_settings(tools: dict[str, Any], folder: Path) -> Iterator[Candidate]:
    for name, settings in _table(_table(tools, "gatescope"), "apps").items():
        if isinstance(settings, dict) and isinstance(target := settings.get("target"), str):
            where = f"[tool.gatescope.apps.{name}] in pyproject.toml"
            factory = settings.get("factory") is True
            yield Candidate(target=target, factory=factory, where=where, folder=folder, name=name)


def _table(tables: dict[str, Any], name: str) -> dict[str, Any]:
    found = tables.get(name)
    return found if isinstance(found, dict) else {}


class Search:
    """One look through ``folder``, until the monotonic time ``deadline``; each file is read once at most."""

    def __init__(self, folder: Path, deadline: float) -> None:
        self._folder = folder
        self._deadline = deadline
        self._read: dict[Path, Module | None] = {}
        self._files: list[Path] | None = None
        self.mistakes: list[str] = []  #: where what was read is not Python

    def django(self) -> Iterator[Candidate]:
        """A project that ``django-admin startproject`` made has two entry points in the package of its settings."""
        places = sorted({path.parent for path in self._listed() if path.name == "manage.py"})
        for place in places:
            for file, interface in (("asgi.py", "ASGI"), ("wsgi.py", "WSGI")):
                for path in sorted(place.glob(f"*/{file}")):
                    where = f"{path.relative_to(self._folder)} beside manage.py"
                    target = f"{path.parent.name}.{path.stem}:application"
                    yield Candidate(target=target, interface=interface, framework="Django", where=where, folder=place)

    def modules(self) -> Iterator[Candidate]:
        """Whatever the modules make."""
        for path in self._listed():
            yield from self.module(path)

    def module(self, path: Path) -> Iterator[Candidate]:
        """What the one at ``path`` makes."""
        module = self._module(path, sure=False)
        if module is None:
            return
        try:
            made = module.made()
        except RecursionError:  # nested as only generated code is
            return
        root = _root(path, module) if made else path.parent
        for one in made:
            yield self._candidate(one, path, root)

    def _candidate(self, made: Made, path: Path, root: Path) -> Candidate:
        kind = made.kind
        return Candidate(
            target=f"{_dotted(path, root)}:{made.name}",
            factory=made.factory,
            interface=kind.interface,
            framework=kind.framework,
            where=str(path.relative_to(self._folder)),
            folder=root,
        )

    # --- reading ------------------------------------------------------------------------------------------------------

    def _listed(self) -> list[Path]:
        """The modules there are, the most likely first."""
        if self._files is None:
            self._files = sorted(islice(self._walk(), MOST_FILES), key=self._rank)
        return self._files

    def _rank(self, path: Path) -> tuple[bool, int, int, Path]:
        unusual = path.stem not in MODULES
        depth = len(path.relative_to(self._folder).parts) - (path.name == "__init__.py")
        return unusual, depth, 0 if unusual else MODULES.index(path.stem), path

    def _walk(self) -> Iterator[Path]:
        """All modules, the nearest first."""
        places = [self._folder]
        for _ in range(DEEPEST):
            below: list[Path] = []
            for place in places:
                if time.monotonic() > self._deadline:
                    return
                files, folders = _listing(place)
                yield from files
                below += folders
            places = below

    def _module(self, path: Path, *, sure: bool = True) -> Module | None:
        """The module at ``path``; None if it cannot be read or, unless one is ``sure``, has no word that hints at an
        application.
        """
        if path in self._read:
            return self._read[path]
        text = self._text(path)
        if not sure and not any(hint in text for hint in HINTS):
            return None
        self._read[path] = None  # also for modules that import each other in a circle
        try:
            self._read[path] = Module(text, lambda name: self._elsewhere(path, name))
        except SyntaxError as error:
            self.mistakes.append(f"{path.relative_to(self._folder)}, line {error.lineno}: {error.msg}")
        except (ValueError, RecursionError, MemoryError):
            pass
        return self._read[path]

    def _text(self, path: Path) -> bytes:
        try:
            if time.monotonic() > self._deadline or path.stat().st_size > LONGEST:
                return b""
            return path.read_bytes()
        except OSError:
            return b""

    def _elsewhere(self, path: Path, name: Import) -> Kind | Maker | None:
        """What the module at ``path`` imports from another one of the project."""
        places = [path.parents[name.level - 1]] if name.level else [_above(path), self._folder, self._folder / "src"]
        parts = name.module.split(".") if name.module else []
        for place in places:
            inner = place.joinpath(*parts)
            for file in (inner.with_suffix(".py"), inner / "__init__.py"):
                module = self._module(file) if file != path and file.is_file() else None
                if module is not None and (found := module.thing(name.name)) is not None:
                    return found
        return None


def _listing(place: Path) -> tuple[list[Path], list[Path]]:
    """The modules in a folder, and the folders that may hold more."""
    files: list[Path] = []
    folders: list[Path] = []
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in PASSED_OVER and not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                        folders.append(Path(entry.path))
                elif entry.name.endswith(".py") and entry.name not in ("setup.py", "conftest.py"):
                    files.append(Path(entry.path))
    except OSError:
        pass
    return sorted(files), sorted(folders)


def _above(path: Path) -> Path:
    """The folder that the package of the module at ``path`` is in, or the module itself."""
    place = path.parent
    while (place / "__init__.py").is_file() and place.name.isidentifier():
        place = place.parent
    return place


def _root(path: Path, module: Module) -> Path:
    """The folder to import the module at ``path`` from.

    A folder without ``__init__.py`` is a package too if its modules import each other as from one.
    """
    root = _above(path)
    if root == path.parent and root.name.isidentifier() and path.name != "__init__.py":
        siblings = {one.stem for one in root.glob("*.py")} | {one.name for one in root.glob("*/") if one.is_dir()}
        for one in module.imports():
            named = one.dotted.split(".")
            if one.level == 1 or (named[0] == root.name and root.name not in siblings and len(named) > 1):
                return root.parent
    return root


def _dotted(path: Path, root: Path) -> str:
    """What to import the module at ``path`` as, from ``root``."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
