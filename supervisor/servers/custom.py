"""A command of the user's own: ``python manage.py runserver {host}:{port}``, ``flask run``, ``fastapi dev``, anything.

Pure. What it starts is not known beforehand: the probe waits in every Python of it (``inspector/probe/hook``), and says
which process serves. No shell runs it; settings of variables before the first word are understood as a shell would.
"""

from __future__ import annotations

import re
import shlex
import signal
from dataclasses import dataclass

from supervisor.control.messages import Problem, WayOut
from supervisor.servers.base import Launch, Mode, StopStep

#: Where the address goes. The braces of anything else, such as of a JSON object, are the command's own.
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_PLACES = ("host", "port")
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
#: What only a shell understands, as words of their own.
_SHELL = frozenset(("&&", "||", "|", "|&", ";", "&", "<", ">", ">>", "2>", "2>&1"))

_EXAMPLE = "flask --app main run -h {host} -p {port}"
_HOW = WayOut(text="Write it with {host} and {port} where the address goes.", command=f"--command '{_EXAMPLE}'")


@dataclass(frozen=True, slots=True)
class Words:
    """A command taken apart: variables to set, and what is run with which arguments."""

    env: tuple[tuple[str, str], ...]
    argv: tuple[str, ...]


def words(command: str) -> Words:
    """The parts of ``command``, which has no ``refusal``."""
    found = shlex.split(command)
    count = next((n for n, word in enumerate(found) if not _SETTING.match(word)), len(found))
    env = [word.partition("=") for word in found[:count]]
    return Words(tuple((name, value) for name, _, value in env), tuple(found[count:]))


def refusal(command: str) -> Problem | None:
    """Why ``command`` can never be run, or None."""
    try:
        parts = words(command)
    except ValueError as error:
        return _no(command, f"It cannot be taken apart: {str(error).lower()}.")
    if not parts.argv:
        what = "Say which command." if not command.strip() else f"{command!r} names nothing to run."
        return Problem(what=what, why="The mode custom runs a command of your own.", ways_out=(_HOW,), usage=True)
    for name in _PLACE.findall(command):
        if name not in _PLACES:
            return _no(command, f"{{{name}}} stands for nothing; there are {{host}} and {{port}}.")
    if "port" not in _PLACE.findall(command):
        return _no(command, "It has no {port}: Gatescope chooses where it is to serve, and stands before it.")
    if shell := [word for word in parts.argv if word in _SHELL]:
        way = WayOut(text="Let a shell run it.", command=shlex.join(["sh", "-c", command]))
        return _no(command, f"{shell[0]} is for a shell, and none runs it.", way)
    return None


def _no(command: str, why: str, way: WayOut = _HOW) -> Problem:
    return Problem(what=f"The command {command!r} cannot be run.", why=why, ways_out=(way,), usage=True)


def _filled(text: str, host: str, port: int) -> str:
    values = {"host": host, "port": str(port)}
    return _PLACE.sub(lambda found: values[found[1]], text)


def argv(launch: Launch) -> list[str]:
    """The words of the command, with the address that is the instance's own."""
    return [_filled(word, launch.own_host, launch.own_port) for word in words(launch.command).argv]


def environment(launch: Launch) -> dict[str, str]:
    """The variables that the command sets."""
    return {name: _filled(value, launch.own_host, launch.own_port) for name, value in words(launch.command).env}


def production(launch: Launch) -> str:
    """What one would type."""
    return _filled(launch.command, launch.host, launch.port)


CUSTOM = Mode(
    slug="custom",
    title="a command of your own",
    interface="",
    needs=(),
    takes_socket=False,
    argv=argv,
    production=production,
    # Servers for production take the first for the order to finish, those for development the second for Ctrl-C.
    stop=(StopStep(signal=signal.SIGTERM, wait=6.0), StopStep(signal=signal.SIGINT, wait=1.0)),
    stops_together=True,
    graceful_signals=(signal.SIGTERM,),
    unknown=True,
    why="Whatever you start it with, such as a framework's server for development, which reloads.",
)
