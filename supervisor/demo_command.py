"""``gatescope demo`` where there is no display: the same demo in lines of text, which ends by itself.

Two acts: ten slow requests on one sync worker and then on one event loop; and a change of server while traffic flows.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import httpx

from inspector.model import Exchange, Kind, Worker
from supervisor import serve, wording
from supervisor.application import Application
from supervisor.control.messages import AppStatus, Command, Finished, Refused, StartApp, StopApp, SwitchMode, TargetSpec
from supervisor.core import Supervisor
from supervisor.traffic import drive

_SLOW_REQUESTS = 10
_SLOW_SECONDS = 0.3
_TRAFFIC_SECONDS = 6.0


def run() -> int:
    """Play the demo; 0 if every request was answered."""
    try:
        return serve.run(_play())
    except StepError as error:
        print(f"gatescope: {error}")  # noqa: T201
        return 1


class StepError(Exception):
    """A step of the demo was refused; the text says why."""


async def _play() -> int:
    async with serve.supervising("", lambda _: None) as (supervisor, _, control):
        serve.on_signals(supervisor, force=lambda: None)
        stage = _Stage(supervisor)
        playing = asyncio.create_task(stage.play())
        stopping = asyncio.create_task(supervisor.shut_down.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not playing.done():
            playing.cancel()
            return 0
        failed = playing.result()
        _say(f"The control socket was {control}; while an application runs, `gatescope status` finds it.")
        return 1 if failed else 0


class _Stage:
    """Starts and switches the demo applications, and keeps count of what was answered by whom."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.answers: Counter[str] = Counter()
        self.slots: dict[int, int] = {}  #: by worker
        supervisor.on_exchange = self.count
        supervisor.on_worker = self.meet

    async def play(self) -> int:
        """Both acts; how many requests failed."""
        _say("No display: this is the headless demo. It ends by itself after about half a minute.\n")
        for target, mode in (("demo:flask", "gunicorn-sync"), ("demo:fastapi", "uvicorn")):
            await self.queue(target, mode)
        failed = await self.switch_under_traffic()
        _say(f"\n{failed} requests failed." if failed else "\nNo request failed.")
        return failed

    async def queue(self, target: str, mode: str) -> None:
        """Ten slow requests at once on one worker."""
        status = await self.start(target, mode)
        began = time.monotonic()
        async with httpx.AsyncClient(base_url=status.url, timeout=60, trust_env=False) as client:
            slow = (client.get("/slow", params={"seconds": _SLOW_SECONDS}) for _ in range(_SLOW_REQUESTS))
            await asyncio.gather(*slow)
        took = time.monotonic() - began
        _say(
            f"{_SLOW_REQUESTS} requests of {_SLOW_SECONDS} s at once on {target} under {mode} x 1: {took:.1f} s"
            + (
                " (they queue behind one worker)"
                if took > _SLOW_REQUESTS * _SLOW_SECONDS * 0.8
                else " (they interleave)"
            )
        )
        await self.do(StopApp(id=1, app=status.name))

    async def switch_under_traffic(self) -> int:
        """Traffic on one application, and another server in the middle of it."""
        status = await self.start("demo:fastapi", "uvicorn")
        self.answers.clear()
        _say(f"\nTraffic on demo:fastapi under uvicorn at {status.url} ...")
        began = asyncio.get_running_loop().time()
        driving = asyncio.create_task(drive(status.url, _TRAFFIC_SECONDS))
        await asyncio.sleep(_TRAFFIC_SECONDS / 2)
        await self.do(SwitchMode(id=1, app=status.name, mode="gunicorn-uvicorn", workers=2))
        _say("... switched to gunicorn with two uvicorn workers while it flowed.\n")
        # On a busy machine the switch may take longer than new requests are made.
        over = asyncio.get_running_loop().time() - began > 0.75 * _TRAFFIC_SECONDS
        reports = [await driving, *([await drive(status.url, _TRAFFIC_SECONDS / 2)] if over else [])]
        for where, count in sorted(self.answers.items()):
            _say(f"  {count:4} exchanges by {where}")
        await self.do(StopApp(id=1, app=status.name))
        _say(f"\nRecorded in {status.trace}; look at it with: gatescope ls {status.trace}")
        return sum(report.failed.total() for report in reports)

    async def start(self, target: str, mode: str) -> AppStatus:
        """A demo application in a mode."""
        return await self.do(StartApp(id=1, target=TargetSpec(target=target), mode=mode))

    async def do(self, command: Command) -> AppStatus:
        """What became of the application. Raises StepError."""
        reply = await self.supervisor.execute(command)
        if isinstance(reply, Refused):
            raise StepError(wording.problem(reply.problem))
        assert isinstance(reply, Finished)
        assert reply.app is not None
        return reply.app

    def meet(self, app: Application, worker: Worker, event: str) -> None:  # noqa: ARG002
        """A worker was born, got ready or exited."""
        self.slots[worker.id] = worker.slot

    def count(self, app: Application, exchange: Exchange) -> None:
        """One exchange is over."""
        if exchange.kind != Kind.LIFESPAN:
            self.answers[f"{app.mode_of(exchange.instance)}, worker {self.slots.get(exchange.worker, '?')}"] += 1


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201
