"""The theme's roles for what traffic means: status classes and phases."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt

from app.theme import Role

#: By ``formats.tone``.
TONES: dict[str, Role] = {
    "ok": Role.OK,
    "redirect": Role.REDIRECT,
    "client_error": Role.CLIENT_ERROR,
    "server_error": Role.SERVER_ERROR,
    "failed": Role.SERVER_ERROR,
    "info": Role.REDIRECT,
    "open": Role.PENDING,
    "neutral": Role.MUTED,
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a phase is painted. ``hatch``: lines over it, so that it is told apart without its colour too."""

    role: Role
    strength: float = 1.0
    hatch: Qt.BrushStyle = Qt.BrushStyle.NoBrush


#: By the names of ``phases``: a hue for each party, faint where it lets others wait, hatched where it holds them up.
PHASES: dict[str, Look] = {
    "wait": Look(Role.MUTED, 0.35),
    "queue": Look(Role.CLIENT_ERROR, 0.6),
    "app": Look(Role.ACCENT),
    "server": Look(Role.ACCENT),
    "sending": Look(Role.ACCENT, 0.5),
    "buffered": Look(Role.CLIENT_ERROR, hatch=Qt.BrushStyle.FDiagPattern),
    "held": Look(Role.OK, hatch=Qt.BrushStyle.BDiagPattern),
    "connected": Look(Role.OK),
    "after": Look(Role.PENDING),
}
