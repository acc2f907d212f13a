"""In what mode an application runs, and the plan of an instance that is made from that.

It puts values together and opens nothing but the instance's own folder.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from supervisor import modes
from supervisor.launching import Plan, meddling, user_environment
from supervisor.policy import DRAIN_LIMIT
from supervisor.servers.base import Launch, Mode
from supervisor.target.resolve import Resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """In what mode an application runs, or shall run."""

    mode: Mode
    workers: int
    threads: int
    adapt: bool
    arguments: tuple[str, ...] = ()  #: for the server's command line, besides ours
    command: str = ""  #: of the mode ``custom``
    root_path: str = ""  #: what it is mounted at
    reload: bool = False  #: whether to load the code anew when a file of the project changes
    drain: float = DRAIN_LIMIT  #: seconds for requests in flight on an instance that is replaced or stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is an instance's own, besides target and mode. ``address`` is the proxy's, which production has."""

    listener: socket.socket
    identity: int
    address: tuple[str, int]
    folder: Path
    token: str
    body_head: int
    body_tail: int


def make_plan(setting: Setting, resolved: Resolved, place: Place) -> Plan:
    """All that the launch of an instance of ``resolved`` needs to know. Makes its folder."""
    place.folder.mkdir(mode=0o700, exist_ok=True)
    return Plan(
        mode=setting.mode,
        launch=_launch(setting, resolved, place),
        instance=place.identity,
        python=resolved.python,
        cwd=resolved.cwd,
        env=user_environment(resolved.env),
        probe_socket=str(place.folder / "probe"),
        token=place.token,
        body_head=place.body_head,
        body_tail=place.body_tail,
        arguments=setting.arguments,
        loan=modes.loan(setting.mode, resolved.subject),
    )


def remarks(plan: Plan) -> list[str]:
    """What the user should know of the launch before it happens."""
    variables = meddling(plan.env) if plan.mode.needs else ()
    found = [f"the environment has {variable}, which may change what the server does" for variable in variables]
    if plan.loan.lent:
        found.append(f"lent, since the target's environment lacks it: {', '.join(plan.loan.named)}")
    return found


def _launch(setting: Setting, resolved: Resolved, place: Place) -> Launch:
    subject, mode = resolved.subject, setting.mode
    server = mode.needs[0] if mode.needs else ""
    host, port = place.listener.getsockname()[:2]
    return Launch(
        target=subject.target,
        factory=subject.factory,
        interface=subject.interface,
        adapted=bool(mode.interface) and mode.interface != subject.family,
        workers=setting.workers,
        threads=setting.threads,
        fd=place.listener.fileno(),
        own_host=host,
        own_port=port,
        command=setting.command,
        root_path=setting.root_path,
        host=place.address[0],
        port=place.address[1],
        run_dir=str(place.folder),
        version=subject.distributions.get(server, "") or modes.loan(mode, subject).version(server),
    )
