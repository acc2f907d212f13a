"""The table: what is expected of each mode in each situation.

Values only. They come from what the servers were found to do, not from what our own descriptions of the modes say, so
that a wrong description shows up as a difference.
"""

from __future__ import annotations

import enum
import sys
from dataclasses import dataclass

Fact = str | int | bool
Facts = dict[str, Fact]


class Situation(enum.StrEnum):
    """A column of the table, in the order of a life."""

    START = "start"
    SERVE = "serve"
    BOOT_ERROR = "boot error"
    TWO = "2 workers"
    KILL_WORKER = "kill -9 worker"
    KILL_MASTER = "kill -9 master"
    RELOAD = "reload"
    SCALE = "scale"
    HANG = "hang"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What tells a mode from the others.

    ``lone_master``: one worker has a master above it. ``many``: it can have several workers. ``heir``: who replaces a
    worker that was killed. ``lifespan``: whether the application hears of its startup. ``others``: whether a second
    request is answered while one hangs. ``gives_up``: its master ends a worker that does not answer in time. ``end``:
    the cause of the end of a hanging worker when the application is stopped, ``limit`` the seconds that its server is
    given to end by itself. ``command``: of the mode ``custom``, with what it ``needs`` installed; ``{target}`` is
    ``module:attr``, ``{dotted}`` the same with a dot.
    """

    interface: str
    lone_master: bool = False
    many: bool = True
    heir: str = "its master"
    lifespan: bool = True
    others: bool = False
    gives_up: bool = False
    end: str = "forced"
    limit: int = 9
    command: str = ""
    needs: str = ""

    def start(self, slug: str, target: str) -> dict[str, str]:
        """What to start it with: the mode, and its command where it has one."""
        if not self.command:
            return {"mode": slug}
        return {"mode": "custom", "custom": self.command.format(target=target, dotted=target.replace(":", "."))}


_GUNICORN = {"lone_master": True, "limit": 10}

ROWS: dict[str, Row] = {
    "wsgiref": Row(interface="WSGI", many=False, heir="Gatescope", limit=3),
    "waitress": Row(interface="WSGI", many=False, heir="Gatescope", others=True, end="graceful"),
    "gunicorn-sync": Row(interface="WSGI", gives_up=True, **_GUNICORN),  # type: ignore[arg-type]
    "gunicorn-gthread": Row(interface="WSGI", others=True, **_GUNICORN),  # type: ignore[arg-type]
    "gunicorn-gevent": Row(interface="WSGI", gives_up=True, **_GUNICORN),  # type: ignore[arg-type]
    # Its workers end without waiting for the threads that run the application.
    "granian-wsgi": Row(interface="WSGI", lone_master=True, others=True, end="graceful", limit=7),
    "hypercorn-wsgi": Row(interface="WSGI", heir="Gatescope", others=True),
    "uvicorn": Row(interface="ASGI3"),
    "gunicorn-uvicorn": Row(interface="ASGI3", gives_up=True, **_GUNICORN),  # type: ignore[arg-type]
    "gunicorn-asgi": Row(interface="ASGI3", gives_up=True, **_GUNICORN),  # type: ignore[arg-type]
    "hypercorn": Row(interface="ASGI3", heir="Gatescope"),
    "granian": Row(interface="ASGI3", lone_master=True, limit=7),
    "daphne": Row(interface="ASGI3", many=False, heir="Gatescope", lifespan=False, limit=5),
    "custom": Row(
        interface="ASGI3", many=False, heir="Gatescope", limit=7, needs="uvicorn",
        command=f"{sys.executable} -m uvicorn --host {{{{host}}}} --port {{{{port}}}} {{target}}",
    ),
    # A reloader and its child, which ends without waiting for its threads.
    "custom-django": Row(
        interface="WSGI", many=False, lone_master=True, heir="Gatescope", others=True, end="graceful", limit=7,
        needs="django",
        command=f"TARGET={{dotted}} {sys.executable} manage.py runserver {{{{host}}}}:{{{{port}}}}",
    ),
}  # fmt: skip


def expected(slug: str) -> dict[Situation, Facts]:
    """The facts of each cell of the mode ``slug``."""
    row = ROWS[slug]
    return {
        Situation.START: _start(row),
        Situation.SERVE: {"answers": "get, post, stream, events" + _asgi(row, ", websocket"), "recorded": "whole"},
        Situation.BOOT_ERROR: {
            "refused": "late:app could not be loaded. RuntimeError: the sky is falling",
            "shows": "the line that raised, none of ours",
            "state": "crashed",
            "answers": "503 with the reason",
            "cause": "boot error",
            "outcome": "could not load the application",
            "processes left": 0,
            "tried again": False,
        },
        Situation.TWO: _two(row),
        Situation.KILL_WORKER: _kill_worker(row),
        Situation.KILL_MASTER: _kill_master(row),
        Situation.RELOAD: {
            "failed": 0,
            "later answers": "new code",
            "old causes": "reload",
            "workers": _count(row),
            "processes": "all new",
        },
        Situation.SCALE: _scale(row),
        Situation.HANG: _hang(row),
        Situation.STOP: {
            "in flight": "200",
            "state": "stopped",
            "causes": "graceful",
            "processes left": 0,
            "exit status": 0,
            "port": "closed",
            "trace": "complete",
        },
    }


def _asgi(row: Row, text: str) -> str:
    return text if row.interface != "WSGI" else ""


def _count(row: Row) -> int:
    return 2 if row.many else 1


def _start(row: Row) -> Facts:
    facts: Facts = {
        "state": "running",
        "workers": "1.1",
        "process": "below a master" if row.lone_master else "alone",
        "answers": "200",
    }
    if row.interface != "WSGI":
        facts["lifespan"] = "startup complete" if row.lifespan else "none"
    return facts


def _two(row: Row) -> Facts:
    if not row.many:
        return _refused(row) | {"state": "running", "failed": 0}
    return {"workers": "1, 2", "answered by": 2, "state": "running", "failed": 0}


def _refused(row: Row) -> Facts:
    if row.command:
        return {"refused": "for its own options to say", "ways out": "another command"}
    return {"refused": "always one process", "ways out": "modes with workers"}


def _kill_worker(row: Row) -> Facts:
    return {
        "cause": "killed",
        "signal": "SIGKILL",
        "noticed": "within 1 s",
        "in hand": "the request",
        "its client": "502",
        "its record": "failed, was killed by SIGKILL",
        "replaced by": row.heir,
        "successor": "same slot, next generation",
        "lost": "only what the dead had in hand",
        "later": "200",
    }


def _kill_master(row: Row) -> Facts:
    return {
        "workers gone": "within 3 s",
        "causes": "parent gone" if row.many or row.lone_master else "killed",
        "told": "it is started again",
        "meanwhile": "200",
        "successors": "same slots, next generation",
        "lost": "only what the dead had in hand",
        "state": "running",
    }


def _scale(row: Row) -> Facts:
    if not row.many:
        return _refused(row) | {"failed": 0}
    return {"up": "3 ready", "down": "1 ready", "causes": "scale-down", "failed": 0}


def _hang(row: Row) -> Facts:
    facts: Facts = {"stack": "in block", "another request": "answered" if row.others else "waits"}
    if row.gives_up:
        facts |= {"given up": "timeout, the request in hand", "client": "cut or 500", "waiting one": "200"}
    return facts | {
        "stopped": f"within its limit of {row.limit} s",
        "cause": row.end,
        "processes left": 0,
        "state": "stopped",
        "record": "failed",
    }
