"""Starting a server: its listening socket, its environment, its process.

The server is the target's interpreter running ``launch.py`` of the probe, which then runs the server as its own command
line would; what crosses is one environment variable (``inspector/probe/PROTOCOL.md``) and the descriptor of the socket.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import inspector
from supervisor.lending import NOTHING, Loan
from supervisor.servers import custom
from supervisor.servers.base import Launch, Mode

PROBE = Path(inspector.__file__).parent / "probe"
BACKLOG = 2048

#: Variables that change what a server does behind its command line's back. They are left as the user set them, since
#: production has them too, and shown.
MEDDLING = ("WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "UVICORN_", "GRANIAN_", "ASGI_THREADS", "FORWARDED_ALLOW_IPS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the launch of one instance needs to know."""

    mode: Mode
    launch: Launch
    instance: int
    python: str
    cwd: str
    env: Mapping[str, str]
    probe_socket: str
    token: str
    body_head: int
    body_tail: int
    arguments: tuple[str, ...] = ()  #: for the server, besides ours
    loan: Loan = NOTHING  #: what comes from our own environment

    @property
    def attend_socket(self) -> str:
        """Where its workers wait to be asked what they do."""
        return f"{self.probe_socket}.a"

    @property
    def argv(self) -> list[str]:
        """The server's command line, as it is run here."""
        return [*self.mode.argv(self.launch), *self.arguments]

    @property
    def production(self) -> str:
        """The command that one would type."""
        command = self.mode.production(self.launch)
        return f"{command} {shlex.join(self.arguments)}" if self.arguments else command


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A listening socket. Connections wait in its queue while no server accepts. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it. A server that was given a descriptor may take it for a Unix socket's (uvicorn
        # does) and leave Nagle's algorithm on, which with delayed ACKs costs 40 ms on each kept connection.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def reserve(host: str = "127.0.0.1", *, shared: bool = False) -> socket.socket:
    """A socket that keeps a free port for a server that takes no descriptor and listens there itself.

    It does not listen, so that no connection can end up in it. Nobody gets the port by chance; whoever names it needs
    ``SO_REUSEPORT`` and the same user, or with ``shared`` just ``SO_REUSEADDR``, which nearly every server sets: Linux
    lets the two have a port while only one of them listens. Raises OSError.
    """
    keeper = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(shared))
        keeper.bind((host, 0))
    except OSError:
        keeper.close()
        raise
    return keeper


def search_path(python: str, env: Mapping[str, str]) -> str:
    """Where the words of a command are looked for: beside the target's interpreter first, where its scripts are."""
    return os.pathsep.join(filter(None, (str(Path(python).parent), env.get("PATH", os.defpath))))


def executable(word: str, *, python: str, cwd: str, path: str) -> str:
    """The file that the first word of a command stands for, empty if there is none. Python is the target's."""
    if word in ("python", "python3"):
        return python
    if os.sep in word:
        word = os.path.join(cwd, os.path.expanduser(word))
    return shutil.which(word, path=path) or ""


def _command(plan: Plan) -> tuple[list[str], dict[str, str]]:
    """What is run, and the variables for it besides the user's."""
    argv = plan.argv
    if not plan.mode.unknown:
        variable = plan.mode.root_variable
        return argv, {variable: plan.launch.root_path} if variable and plan.launch.root_path else {}
    env = {"PATH": search_path(plan.python, plan.env), **custom.environment(plan.launch)}
    found = executable(argv[0], python=plan.python, cwd=plan.cwd, path=env["PATH"])
    return [found or argv[0], *argv[1:]], env


def environment(plan: Plan) -> dict[str, str]:
    """What the server's process finds in its environment: ours, the user's additions, and the word to the probe."""
    launch = plan.launch
    adapt = None
    if launch.adapted:
        adapt = "wsgi-to-asgi" if launch.interface == "WSGI" else "asgi-to-wsgi"
    argv, env = _command(plan)
    word = {
        "protocol": 1,
        "parent": os.getpid(),
        "socket": plan.probe_socket,
        "instance": plan.instance,
        "token": plan.token,
        "header": "gatescope-exchange",
        "server": plan.mode.slug,
        "argv": argv,
        "target": launch.target,
        "factory": launch.factory,
        "interface": launch.interface,
        "adapt": adapt,
        "lend": plan.loan.word,
        "fd": launch.fd if plan.mode.takes_socket else None,
        "host": launch.own_host if plan.mode.unknown else launch.host,
        "port": launch.own_port if plan.mode.unknown else launch.port,
        "threads": launch.threads,
        "root_path": launch.root_path,
        "body_head": plan.body_head,
        "body_tail": plan.body_tail,
        "cwd": plan.cwd,
        "attend": plan.attend_socket,
    }
    # Lines shall be seen when they are printed, also by workers that are started as new interpreters.
    return {"PYTHONUNBUFFERED": "1", **plan.env, **env, "GATESCOPE_LAUNCH": json.dumps(word)}


def spawn(plan: Plan) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own. Raises OSError.

    To be called on the main thread: the kernel ties the death signal of the child to the thread that made it.
    """
    return subprocess.Popen(  # noqa: S603 - running what the user names is what this is for
        [plan.python, "-u", str(PROBE / "launch.py")],
        cwd=plan.cwd,
        env=environment(plan),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(plan.launch.fd,) if plan.mode.takes_socket else (),
        start_new_session=True,
    )


def meddling(env: Mapping[str, str]) -> list[str]:
    """``NAME=value`` of each variable that changes what a server does."""
    return [f"{name}={value}" for name, value in sorted(env.items()) if name.startswith(MEDDLING)]


def user_environment(extra: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Our own environment with what the user adds."""
    return {**os.environ, **dict(extra)}
