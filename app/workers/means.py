"""What can be done with an application or a worker now, and by which means: the words of the buttons. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.workers.processes import Kind, Node
from supervisor.control.messages import AppStatus

#: Servers of one process, whatever is asked for.
_ONE_PROCESS = {"wsgiref", "waitress", "daphne"}
#: Servers whose master takes SIGTTIN and SIGTTOU: https://docs.gunicorn.org/en/stable/signals.html,
#: https://www.uvicorn.org/deployment/ (the latter has a master from two workers on).
_SIGNALLED = ("gunicorn", "uvicorn")
SIGNALS = ("SIGTERM", "SIGKILL", "SIGSEGV")


@dataclass(frozen=True, slots=True)
class Can:
    """Whether something makes sense now; ``words``: what it does and how, or why it can't be done."""

    be_done: bool
    words: str


@dataclass(frozen=True, slots=True)
class Aim:
    """What the buttons act on: an application, and maybe one of its workers. ``busy``: what it was just told."""

    status: AppStatus | None = None
    worker: Node | None = None
    linked: bool = True
    busy: str = ""

    @property
    def app(self) -> str:
        """The application's name."""
        return self.status.name if self.status else ""


_NO_LINK = "There is no supervisor: nothing runs"
_NO_APP = "No application runs"
_NO_WORKER = "Choose a worker that lives first"


def of_app(verb: str, aim: Aim) -> Can:
    """``reload restart more fewer stop`` for the application."""
    status = aim.status
    if not aim.linked or status is None:
        return Can(False, _NO_APP if aim.linked else _NO_LINK)
    if aim.busy and verb != "stop":
        return Can(False, f"{status.name}: {aim.busy}")
    if verb == "restart" and status.state in ("stopped", "crashed"):
        return Can(bool(status.mode), f"Start {status.name} again as it ran last")
    if verb == "stop":
        live = status.state in ("starting", "running", "switching")
        words = f"Let {status.name} finish its requests, then end all its processes; the proxy's address stays"
        return Can(live, words if live else f"{status.name} is {status.state}")
    if status.state != "running":
        return Can(False, f"{status.name} is {status.state}")
    if verb in ("more", "fewer"):
        return _scaling(verb, status)
    if verb == "reload":
        return Can(
            True,
            f"Load the code of {status.name} anew without dropping a request: a new instance starts beside this one, "
            "takes over when it is ready, and the old one ends when its requests are done",
        )
    return Can(
        True,
        f"End all processes of {status.name}, then start them anew; requests that come meanwhile wait at the proxy",
    )


def _scaling(verb: str, status: AppStatus) -> Can:
    if status.mode in _ONE_PROCESS:
        return Can(False, f"{status.mode} serves with one process, whatever is asked for")
    if verb == "fewer" and status.workers <= 1:
        return Can(False, "One worker is the least")
    count = status.workers + (1 if verb == "more" else -1)
    name = "SIGTTIN" if verb == "more" else "SIGTTOU"
    server = next((server for server in _SIGNALLED if status.mode.startswith(server)), "")
    if server and (server == "gunicorn" or status.workers > 1):
        how = f"{name} to {server}'s master (pid {status.pid})"
    else:
        how = "a new instance takes the place of this one, without dropping a request"
    return Can(True, f"{count} instead of {status.workers}: {how}")


def of_worker(verb: str, aim: Aim) -> Can:
    """``pause stacks kill``, or a signal's name, for the worker."""
    node = aim.worker
    if not aim.linked:
        return Can(False, _NO_LINK)
    if node is None or node.kind is not Kind.WORKER or not node.live:
        return Can(False, _NO_WORKER)
    who = f"worker {node.slot} (pid {node.pid})"
    if verb == "pause":
        if node.state == "paused":
            return Can(True, f"Let {who} go on where it was stopped: SIGCONT")
        words = f"Stop {who} where it is: SIGSTOP. What it has in hand waits, and its master may give it up"
        return Can(node.state == "ready", words if node.state == "ready" else f"{who} is {node.state}".capitalize())
    if verb == "stacks":
        if node.state == "paused":
            return Can(False, f"A paused process runs no code: let {who} go on first")
        words = "asked through a thread of its own, so that one that hangs answers too"
        return Can(True, f"What each thread and asyncio task of {who} is doing now, {words}")
    return Can(True, f"{_KILLS.get(verb, 'Send a signal to')} {who}")


_KILLS = {
    "SIGTERM": "SIGTERM: ask the process to end; most servers finish what is in hand first. To",
    "SIGKILL": "SIGKILL: end the process at once; what it has in hand is lost. To",
    "SIGSEGV": "SIGSEGV: let the process crash as a fault in native code would. To",
    "kill": "Choose a signal, and see what comes of it. To",
}


def title(verb: str, aim: Aim) -> str:
    """What the button of ``verb`` says now."""
    if verb == "pause" and aim.worker is not None and aim.worker.state == "paused":
        return "Resume"
    if verb == "restart" and aim.status is not None and aim.status.state in ("stopped", "crashed"):
        return "Start again"
    return {
        "reload": "Reload", "restart": "Restart", "more": "More", "fewer": "Fewer", "stop": "Stop", "pause": "Pause",
        "stacks": "Stacks", "kill": "Kill",
    }[verb]  # fmt: skip
