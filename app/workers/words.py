"""Figures about processes as words. Pure."""

from __future__ import annotations

from datetime import datetime

from app.theme.roles import Role

#: A state's ink and what is behind it.
STATE_LOOKS: dict[str, tuple[Role, Role]] = {
    "starting": (Role.PENDING, Role.PENDING_BACK),
    "ready": (Role.OK, Role.OK_BACK),
    "running": (Role.OK, Role.OK_BACK),
    "switching": (Role.PENDING, Role.PENDING_BACK),
    "backoff": (Role.CLIENT_ERROR, Role.WARN_BACK),
    "paused": (Role.CLIENT_ERROR, Role.WARN_BACK),
    "stopping": (Role.CLIENT_ERROR, Role.WARN_BACK),
    "draining": (Role.CLIENT_ERROR, Role.WARN_BACK),
    "crashed": (Role.SERVER_ERROR, Role.ERROR_BACK),
    "died": (Role.SERVER_ERROR, Role.ERROR_BACK),
}
NO_LOOK = (Role.MUTED, Role.HOVER)


def duration(seconds: float) -> str:
    """``0.3 s``, ``12 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def memory(size: int) -> str:
    """Bytes as mebibytes; nothing for nothing."""
    return f"{size / 1048576:.1f} MiB" if 0 < size < 104857600 else f"{size / 1048576:,.0f} MiB" if size else ""


def cpu(percent: float) -> str:
    """Percent of one core."""
    return f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.1f} %"


def wall(seconds: float) -> str:
    """The time of day of a moment, given in seconds since 1970."""
    return datetime.fromtimestamp(seconds).strftime("%H:%M:%S.%f")[:-5]


def counted(count: int, noun: str, plural: str = "") -> str:
    """``1 worker``, ``2 workers``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
