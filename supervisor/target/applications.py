"""The applications that a folder seems to hold, found by reading its files as text: nothing is imported or run.

In this order: what ``[tool.gatescope.apps]`` names, what other tools are told in pyproject.toml, Django's ``wsgi.py``
and ``asgi.py`` beside ``manage.py``, and modules of the usual names that make an object of a known class.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Classes whose instances are applications, by the name they are mostly used under.
CLASSES = {
    "Flask": "WSGI",
    "Bottle": "WSGI",
    "Dash": "WSGI",
    "FastAPI": "ASGI",
    "Starlette": "ASGI",
    "Litestar": "ASGI",
    "Quart": "ASGI",
    "Sanic": "ASGI",
    "BlackSheep": "ASGI",
    "get_wsgi_application": "WSGI",
    "get_asgi_application": "ASGI",
    "make_wsgi_app": "WSGI",
}
FACTORIES = ("create_app", "make_app", "get_app", "build_app")
MODULES = ("main", "app", "application", "wsgi", "asgi", "server", "api", "web")
#: A file longer than this is not where an application is put together.
LONGEST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An application that seems to be there. ``interface`` is a guess (``WSGI``, ``ASGI``) or empty."""

    target: str
    factory: bool = False
    interface: str = ""
    where: str = ""  #: what says so, for the user
    folder: Path = Path()  #: to be imported from here
    name: str = ""  #: the user's own, from pyproject.toml


def find(folder: Path) -> list[Candidate]:
    """What ``folder`` seems to hold, the most likely first, each once."""
    seen: dict[str, Candidate] = {}
    for candidate in (*_configured(folder), *_django(folder), *_modules(folder)):
        seen.setdefault(candidate.target, candidate)
    return list(seen.values())


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
        yield Candidate(target=fastapi, interface="ASGI", where="[tool.fastapi] in pyproject.toml", folder=folder)


def _own_settings(tools: dict[str, Any], folder: Path) -> Iterator[Candidate]:
    for name, settings in _table(_table(tools, "gatescope"), "apps").items():
        if isinstance(settings, dict) and isinstance(target := settings.get("target"), str):
            where = f"[tool.gatescope.apps.{name}] in pyproject.toml"
            factory = settings.get("factory") is True
            yield Candidate(target=target, factory=factory, where=where, folder=folder, name=name)


def _table(tables: dict[str, Any], name: str) -> dict[str, Any]:
    found = tables.get(name)
    return found if isinstance(found, dict) else {}


def _django(folder: Path) -> Iterator[Candidate]:
    """A project made by ``django-admin startproject`` has its two entry points in the package that settings are in."""
    if not (folder / "manage.py").is_file():
        return
    for file, interface in (("asgi.py", "ASGI"), ("wsgi.py", "WSGI")):
        for path in sorted(folder.glob(f"*/{file}")):
            where = f"{path.relative_to(folder)} beside manage.py"
            target = f"{path.parent.name}.{path.stem}:application"
            yield Candidate(target=target, interface=interface, where=where, folder=folder)


def _modules(folder: Path) -> Iterator[Candidate]:
    """Modules of the usual names: in the folder, in its ``src``, and one package deep."""
    places = [place for place in (folder, folder / "src") if place.is_dir()]
    for place in places:
        for path in _files(place):
            dotted = ".".join(path.relative_to(place).with_suffix("").parts).removesuffix(".__init__")
            for name, factory, interface in _made_in(path):
                where = str(path.relative_to(folder))
                yield Candidate(
                    target=f"{dotted}:{name}", factory=factory, interface=interface, where=where, folder=place
                )


def _files(place: Path) -> Iterator[Path]:
    for name in MODULES:
        yield place / f"{name}.py"
    for package in sorted(place.glob("*/__init__.py")):
        if package.parent.name not in {"tests", "test", "docs", "src"}:
            yield package
            yield from (package.with_name(f"{name}.py") for name in MODULES)
    yield from (path for path in sorted(place.glob("*.py")) if path.stem not in (*MODULES, "manage", "setup"))


def _made_in(path: Path) -> Iterator[tuple[str, bool, str]]:
    """Name, whether it is a factory, and interface of the applications that the module at ``path`` makes."""
    try:
        if path.stat().st_size > LONGEST:
            return
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            yield from ((name, False, interface) for name, interface in _assigned(node, node.value))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _defined(node)


def _assigned(node: ast.Assign | ast.AnnAssign, call: ast.Call) -> Iterator[tuple[str, str]]:
    made = _last_name(call.func)
    if made in CLASSES or made in FACTORIES:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from ((target.id, CLASSES.get(made, "")) for target in targets if isinstance(target, ast.Name))


def _defined(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, bool, str]]:
    names = [argument.arg for argument in node.args.args]
    if names == ["scope", "receive", "send"]:
        yield node.name, False, "ASGI"
    elif names in (["environ", "start_response"], ["env", "start_response"]):
        yield node.name, False, "WSGI"
    elif node.name in FACTORIES and len(node.args.defaults) == len(names):
        yield node.name, True, CLASSES.get(_last_name(node.returns), "")


def _last_name(node: ast.expr | None) -> str:
    """``FastAPI`` for both ``FastAPI`` and ``fastapi.FastAPI``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
