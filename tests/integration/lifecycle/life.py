"""The cells of one application's life, in sequence: each starts from what the one before has left.

A cell is a method that does something to the application and gives the facts that came of it.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from websockets.sync.client import connect

from inspector.model import Worker
from inspector.query import parse
from supervisor.control.messages import AppStatus, Problem, ReloadApp, ScaleApp, StopApp, WayOut
from supervisor.tree.proc import session
from tests.integration.lifecycle import subject
from tests.integration.lifecycle.scene import PATIENCE, Scene, until, within, words
from tests.integration.lifecycle.table import ROWS, Facts, Row
from tests.support.load import Load, Sent, ask
from tests.support.program import GatescopeRun

POSTED = b"posted"
#: What is answered on these paths.
WHOLE = {"stream": b"chunk 1;chunk 2;chunk 3;", "events": b"data: 1\n\ndata: 2\n\n"}


class Life:
    """An application from its start to its stop. ``requests`` counts all that were sent to it."""

    def __init__(self, run: GatescopeRun, scene: Scene, slug: str, folder: Path) -> None:
        self.row: Row = ROWS[slug]
        self.requests = 0
        self._run = run
        self._scene = scene
        self._folder = folder

    # --- the cells ----------------------------------------------------------------------------------------------------

    def start(self) -> Facts:
        """It has been started, with one worker."""
        status, [worker] = self._scene.status(), self._ready(1)
        facts: Facts = {
            "state": status.state,
            "workers": f"{worker.slot}.{worker.generation}",
            "process": "alone" if worker.pid == status.pid else "below a master",
            "answers": self._ask("/start"),
        }
        if self.row.interface != "WSGI":
            facts["lifespan"] = self._lifespan()
        return facts

    def serve(self) -> Facts:
        """One request of each kind."""
        url = self._run.url
        done = {"get": self._ask("/get") == "200"}
        with urllib.request.urlopen(url + "/post", data=POSTED, timeout=PATIENCE) as response:
            done["post"] = response.read() == POSTED
        done |= {name: ask(f"{url}/{name}") == (200, answer) for name, answer in WHOLE.items()}
        self.requests += 1 + len(WHOLE)
        if self.row.interface != "WSGI":
            done["websocket"] = self._echo()
        complaints = [complaint for name in done for complaint in self._record_of(name)]
        return {
            "answers": ", ".join(name for name, right in done.items() if right),
            "recorded": "; ".join(complaints) or "whole",
        }

    def two(self) -> Facts:
        """Two workers instead of one."""
        with self.load() as load:
            status = self._scene.tell(ScaleApp, workers=2, app=self._scene.name)
            facts = self._refused(status) if isinstance(status, Problem) else self._both_serve(status)
        return facts | {"state": self._scene.status().state, "failed": len(load.failed)}

    def kill_worker(self) -> Facts:
        """SIGKILL to a worker that has a request in hand."""
        scene, master = self._scene, self._scene.status().pid
        with self.load() as load:
            sent = self._send("/slow?30")
            exchange, victim = scene.in_hand("/slow?30")
            began = time.monotonic_ns()
            os.kill(victim.pid, signal.SIGKILL)
            [dead] = scene.ended([victim.pid])
            answer = sent.answer()
            sent.leave()
            self._successors([victim])
            load.more(5, despite_failures=True)
            later = self._ask("/later")
        record = scene.over("/slow?30")
        return {
            "cause": dead.cause,
            "signal": signal.Signals(dead.signal).name if dead.signal else "none",
            "noticed": within(1, (dead.ended_ns - began) / 1e9),
            "in hand": "the request" if exchange.id in dead.in_hand else f"{dead.in_hand}",
            "its client": str(answer[0]) if answer else "waits",
            "its record": f"{record.state}, {words(record.error, 'was killed by SIGKILL')}",
            "replaced by": "its master" if scene.status().pid == master else "Gatescope",
            "successor": "same slot, next generation",  # it was waited for
            "lost": self._lost(load),
            "later": later,
        }

    def kill_master(self) -> Facts:
        """SIGKILL to the process that we started."""
        scene, master = self._scene, self._scene.status().pid
        workers = self._ready(self._count)
        told = scene.remarks("it is started again")
        with self.load() as load:
            began = time.monotonic()
            os.kill(master, signal.SIGKILL)
            until(lambda: not session(master), "the end of the master's session")
            gone = time.monotonic() - began
            meanwhile = self._ask("/meanwhile")
            dead = scene.ended(worker.pid for worker in workers)
            self._successors(workers)
            load.more(5, despite_failures=True)
        return {
            "workers gone": within(3, gone),
            "causes": _causes(dead),
            "told": "it is started again" if scene.remarks("it is started again") > told else "nothing",
            "meanwhile": meanwhile,
            "successors": "same slots, next generation",  # they were waited for
            "lost": self._lost(load),
            "state": scene.status().state,
        }

    def reload(self) -> Facts:
        """Newer code under load."""
        old = self._ready(self._count)
        with self.load() as load:
            subject.renew(self._folder)
            status = self._scene.tell(ReloadApp, app=self._scene.name)
            assert isinstance(status, AppStatus), status
            done = time.monotonic()
            load.more(20)
        new = self._ready(self._count, status.instance)
        later = {one.body.split()[0].decode() for one in load.asked if one.sent > done and not one.error}
        return {
            "failed": len(load.failed),
            "later answers": "new code" if later == {"second"} else ", ".join(later),
            "old causes": _causes(self._scene.ended(worker.pid for worker in old)),
            "workers": len(new),
            "processes": "all new" if not {one.pid for one in new} & {one.pid for one in old} else "some old",
        }

    def scale(self) -> Facts:
        """Three workers, then one, under load."""
        before = {worker.id for worker in self._scene.workers() if worker.cause}
        with self.load() as load:
            status = self._scene.tell(ScaleApp, workers=3, app=self._scene.name)
            facts = self._refused(status) if isinstance(status, Problem) else self._up_and_down(status, load, before)
        return facts | {"failed": len(load.failed)}

    def stop(self) -> Facts:
        """Told to stop with a request in hand."""
        scene = self._scene
        workers = scene.ready()
        sent = self._send("/slow?0.5")
        scene.in_hand("/slow?0.5")
        status = scene.tell(StopApp, app=scene.name)
        assert isinstance(status, AppStatus), status
        answer = sent.answer()
        sent.leave()
        left = len(scene.processes())
        return {
            "in flight": str(answer[0]) if answer else "waits",
            "state": status.state,
            "causes": _causes(scene.ended(worker.pid for worker in workers)),
            "processes left": left,
        }

    def end(self) -> Facts:
        """The program that ran it has nothing left to run, and is not told to end."""
        address = urlsplit(self._run.url)
        with suppress(subprocess.TimeoutExpired):
            self._run.process.wait(PATIENCE)
        status = "told to" if self._run.process.poll() is None else self._run.process.returncode
        self._run.stop(signal.SIGTERM)
        with socket.socket() as probe:
            refused = probe.connect_ex((address.hostname or "", address.port or 0)) != 0
        return {
            "exit status": status,
            "port": "closed" if refused else "open",
            "trace": self._complaint_about_trace() or "complete",
        }

    # --- parts --------------------------------------------------------------------------------------------------------

    @property
    def _count(self) -> int:
        return 2 if self.row.many else 1

    def _ask(self, path: str) -> str:
        self.requests += 1
        return str(ask(self._run.url + path)[0])

    def _send(self, path: str) -> Sent:
        self.requests += 1
        return Sent(self._run.url, path)

    @contextmanager
    def load(self) -> Iterator[Load]:
        """Requests before, during and after what is done meanwhile."""
        load = Load(self._run.url, threads=2, pause=0.02)
        try:
            load.more(5)
            yield load
            load.more(5, despite_failures=True)
        finally:
            load.stop()
            self.requests += len(load.asked)

    def _ready(self, count: int, instance: int = 0) -> list[Worker]:
        """The workers that can take requests, once there are ``count``."""

        def found() -> list[Worker]:
            ready = [worker for worker in self._scene.ready() if instance in (0, worker.instance)]
            return ready if len(ready) == count else []

        return until(found, f"{count} workers that are ready")

    def _successors(self, workers: list[Worker]) -> None:
        """Wait for the next generation of each."""
        wanted = {(worker.instance, worker.slot, worker.generation + 1) for worker in workers}
        until(
            lambda: wanted <= {(one.instance, one.slot, one.generation) for one in self._scene.ready()},
            f"successors of {[(one.slot, one.generation) for one in workers]}",
        )

    def _both_serve(self, status: AppStatus) -> Facts:
        ready = self._ready(2, status.instance)
        pids = {worker.pid for worker in ready}
        served: set[int] = set()

        def found() -> bool:
            sent = [self._send("/slow?0.05") for _ in range(8)]
            for one in sent:
                answer = one.answer()
                one.leave()
                assert answer is not None
                served.add(int(answer[1].split()[-1]))
            return served >= pids

        until(found, "answers of both workers")
        return {"workers": ", ".join(str(worker.slot) for worker in ready), "answered by": len(served & pids)}

    def _up_and_down(self, status: AppStatus, load: Load, before: set[int]) -> Facts:
        up = self._ready(3, status.instance)
        load.more(5)
        fewer = self._scene.tell(ScaleApp, workers=1, app=self._scene.name)
        assert isinstance(fewer, AppStatus), fewer
        down = self._ready(1, fewer.instance)
        gone = {worker.pid for worker in self._scene.workers() if worker.id not in before} - {down[0].pid}
        return {
            "up": f"{len(up)} ready",
            "down": f"{len(down)} ready",
            "causes": _causes(self._scene.ended(gone)),
        }

    def _refused(self, problem: Problem) -> Facts:
        wanted = "for its own options to say" if self.row.command else "always one process"
        ways = {_way(way) if problem.usage else "to be tried again" for way in problem.ways_out}
        return {"refused": words(problem.why, wanted), "ways out": ", ".join(ways) or "none"}

    def _lifespan(self) -> str:
        """What the trace holds of it; where nothing is expected there is nothing to wait for."""

        def found() -> set[str]:
            ids = self._scene.trace.ids(parse("kind:lifespan"))
            types = {message.type for id in ids for message in self._scene.trace.messages(id)}
            return types if "lifespan.startup.complete" in types or not self.row.lifespan else set()

        return "startup complete" if self.row.lifespan and until(found, "the startup") else ", ".join(found()) or "none"

    def _echo(self) -> bool:
        self.requests += 1
        address = self._run.url.replace("http", "ws") + "/websocket"
        with connect(address, proxy=None, open_timeout=PATIENCE) as socket:
            answers = []
            for text in ("hello", b"\x00\xff"):
                socket.send(text)
                answers.append(socket.recv(PATIENCE))
        return answers == ["hello", b"\x00\xff"]

    def _record_of(self, name: str) -> list[str]:
        """What is wrong with the record of the request named so."""
        exchange = self._scene.over(f"/{name}")
        types = [message.type for message in self._scene.messages(exchange)]
        asgi = self.row.interface != "WSGI"
        wanted = {
            "websocket": ["websocket.accept", "websocket.receive", "websocket.send", "websocket.disconnect"],
            "post": ["http.request", "http.response.body"] if asgi else ["input.read", "iterate"],
        }.get(name, ["http.response.start", "http.response.body"] if asgi else ["start_response", "iterate"])
        complaints = [f"no {wanted_type}" for wanted_type in wanted if wanted_type not in types]
        if (exchange.state, exchange.interface, exchange.error) != ("done", self.row.interface, ""):
            complaints.append(f"{exchange.state}, {exchange.interface}, {exchange.error}")
        if (exchange.kind == "sse") != (name == "events"):
            complaints.append(f"of kind {exchange.kind}")
        if exchange.worker not in [worker.id for worker in self._scene.ready()]:
            complaints.append("of no worker")
        if "gatescope-exchange" in exchange.context.lower() or not exchange.context:
            complaints.append("our header, or no context")
        return [f"{name}: {complaint}" for complaint in complaints]

    def _lost(self, load: Load) -> str:
        """Whether each request that failed was in the hands of a worker that died, and is recorded as failed.

        One whose application had returned, while its response was still on its way, is not among ``in_hand``.
        """
        dead = {worker.id for worker in self._scene.workers() if worker.cause in ("killed", "parent gone", "graceful")}
        records = [self._scene.over(one.target) for one in load.failed]
        lost = [one for one in records if one.worker not in dead or one.state != "failed"]
        return f"{[(one.target, one.worker, one.error) for one in lost]}" if lost else "only what the dead had in hand"

    def _complaint_about_trace(self) -> str:
        """What is wrong with the trace of the whole life, looked at afresh."""
        trace = self._scene.trace
        with closing(sqlite3.connect(trace.path)) as opened:
            if opened.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                return "damaged"
        counts = trace.counts()
        recorded = len(trace.ids(parse("-kind:lifespan")))
        living = [worker.pid for worker in self._scene.workers() if worker.state != "exited" or not worker.cause]
        found = {
            f"{recorded} of {self.requests} requests": recorded != self.requests,
            f"{counts.open} open": counts.open > 0,
            f"dropped {counts.dropped}": bool(counts.dropped),
            f"alive: {living}": bool(living),
        }
        return ", ".join(words for words, wrong in found.items() if wrong)


def _way(way: WayOut) -> str:
    """What kind of way out of a wrong number of workers."""
    if way.mode:
        return "modes with workers" if ROWS[way.mode].many else way.mode
    return "another command" if "--command" in way.command else way.text


def _causes(workers: list[Worker]) -> str:
    return ", ".join(sorted({worker.cause for worker in workers}))
