"""What the command lines of several servers have in common: quoting, the name of a target, and the adapter's line.

Pure.
"""

from __future__ import annotations

import re
import shlex

from supervisor.servers.base import Launch


def typed(*words: str) -> str:
    """``words`` as one would type them into a shell."""
    return shlex.join(words)


def with_adapter(launch: Launch, middleware: str, command: list[str]) -> str:
    """``command`` for a target that is adapted: the module that one would write, and the command that runs it.

    ``middleware`` is a2wsgi's class. ``command`` names the target ``adapted:app``.
    """
    module, _, attribute = launch.target.partition(":")
    call = "()" if launch.factory else ""
    lines = (
        "# adapted.py:",
        f"#   from a2wsgi import {middleware}",
        f"#   from {module} import {attribute} as inner",
        f"#   app = {middleware}(inner{call})",
        typed(*command),
    )
    return "\n".join(lines)


def from_factory(launch: Launch, command: list[str]) -> str:
    """``command`` for a server that calls no factory: the module that one would write, and the command that runs it.

    ``command`` names the target ``made:app``.
    """
    module, _, attribute = launch.target.partition(":")
    lines = ("# made.py:", f"#   from {module} import {attribute}", f"#   app = {attribute}()", typed(*command))
    return "\n".join(lines)


def mounted(launch: Launch, option: str) -> list[str]:
    """``option`` with what the application is mounted at, if it is."""
    return [option, launch.root_path] if launch.root_path else []


def version_tuple(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, ``(27, 0, 1)`` for ``27.0.1rc2``; empty for an unknown one."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
