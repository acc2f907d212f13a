"""What colours mean, and which ones they are in the light and in the dark.

Pure: no Qt. Widgets name a role; only this table knows colours. Text roles keep a contrast of at least 4.5 to 1 (WCAG
2.1, success criterion 1.4.3) against the surfaces they are written on; the test measures it.
"""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    """What a colour is for."""

    WINDOW = "window"  #: behind everything
    BASE = "base"  #: behind lists, tables and text
    RAISED = "raised"  #: bars and panels
    HOVER = "hover"  #: under the pointer
    LINE = "line"  #: borders and rules
    TEXT = "text"
    MUTED = "muted"  #: second-rank text: captions, units, hints
    ACCENT = "accent"  #: what is active or asks to be pressed
    ON_ACCENT = "on_accent"  #: text on ``ACCENT``
    SELECTION = "selection"  #: behind what is selected
    OK = "ok"  #: 2xx, ready, running
    REDIRECT = "redirect"  #: 3xx, informational
    CLIENT_ERROR = "client_error"  #: 4xx, warnings
    SERVER_ERROR = "server_error"  #: 5xx, crashes, failures
    PENDING = "pending"  #: in flight, starting, switching
    OK_BACK = "ok_back"  #: behind text in the role of the same name
    WARN_BACK = "warn_back"
    ERROR_BACK = "error_back"
    PENDING_BACK = "pending_back"


Colors = dict[Role, str]

LIGHT: Colors = {
    Role.WINDOW: "#f3f4f6",
    Role.BASE: "#ffffff",
    Role.RAISED: "#fafbfc",
    Role.HOVER: "#e9ecf1",
    Role.LINE: "#d3d8e0",
    Role.TEXT: "#1c2230",
    Role.MUTED: "#566072",
    Role.ACCENT: "#2a5bd0",
    Role.ON_ACCENT: "#ffffff",
    Role.SELECTION: "#d9e5ff",
    Role.OK: "#14693c",
    Role.REDIRECT: "#17608f",
    Role.CLIENT_ERROR: "#8a4d00",
    Role.SERVER_ERROR: "#b3212d",
    Role.PENDING: "#5a45c0",
    Role.OK_BACK: "#ddf3e5",
    Role.WARN_BACK: "#fdf0d9",
    Role.ERROR_BACK: "#fce5e5",
    Role.PENDING_BACK: "#e9e5fb",
}

DARK: Colors = {
    Role.WINDOW: "#1a1d23",
    Role.BASE: "#14171c",
    Role.RAISED: "#21252d",
    Role.HOVER: "#2c323c",
    Role.LINE: "#383f4b",
    Role.TEXT: "#e4e7ed",
    Role.MUTED: "#9ca6b7",
    Role.ACCENT: "#7aa2ff",
    Role.ON_ACCENT: "#0e1422",
    Role.SELECTION: "#2a3f6b",
    Role.OK: "#63cf95",
    Role.REDIRECT: "#6cb6f2",
    Role.CLIENT_ERROR: "#e8b05a",
    Role.SERVER_ERROR: "#ff8a8a",
    Role.PENDING: "#b7a6ff",
    Role.OK_BACK: "#193526",
    Role.WARN_BACK: "#392c14",
    Role.ERROR_BACK: "#40211f",
    Role.PENDING_BACK: "#2b2647",
}

#: For who needs more: every text at least 7 to 1 (WCAG 2.1, success criterion 1.4.6), borders that can be seen.
CONTRAST_LIGHT: Colors = {
    **LIGHT,
    Role.WINDOW: "#ffffff",
    Role.RAISED: "#ffffff",
    Role.HOVER: "#e0e0e0",
    Role.LINE: "#000000",
    Role.TEXT: "#000000",
    Role.MUTED: "#2a2a2a",
    Role.ACCENT: "#00309c",
    Role.SELECTION: "#cfe0ff",
    Role.OK: "#00401c",
    Role.REDIRECT: "#003a63",
    Role.CLIENT_ERROR: "#5a2d00",
    Role.SERVER_ERROR: "#8a0010",
    Role.PENDING: "#34208a",
}

CONTRAST_DARK: Colors = {
    **DARK,
    Role.WINDOW: "#000000",
    Role.BASE: "#000000",
    Role.RAISED: "#000000",
    Role.HOVER: "#2b2b2b",
    Role.LINE: "#ffffff",
    Role.TEXT: "#ffffff",
    Role.MUTED: "#e6e6e6",
    Role.ACCENT: "#ffe14d",
    Role.ON_ACCENT: "#000000",
    Role.SELECTION: "#0b3a8f",
    Role.OK: "#7dffa8",
    Role.REDIRECT: "#a3dcff",
    Role.CLIENT_ERROR: "#ffd27a",
    Role.SERVER_ERROR: "#ffd6d6",
    Role.PENDING: "#dcd2ff",
    Role.OK_BACK: "#00280f",
    Role.WARN_BACK: "#2e2000",
    Role.ERROR_BACK: "#3d0000",
    Role.PENDING_BACK: "#1c1440",
}

TABLES = (LIGHT, DARK, CONTRAST_LIGHT, CONTRAST_DARK)  #: each has a window's colour of its own

#: Which surfaces each text role is written on.
WRITTEN_ON: dict[Role, tuple[Role, ...]] = {
    Role.TEXT: (Role.WINDOW, Role.BASE, Role.RAISED, Role.HOVER, Role.SELECTION, Role.WARN_BACK, Role.ERROR_BACK),
    Role.MUTED: (Role.WINDOW, Role.BASE, Role.RAISED, Role.HOVER, Role.WARN_BACK, Role.ERROR_BACK),
    Role.ON_ACCENT: (Role.ACCENT,),
    Role.ACCENT: (Role.WINDOW, Role.BASE, Role.RAISED),
    Role.OK: (Role.WINDOW, Role.BASE, Role.RAISED, Role.SELECTION, Role.OK_BACK),
    Role.REDIRECT: (Role.WINDOW, Role.BASE, Role.RAISED, Role.SELECTION),
    Role.CLIENT_ERROR: (Role.WINDOW, Role.BASE, Role.RAISED, Role.SELECTION, Role.WARN_BACK),
    Role.SERVER_ERROR: (Role.WINDOW, Role.BASE, Role.RAISED, Role.SELECTION, Role.ERROR_BACK),
    Role.PENDING: (Role.WINDOW, Role.BASE, Role.RAISED, Role.SELECTION, Role.PENDING_BACK),
}


def status_role(status: int) -> Role:
    """The role of an HTTP status code; 0 (no response yet) is pending."""
    by_class = {2: Role.OK, 3: Role.REDIRECT, 4: Role.CLIENT_ERROR, 5: Role.SERVER_ERROR, 1: Role.REDIRECT}
    return by_class.get(status // 100, Role.PENDING)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.1, definition of contrast ratio)."""
    first, second = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def _luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
