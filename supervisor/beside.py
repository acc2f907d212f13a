"""One recorded request sent to another application, which is started for it alone and ended after it.

For a look at the same request under another interface: what runs is left as it is, nobody but the one who asked hears
of it, and its trace is a file of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from inspector.model import Exchange, Worker
from inspector.store.errors import TraceError
from supervisor.application import Application
from supervisor.control.messages import (
    BesideProgress,
    Event,
    Finished,
    Problem,
    Refused,
    ReplayBeside,
    ReplayStatus,
    Reply,
    StartReplay,
)
from supervisor.replaying import Originals, ReplayRefusedError, Replays, check
from supervisor.setting import Setting
from supervisor.target.resolve import Resolved


class Quiet:
    """An ``application.Observer`` that nobody listens to."""

    def app_changed(self, app: Application) -> None:
        """Nothing: it is on no list."""

    def exchange_finished(self, app: Application, exchange: Exchange) -> None:
        """Nothing: the replay waits for it by itself."""

    def worker_changed(self, app: Application, worker: Worker, event: str) -> None:
        """Nothing: it is in the trace."""

    def line_written(self, app: Application, text: str) -> None:
        """Nothing: it is in the trace."""


async def replay_beside(
    command: ReplayBeside, resolved: Resolved, setting: Setting, run_dir: Path, tell: Callable[[Event], None]
) -> Reply:
    """Start what ``resolved`` and ``setting`` say, send it the one exchange, end it; the trace is whole then.

    Ends early, and cleans up, when it is cancelled.
    """

    def say(text: str) -> None:
        tell(BesideProgress(id=command.id, text=text))

    try:
        await _look_at(command)
        app = Application(
            name=resolved.name, resolved=resolved, run_dir=run_dir, trace=Path(command.trace), observer=Quiet()
        )
    except ReplayRefusedError as error:
        return _refused(command, error.problem)
    except TraceError as error:
        return _refused(command, Problem(what=error.what, why=f"{error.why} {error.next}".strip(), usage=True))
    try:
        await app.open("127.0.0.1", 0)
        say(f"Starting {resolved.subject.target} under {setting.mode.title}…")
        if problem := await app.start(setting):
            return _refused(command, problem)
        say("Sending the request again…")
        status = await _send(app, command)
        say("Stopping it…")
        seen = app.status()
    except ReplayRefusedError as error:
        return _refused(command, error.problem)
    except OSError as error:
        return _refused(command, Problem(what="No address could be had for it.", why=f"{error}."))
    finally:
        await app.close()
    return Finished(id=command.id, app=seen, replay=status)


async def _look_at(command: ReplayBeside) -> None:
    """See that the exchange is there and can be sent, before anything is started. Raises ReplayRefusedError."""
    originals = Originals(command.source)
    await originals.open()
    try:
        check(await originals.choose(ids=(command.exchange,)), "max", replays_too=True)
    finally:
        await originals.close()


async def _send(app: Application, command: ReplayBeside) -> ReplayStatus:
    """How the replay of the one exchange ended. Raises ReplayRefusedError."""
    ended: asyncio.Future[ReplayStatus] = asyncio.get_running_loop().create_future()

    def moved(status: ReplayStatus) -> None:
        if status.state != "running" and not ended.done():
            ended.set_result(status)

    replays = Replays(moved)
    try:
        await replays.start(
            app=app.name, url=app.url, token=app.proxy.replay_token, recorder=app.writer, live=app.live,
            trace=str(app.trace),
            command=StartReplay(id=command.id, exchanges=(command.exchange,), source=command.source),
        )  # fmt: skip
        return await ended
    finally:
        await replays.close()


def _refused(command: ReplayBeside, problem: Problem) -> Refused:
    return Refused(id=command.id, problem=problem)
