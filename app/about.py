"""The versions of everything that takes part, as text to be copied. No Qt but for its version."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import PySide6
from PySide6.QtCore import qVersion

_OF_INTEREST = (
    "a2wsgi", "asgiref", "daphne", "django", "fastapi", "flask", "gevent", "granian", "gunicorn", "h11", "httptools",
    "hypercorn", "starlette", "uvicorn", "uvicorn-worker", "uvloop", "waitress", "websockets", "wsproto",
)  # fmt: skip


def versions(target: Mapping[str, str] | None = None) -> str:
    """A line each; ``target`` is what is installed for the application in view, by name."""
    import platform  # this and the next are not needed before somebody asks, and take long

    own = {
        "Gatescope": _version("gatescope"),
        "Python": f"{platform.python_version()} ({platform.python_implementation()}, {sys.platform})",
        "Qt": qVersion(),
        "PySide6": PySide6.__version__,
        "Platform": platform.platform(),
    }
    lines = [f"{name} {version}" for name, version in own.items()]
    if target:
        lines += ["", "The application's environment:", *(f"  {name} {version}" for name, version in target.items())]
    return "\n".join(lines)


def installed(interpreter: str) -> dict[str, str]:
    """Servers and frameworks in an interpreter's environment, by what lies in its folder; nothing of it is run."""
    found: dict[str, str] = {}
    for path in Path(interpreter).parent.parent.glob("lib/python3*/site-packages/*.dist-info"):
        name, _, version = path.name.removesuffix(".dist-info").partition("-")
        if name.casefold().replace("_", "-") in _OF_INTEREST:
            found[name.casefold().replace("_", "-")] = version
    return dict(sorted(found.items()))


def _version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"
