"""The theme's roles for what traffic means: status classes and phases."""

from __future__ import annotations

from PySide6.QtGui import QColor

from app.theme import Role, color

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

#: By the names of ``phases``: light where something waits, strong where the application works.
PHASES: dict[str, Role] = {
    "client": Role.MUTED,
    "queue": Role.CLIENT_ERROR,
    "application": Role.ACCENT,
    "server": Role.ACCENT,
    "sending": Role.OK,
    "connected": Role.OK,
    "after": Role.PENDING,
}

_WAITING = {"client", "queue"}


def phase_ink(name: str) -> QColor:
    """The colour of a phase now: faint while somebody waits, full while somebody works."""
    ink = color(PHASES[name])
    ink.setAlphaF(0.5 if name in _WAITING else 1.0)
    return ink
