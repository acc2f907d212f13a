"""Figures about processes as words. Pure."""

from __future__ import annotations


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
