"""Numbers, times and bytes as the text that tables and labels show.

Pure: no Qt, no clock, no locale. Text is cut and made printable here, so that ``data()`` of a model stays trivial.
"""

from __future__ import annotations

from http import HTTPStatus

CELL_LIMIT = 500  #: characters of one cell; longer text costs the painter and nobody reads it there

#: Line feed and tab have signs of their own: they are common, and most fonts have these.
_VISIBLE = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421, 0x0A: 0x21B5, 0x09: 0x21E5}
_VISIBLE_IN_LINES = {code: sign for code, sign in _VISIBLE.items() if code not in (0x09, 0x0A)}

KIND_NAMES = {"http": "HTTP", "sse": "SSE", "websocket": "WS", "lifespan": "lifespan"}


def duration(ns: int | None) -> str:
    """A stretch of time in three digits or so: ``0.42 ms``, ``12.3 ms``, ``4.05 s``, ``2 min 05 s``; None is empty."""
    if ns is None:
        return ""
    ms = ns / 1e6
    if ms < 9.995:
        return f"{ms:.2f} ms"
    if ms < 99.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    if ms < 99_950:
        return f"{ms / 1000:.2f} s" if ms < 9_995 else f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: int) -> str:
    """Bytes with a decimal unit: ``0 B``, ``812 B``, ``14.2 kB``, ``3.40 MB``."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    units = ["GB", "MB", "kB"]
    unit = units.pop()
    value /= 1000
    while value >= 999.5 and units:
        unit = units.pop()
        value /= 1000
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def count(number: int) -> str:
    """A count with thin separators, as in ``12 345``."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def clock(epoch_ns: int, offset_seconds: int = 0) -> str:
    """A wall-clock time of day, ``14:03:59.120``, from nanoseconds since 1970 and the zone's offset."""
    ms = epoch_ns // 1_000_000 + offset_seconds * 1000
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def cell(text: str, limit: int = CELL_LIMIT) -> str:
    """``text`` on one line: control characters as their visible signs, cut at ``limit``."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return text if text.isprintable() else text.translate(_VISIBLE)


def lines(text: str) -> str:
    """``text`` with its line ends and tabs kept and all other control characters made visible."""
    return text.translate(_VISIBLE_IN_LINES)


def status(code: int) -> str:
    """``404 Not Found``; the number alone for one that is not registered."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def tone(status_code: int, state: str) -> str:
    """The colour role of an exchange: ``ok redirect client_error server_error info open failed neutral``."""
    if state == "failed":
        return "failed"
    if status_code >= 500:
        return "server_error"
    if status_code >= 400:
        return "client_error"
    if status_code >= 300:
        return "redirect"
    if status_code >= 200:
        return "ok"
    if status_code >= 100:
        return "info"
    return "open" if state == "open" else "neutral"


def kind(value: str) -> str:
    """An exchange's kind as the table names it."""
    return KIND_NAMES.get(value, value)


def worker(slot: int, pid: int) -> str:
    """``2 · 4711``: slot and pid; empty when no worker is known."""
    if not slot and not pid:
        return ""
    return f"{slot} · {pid}" if pid else str(slot)


def interval(ns: int) -> str:
    """A time since something: with a plus sign."""
    return f"+{duration(ns)}"


def fold(text: str, width: int = 2000) -> str:
    """``text`` with lines over ``width`` characters broken: laying out one endless line would hold the window up."""
    if len(text) <= width:
        return text
    parts: list[str] = []
    for line in text.split("\n"):
        parts.extend(line[at : at + width] for at in range(0, max(1, len(line)), width))
    return "\n".join(parts)
