"""Whether the command of mode ``custom`` can be run where its target is: told at once, before anything is started."""

from __future__ import annotations

from supervisor.control.messages import Problem, WayOut
from supervisor.launching import executable, search_path, user_environment
from supervisor.servers import custom
from supervisor.servers.base import Mode
from supervisor.target.resolve import Resolved


def refusal(mode: Mode, command: str, resolved: Resolved) -> Problem | None:
    """Why ``command`` cannot be run in ``mode`` for the target, or None."""
    if not mode.unknown:
        return _misplaced(mode) if command else None
    return custom.refusal(command) or _not_there(command, resolved)


def _misplaced(mode: Mode) -> Problem:
    way = WayOut(text="Take the mode that runs a command of your own.", mode=custom.CUSTOM.slug)
    why = f"Gatescope itself writes the command of {mode.slug}."
    return Problem(what=f"{mode.slug} takes no command.", why=why, ways_out=(way,), usage=True)


def _not_there(command: str, resolved: Resolved) -> Problem | None:
    parts = custom.words(command)
    env = {**user_environment(resolved.env), **dict(parts.env)}
    path = search_path(resolved.python, env)
    word = parts.argv[0]
    if executable(word, python=resolved.python, cwd=resolved.cwd, path=path):
        return None
    why = f"It was looked for in {resolved.cwd}." if "/" in word else f"It was looked for in {path}."
    way = WayOut(text="Name the interpreter or environment that has it.", command="--python .venv")
    return Problem(what=f"There is no program {word} to run.", why=why, ways_out=(way,), usage=True)
