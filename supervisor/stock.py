"""What of our own environment could be lent (``supervisor.lending``): the servers that are installed beside us.

Reads metadata; imports none of it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from supervisor.lending import ADAPTER, Distribution, Stock
from supervisor.requirements import Requirement, requirement
from supervisor.servers.catalogue import MODES

_NO_EXTRAS: frozenset[str] = frozenset()
_COMPILED = (".so", ".pyd", ".dylib", ".dll")


@functools.cache
def stock() -> Stock:
    """Every server and adapter of ours with all that they need, by normalised name, as it was at the first call."""
    found: dict[str, Distribution] = {}
    wanted = [(name, _NO_EXTRAS) for name in _wanted()]
    while wanted:
        name, extras = wanted.pop()
        if name not in found:
            try:
                found[name] = _described(name, metadata.distribution(name))
            except metadata.PackageNotFoundError:
                continue
        elif not extras:
            continue
        wanted += [(each.name, each.extras) for each in _needs(found[name], extras)]
    return found


def _wanted() -> Iterator[str]:
    yield ADAPTER
    for mode in MODES.values():
        yield from mode.needs
        yield from mode.companions


def _needs(one: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    """What ``one`` needs on any Python."""
    for text in one.requires if not one.obstacle else ():
        needed = requirement(text)
        if needed and ("extra" not in needed.marker or any(extra in needed.marker for extra in extras)):
            yield needed


def _described(name: str, found: metadata.Distribution) -> Distribution:
    files = found.files or []
    modules = _modules(files, str(found.locate_file("")))
    return Distribution(
        name=name,
        version=found.version,
        requires_python=str(found.metadata["Requires-Python"]) if "Requires-Python" in found.metadata else "",
        requires=tuple(found.requires or ()),
        modules=modules,
        metadata=next((str(Path(str(path.locate())).parent) for path in files if path.name == "METADATA"), ""),
        obstacle=_obstacle(found, files, modules),
    )


def _modules(files: list[metadata.PackagePath], folder: str) -> dict[str, str]:
    """Top-level names of a distribution, as its record of files has them."""
    names = {_module(path) for path in files} - {""}
    return {name: folder for name in sorted(names) if _is_there(Path(folder), name)}


def _module(path: metadata.PackagePath) -> str:
    if len(path.parts) == 1:
        return path.stem if path.suffix == ".py" else ""
    top = path.parts[0]
    return top if top.isidentifier() and path.suffix == ".py" else ""


def _is_there(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()


def _obstacle(found: metadata.Distribution, files: list[metadata.PackagePath], modules: dict[str, str]) -> str:
    """Why nobody can borrow it, a phrase that follows its name."""
    wheel = found.read_text("WHEEL") or ""
    if any(path.suffix in _COMPILED for path in files) or "Root-Is-Purelib: true" not in wheel:
        return "is compiled for the Python that Gatescope runs on"
    if _editable(found.read_text("direct_url.json")) or not modules:
        return "is no ordinary installation"
    return ""


def _editable(origin: str | None) -> bool:
    try:
        return bool(json.loads(origin or "{}").get("dir_info", {}).get("editable"))
    except (ValueError, AttributeError):
        return False
