"""The demo applications as the picker's entries: read from ``resources/demo/demos.json``. No Qt."""

from __future__ import annotations

import json
from pathlib import Path

from app.launch.choice import Entry
from supervisor.control.messages import TargetSpec

_FILE = Path(__file__).resolve().parents[2] / "resources" / "demo" / "demos.json"


def demo_entries(path: Path = _FILE) -> list[Entry]:
    """One entry for each demo, in the file's order; none if this installation has no demos."""
    if not path.is_file():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    named = found.items() if isinstance(found, dict) else ((item.get("name", ""), item) for item in found)
    return [_entry(name, about) for name, about in named if name]


def _entry(name: str, about: object) -> Entry:
    told = about if isinstance(about, dict) else {}
    title, mode = str(told.get("title", name)), str(told.get("mode", ""))
    return Entry(name=name, spec=TargetSpec(target=f"demo:{name}"), title=title, demo=True, mode=mode)
