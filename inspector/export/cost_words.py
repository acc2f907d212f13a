"""What the probe itself costs a call, in words, for the window and the command line. Pure."""

from __future__ import annotations


def short(ns: int) -> str:
    """A time in two digits or three: ``0.8 µs``, ``21 µs``, ``4.1 ms``, ``2.3 s``."""
    if ns < 995_000:
        return f"{ns / 1e3:.1f} µs" if ns < 9_950 else f"{ns / 1e3:.0f} µs"
    if ns < 995_000_000:
        return f"{ns / 1e6:.1f} ms" if ns < 9_950_000 else f"{ns / 1e6:.0f} ms"
    return f"{ns / 1e9:.1f} s"


def share(probe_ns: int, call_ns: int) -> str:
    """The probe's part of a call in percent; empty where the call's time is not known."""
    if call_ns <= 0:
        return ""
    percent = 100 * probe_ns / call_ns
    if percent < 0.1:
        return "under 0.1 %"
    return f"{percent:.1f} %" if percent < 9.95 else f"{percent:.0f} %"


def of_a_call(probe_ns: int, call_ns: int) -> str:
    """``21 µs a call, 0.5 % of its 4.1 ms``; empty where nothing was measured."""
    if not probe_ns:
        return ""
    part = share(probe_ns, call_ns)
    return f"{short(probe_ns)} a call" + (f", {part} of its {short(call_ns)}" if part else "")
