"""Arguments for a server's own command line, besides those that come from a mode: which cannot be given, and why.

Pure. What decides where the server listens, how many workers it has and of which kind is Gatescope's to say: it hands
over the socket and watches the processes.
"""

from __future__ import annotations

from supervisor.control.messages import Problem, WayOut
from supervisor.servers.base import Mode

#: Servers that are run by their function here: no command line reads arguments.
WITHOUT_COMMAND_LINE = ("wsgiref", "waitress")

_LISTEN = WayOut(text="Say where to listen to Gatescope.", command="--listen HOST:PORT")
_WORKERS = WayOut(text="Say it to Gatescope.", command="--workers N")
_THREADS = WayOut(text="Say it to Gatescope.", command="--threads N")
_MODE = WayOut(text="Take the mode that stands for it.", command="gatescope modes TARGET")
_FACTORY = WayOut(text="Say it to Gatescope.", command="--factory")
_RELOAD = WayOut(text="Let Gatescope load changed code, by --reload or when you say so.", command="gatescope reload")
_STAY = WayOut(text="Leave it away: Gatescope keeps the server under its eyes.")

_EVERYWHERE = {"--reload": _RELOAD, "--workers": _WORKERS}
_TAKEN: dict[str, dict[str, WayOut]] = {
    "gunicorn": {
        "-b": _LISTEN, "--bind": _LISTEN, "-w": _WORKERS, "--threads": _THREADS, "-k": _MODE, "--worker-class": _MODE,
        "-D": _STAY, "--daemon": _STAY, "--control-socket": _STAY,
    },
    "uvicorn": {
        "--host": _LISTEN, "--port": _LISTEN, "--uds": _LISTEN, "--fd": _LISTEN, "--factory": _FACTORY,
        "--interface": _MODE,
    },
    "hypercorn": {"-b": _LISTEN, "--bind": _LISTEN, "-w": _WORKERS, "--quic-bind": _LISTEN},
    "granian": {
        "--host": _LISTEN, "--port": _LISTEN, "--uds": _LISTEN, "--interface": _MODE, "--factory": _FACTORY,
        "--blocking-threads": _THREADS, "--respawn-failed-workers": _STAY,
    },
    "daphne": {
        "-b": _LISTEN, "--bind": _LISTEN, "-p": _LISTEN, "--port": _LISTEN, "-u": _LISTEN, "--fd": _LISTEN,
        "-e": _LISTEN, "--endpoint": _LISTEN,
    },
}  # fmt: skip


def refusal(mode: Mode, arguments: tuple[str, ...]) -> Problem | None:
    """Why ``arguments`` cannot be given to the server of ``mode``, or None."""
    if arguments and mode.slug in WITHOUT_COMMAND_LINE:
        why = f"{mode.slug} is run by calling its function, which reads no command line."
        return Problem(what=f"{mode.slug} takes no arguments here.", why=why, usage=True)
    if arguments and mode.unknown:
        what = f"Arguments after -- do not go with {mode.slug}."
        return Problem(what=what, why="The command is yours: write them into it.", usage=True)
    taken = _EVERYWHERE | _TAKEN.get(server(mode), {})
    for argument in arguments:
        name = argument.partition("=")[0]
        if not name.startswith("--"):
            name = name[:2]  # -w4
        if name in taken:
            what = f"{argument} cannot be given to {mode.slug}."
            return Problem(what=what, why="Gatescope itself sets that.", ways_out=(taken[name],), usage=True)
    return None


def server(mode: Mode) -> str:
    """The server of a mode: arguments are for one of them."""
    return mode.slug.partition("-")[0]
