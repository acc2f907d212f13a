"""Whether there is a screen to show a window on: asked before Qt is, which aborts the process when there is none.

Looks at sockets and asks the X library itself, since a display that exists may still turn us away. Knows no Qt.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

#: What ``xcb_connection_has_error`` answers (xcb.h); everything else is told by its number.
_XCB_ERRORS = {1: "it can't be reached, or it refuses us", 5: "DISPLAY can't be read", 6: "it has no such screen"}


def missing_display(environment: Mapping[str, str], platform: str) -> str:
    """Why no window can be shown, or an empty string."""
    wanted = environment.get("QT_QPA_PLATFORM", "").split(":")[0]
    if not platform.startswith("linux") or wanted not in ("", "xcb", "wayland"):
        return ""
    wayland, display = environment.get("WAYLAND_DISPLAY", ""), environment.get("DISPLAY", "")
    if wayland and wanted != "xcb" and _wayland_answers(wayland, environment.get("XDG_RUNTIME_DIR", "")):
        return ""
    if not display:
        return "neither DISPLAY nor WAYLAND_DISPLAY is set" if not wayland else f"nothing answers at {wayland}"
    return _refusal(display, environment)


def _refusal(display: str, environment: Mapping[str, str]) -> str:
    """Why the X server at ``display`` is none for us, or an empty string."""
    number = display[1:].partition(".")[0] if display.startswith(":") else ""
    if number and not Path(f"/tmp/.X11-unix/X{number}").exists() and not _abstract_socket(number):  # noqa: S108
        return f"nothing answers at DISPLAY={display}"
    error = x_error(display)
    if not error:
        return ""
    if error == 1 and number:
        authority = environment.get("XAUTHORITY") or os.path.expanduser("~/.Xauthority")
        return f"the X server at DISPLAY={display} refuses to be connected to (its key would be in {authority})"
    return f"DISPLAY={display}: {_XCB_ERRORS.get(error, f'error {error} of the X library')}"


def x_error(display: str, load: Callable[[str], ctypes.CDLL] = ctypes.CDLL) -> int:
    """The X library's error on connecting to ``display``; 0 when it worked, or when there is no such library to ask."""
    try:
        xcb = load("libxcb.so.1")
    except OSError:
        return 0  # Qt says by itself what it misses
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    error = int(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return error


def _wayland_answers(name: str, folder: str) -> bool:
    """Whether a compositor takes a connection at ``name``, which is a path or lies in the runtime folder."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(os.path.join(folder, name))
        except OSError:
            return False
    return True


def _abstract_socket(number: str) -> bool:
    """X servers also listen in Linux's abstract socket namespace."""
    try:
        return f"@/tmp/.X11-unix/X{number}" in Path("/proc/net/unix").read_text()
    except OSError:
        return False
