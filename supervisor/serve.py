"""The supervisor as a process: its event loop, its folder, its control socket, its end.

Used by ``python -m supervisor`` (for the window) and by ``gatescope run``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from supervisor.control.messages import Event
from supervisor.control.place import default_socket, runtime_directory, secure
from supervisor.control.server import ControlServer
from supervisor.core import Supervisor
from supervisor.housekeeping import Housekeeping
from supervisor.tree.kin import Orphanage

T = TypeVar("T")

#: To be the parent of orphans is a matter of the whole process.
ORPHANAGE = Orphanage()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on uvloop's event loop where there is one; nothing that it started is left when it returns."""
    ORPHANAGE.begin()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(main)
    finally:
        ORPHANAGE.end()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


class Post:
    """Where events go: to the control socket, and to a listener in this process."""

    def __init__(self) -> None:
        self.server: ControlServer | None = None
        self.listener: Callable[[Event], None] | None = None

    def publish(self, event: Event) -> None:
        """Pass ``event`` on."""
        if self.server is not None:
            self.server.broadcast(event)
        if self.listener is not None:
            self.listener(event)


def own_folder() -> Path:
    """This process's private folder, empty; those that killed supervisors left are removed. Raises
    UnsafeDirectoryError.
    """
    above = secure(runtime_directory())
    for left in above.iterdir():
        gone = left.name == str(os.getpid()) or not Path(f"/proc/{left.name}").exists()
        if left.name.isdigit() and gone and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
    return secure(above / str(os.getpid()))


@contextlib.asynccontextmanager
async def supervising(
    control: str, clients_changed: Callable[[int], None]
) -> AsyncIterator[tuple[Supervisor, Post, Path]]:
    """A supervisor that listens on the socket ``control`` (empty: the usual place); stops everything at the end."""
    path = Path(control) if control else default_socket(os.getpid())
    run_dir = await asyncio.to_thread(own_folder)
    post = Post()
    supervisor = Supervisor(run_dir, post.publish)
    post.server = ControlServer(supervisor, clients_changed)
    housekeeping = Housekeeping(supervisor.instances, ORPHANAGE)
    try:
        await post.server.start(path)
        yield supervisor, post, path
    finally:
        await supervisor.close()
        await housekeeping.close()
        await post.server.close()
        await asyncio.to_thread(shutil.rmtree, run_dir, ignore_errors=True)


def on_signals(supervisor: Supervisor, *, force: Callable[[], None]) -> None:
    """SIGINT and SIGTERM end the supervisor in good order; a second one calls ``force``."""

    def received() -> None:
        if supervisor.shut_down.is_set():
            force()
        supervisor.shut_down.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, received)
