"""The phases of an exchange as the window names them. Pure; how they are cut is ``inspector.export.phases``."""

from __future__ import annotations

from inspector.export.phases import MEANINGS as _MEANINGS
from inspector.export.phases import Phase, Times, phases, total_ns

__all__ = ["MEANINGS", "TITLES", "Phase", "Times", "phases", "total_ns"]

#: What each says to the reader.
MEANINGS = {name: f"{meaning[0].upper()}{meaning[1:]}." for name, meaning in _MEANINGS.items()}

TITLES = {
    "wait": "Request coming in",
    "queue": "Queue in server",
    "app": "Application",
    "server": "Server and application",
    "sending": "Application sending",
    "buffered": "Server finishing",
    "held": "Client slow",
    "connected": "Connected",
    "after": "After response",
}
