"""``python -m supervisor``: a supervisor for the window, which talks to it over the control socket.

Prints the path of the socket when it listens. When the last client has vanished without saying ``Shutdown`` it lingers,
so that a restarted window finds everything as it was, and then stops it all.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from supervisor import serve
from supervisor.control.place import UnsafeDirectoryError

LINGER = 60.0


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m supervisor", description=__doc__)
    parser.add_argument("--control", default="", metavar="PATH", help="where to listen")
    parser.add_argument(
        "--linger", type=float, default=LINGER, metavar="SECONDS", help="how long to live without clients"
    )
    options = parser.parse_args(arguments)
    try:
        serve.run(_serve(options.control, options.linger))
    except (UnsafeDirectoryError, OSError) as error:
        print(f"gatescope: the control socket could not be made: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


class Linger:
    """Sets ``over`` when there has been no client for a while."""

    def __init__(self, seconds: float) -> None:
        self.over = asyncio.Event()
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self.clients(0)

    def clients(self, count: int) -> None:
        """There are ``count`` clients now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if count == 0:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self.over.set)


async def _serve(control: str, seconds: float) -> None:
    linger = Linger(seconds)
    async with serve.supervising(control, linger.clients) as (supervisor, _, path):
        tasks: set[asyncio.Task[None]] = set()
        serve.on_signals(supervisor, force=lambda: tasks.add(asyncio.create_task(supervisor.force())))
        print(path, flush=True)  # noqa: T201 - whoever started us reads this line
        waits = {asyncio.create_task(event.wait()) for event in (linger.over, supervisor.shut_down)}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


if __name__ == "__main__":
    sys.exit(main())
