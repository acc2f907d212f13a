"""The applications used before, as they are kept in the settings file. Pure: entries to JSON values and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from app.launch.choice import Entry
from supervisor.control.messages import TargetSpec


def remembered(items: Iterable[Any], entry: Entry, limit: int) -> list[Any]:
    """``items`` with ``entry`` in front, at most ``limit`` of them."""
    newest = {"name": entry.name, "home": entry.home, "preset": entry.preset, **dataclasses.asdict(entry.spec)}
    return [newest, *forgotten(items, entry.name)][:limit]


def forgotten(items: Iterable[Any], name: str) -> list[Any]:
    """``items`` without the application of that name."""
    return [item for item in items if isinstance(item, dict) and item.get("name") != name]


def entries_of(items: Iterable[Any]) -> list[Entry]:
    """The entries among ``items``; what somebody else wrote into the file is left out."""
    return [entry for entry in map(_entry, items) if entry is not None]


def _entry(item: Any) -> Entry | None:
    if not isinstance(item, dict) or not isinstance(item.get("target"), str) or not isinstance(item.get("name"), str):
        return None
    try:
        env = tuple((str(key), str(value)) for key, value in item.get("env", ()))
    except (TypeError, ValueError):
        return None
    texts = {key: str(item.get(key, "")) for key in ("target", "python", "cwd")}
    files = item.get("env_files")
    env_files = tuple(map(str, files)) if isinstance(files, list | tuple) else ()
    spec = TargetSpec(**texts, env=env, factory=bool(item.get("factory")), env_files=env_files)
    return Entry(item["name"], spec, home=str(item.get("home", "")), preset=str(item.get("preset", "")))
