"""The theme's roles for what traffic means: status classes and phases."""

from __future__ import annotations

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

#: By the names of ``phases``: light where something waits, strong where the application works.
PHASES: dict[str, Role] = {
    "client": Role.LINE,
    "queue": Role.CLIENT_ERROR,
    "application": Role.ACCENT,
    "server": Role.ACCENT,
    "sending": Role.OK,
    "connected": Role.OK,
    "after": Role.PENDING,
}
