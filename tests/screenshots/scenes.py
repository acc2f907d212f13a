"""What is to be seen, scene by scene: each brings real traffic about and has its picture taken.

A scene is a function of the studio. They are played in the order in which they stand, in one window, as a user would
come upon them; ``SCENES`` names them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from websockets.sync.client import connect

from app.request import Request
from inspector.model import Kind, WorkerState
from supervisor.control.messages import TrialMode
from tests.screenshots.studio import Studio

_Result = TypeVar("_Result")
SLOW = "/slow?seconds=0.4"

#: A shop that changes its mind: what a replay finds.
SHOP = '''"""A small shop."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/products/{number}")
async def product(number: int) -> dict:
    return {"id": number, "name": ["Kettle", "Teapot", "Cup"][number % 3], "price": {"amount": 24.9, "currency": "EUR"}}


@app.get("/basket")
async def basket() -> dict:
    return {"items": [{"id": 1, "count": 2}, {"id": 2, "count": 1}], "total": 74.7}
'''


def welcome(studio: Studio) -> None:
    """The first start, with nothing configured."""
    studio.open(Request())
    studio.rest()
    studio.shoot("welcome")


def mismatch(studio: Studio) -> None:
    """Why plain gunicorn can't run FastAPI, with the ways out."""
    studio.desk.try_demo()
    studio.serving("uvicorn")
    studio.ask("/json?page=1", "/html", "/json?page=2")
    studio.desk.controller.set_interface("WSGI")
    studio.until(studio.desk.launch.problem.isVisible, "the explanation")
    studio.rest()
    studio.shoot("mismatch")
    studio.desk.controller.back_to_running()


def queue(studio: Studio) -> None:
    """Ten slow requests under one sync worker, then on one event loop."""
    studio.switch("gunicorn-sync", adapt=True)
    with studio.asking(*[SLOW] * 10, pause=0.01):
        pass
    studio.switch("uvicorn")
    with studio.asking(*[SLOW] * 10, pause=0.01):
        pass
    studio.choose(lambda row: row.target == SLOW and row.mode == "gunicorn-sync")
    studio.desk.traffic.lanes.fit()
    studio.shoot("queue")
    studio.choose(lambda row: row.target == SLOW and row.mode == "gunicorn-sync", "Timing")
    studio.shoot("timing")


def chat(studio: Studio) -> None:
    """Two people in a chat."""
    with _connected(studio, "/ws/chat") as ada, _connected(studio, "/ws/chat") as bob:
        for who, text in (
            (ada, "Hello!"),
            (bob, "Hi Ada."),
            (ada, "Is it the loop?"),
            (bob, "It was blocked."),
            (ada, "Ah."),
        ):
            who.send(text)
            ada.recv()
            bob.recv()
            studio.rest(0.1)
        studio.choose(lambda row: row.kind == Kind.WEBSOCKET and row.status == 101, "Messages")
        studio.shoot("chat")


def stream(studio: Studio) -> None:
    """A stream, while it runs."""
    with studio.asking("/sse?events=60&pause=0.2"):
        studio.rest(1.5)
        studio.choose(lambda row: row.kind == Kind.SSE, "Messages")
        studio.rest(1.5)
        studio.shoot("stream")


def detail(studio: Studio) -> None:
    """The scope of a request, and a body as a tree."""
    studio.ask("/json?tea=green&sugar=1")
    studio.choose(lambda row: row.target.startswith("/json?tea"), "Scope")
    studio.shoot("scope")
    studio.choose(lambda row: row.target.startswith("/json?tea"), "Response")
    studio.shoot("json")
    studio.ask("/error")
    studio.choose(lambda row: row.path == "/error", "Summary")
    studio.shoot("exception")


def blocked(studio: Studio) -> None:
    """A call that blocks the event loop while others wait."""
    with studio.asking("/slow?seconds=0.2", "/block?seconds=0.8", *["/json"] * 6, pause=0.05):
        pass
    studio.choose(lambda row: row.path == "/block")
    studio.desk.traffic.lanes.fit()
    studio.shoot("blocked")


def beside(studio: Studio) -> None:
    """One request under ASGI beside its replay under WSGI, message by message."""
    studio.ask("/json?tea=green")
    row = studio.choose(lambda row: row.target == "/json?tea=green")
    current, compare = studio.desk.controller.current, studio.desk.compare
    assert current is not None
    compare.show_other(row.id, current.spec)
    studio.until(lambda: all(compare.loaded), "both sides of the comparison")
    studio.rest(1.0)
    studio.shoot("beside")


#: Mistakes that the demo makes when it is asked to, of the application and of the server, grave and less so.
MISTAKES = (
    "/mistakes/start-twice", "/mistakes/body-before-start", "/mistakes/no-response", "/mistakes/unfinished",
    "/mistakes/header-in-capitals", "/mistakes/length-too-small", "/mistakes/str-body", "/mistakes/send-after-end",
)  # fmt: skip


def findings(studio: Studio) -> None:
    """Rules of ASGI that were broken: those of one exchange, all of them by rule, and an exchange that breaks none."""
    page = studio.desk.findings
    studio.ask(*MISTAKES, *MISTAKES[:3], "/json")
    studio.choose(lambda row: row.path == MISTAKES[0] and row.findings, "Findings")
    studio.shoot("findings-exchange")
    studio.choose(lambda row: row.path == MISTAKES[0], "Summary")
    studio.shoot("findings-summary")
    studio.choose(lambda row: row.path == "/json", "Findings")
    studio.shoot("findings-none")
    studio.desk.window.show_page("findings")
    studio.until(lambda: page.model.rowCount(), "the broken rules")
    first = page.model.index(0, 0)
    page.tree.setExpanded(first, True)
    studio.until(lambda: page.model.rowCount(first), "the exchanges of a rule")
    page.tree.setCurrentIndex(page.model.index(0, 0, first))
    studio.rest(1.0)
    studio.shoot("findings")
    studio.desk.window.show_page("traffic")


def statistics(studio: Studio) -> None:
    """Routes, and how they fared over time."""
    studio.desk.window.show_page("statistics")
    studio.rest(2.0)
    studio.shoot("statistics")
    studio.desk.window.show_page("traffic")


#: What the comparison sends: told from everything before by its query, whatever time the answers take.
COMPARED = ("/json?visit=1", "/html?visit=2", "/?visit=3", "/slow?seconds=0.02&visit=4")


def compare(studio: Studio) -> None:
    """The recording under four modes: a table, curves and bars, and the answers that differ."""
    page = studio.desk.comparison
    studio.ask(*COMPARED * 6)
    studio.desk.window.show_page("comparison")
    studio.rest(1.0)
    studio.shoot("compare-empty")
    modes = page.controls.modes
    modes.offer(
        studio.desk.controller.listed,
        (TrialMode(mode="uvicorn"), TrialMode(mode="gunicorn-uvicorn", workers=2), TrialMode(mode="granian"),
         TrialMode(mode="gunicorn-gthread", workers=2, threads=4)),
    )  # fmt: skip
    page.controls.filtering.line.setText("target:visit=")
    page.controls.rounds.setValue(2)
    page.start()
    studio.until(lambda: page.running and page.model.rows and page.model.rows[0].measured, "the first round")
    studio.rest()
    studio.shoot("compare-running")
    studio.until(lambda: not page.running and page.model.rows[-1].measured, "the end of the comparison")
    studio.rest(1.0)
    studio.shoot("compare")
    page.tabs.show_page(1)
    studio.shoot("compare-routes")
    page.tabs.show_page(2)
    studio.until(lambda: page.answers.model.total, "answers that differ")
    studio.rest(1.0)
    studio.shoot("compare-answers")
    page.tabs.show_page(0)
    studio.desk.window.show_page("traffic")


def death(studio: Studio) -> None:
    """A worker is killed with a request in hand."""
    studio.switch("uvicorn", workers=2)
    studio.ask(*["/json"] * 8)
    with studio.asking("/hang"):
        row = studio.row(lambda row: row.path == "/hang" and row.worker_pid)
        os.kill(row.worker_pid, signal.SIGKILL)
    studio.until(lambda: _ready_workers(studio) == 2, "another worker in the slot")
    studio.desk.window.show_page("workers")
    studio.desk.workers.choose_life(row.worker)
    studio.rest(1.0)
    studio.shoot("death")
    studio.choose(lambda row: row.path == "/hang", "Summary")
    studio.shoot("death-exchange")
    studio.desk.window.show_page("logs")
    studio.rest()
    studio.shoot("logs")


def replay(studio: Studio) -> None:
    """Three requests replayed after a change of the code: one answer differs."""
    project = studio.folder / "shop"
    project.mkdir()
    (project / "main.py").write_text(SHOP)
    studio.desk.launch.open_folder(str(project))
    controller = studio.desk.controller
    studio.until(lambda: controller.can_start, "a look at the project")
    controller.start()
    studio.serving()
    studio.ask("/products/1", "/products/2", "/basket")
    rows = [studio.newest(path) for path in ("/products/1", "/products/2", "/basket")]
    (project / "main.py").write_text(SHOP.replace('"total": 74.7', '"total": 77.2'))
    controller.reload()
    studio.until(lambda: controller.busy, "the reload's begin")
    studio.serving()
    studio.desk.replay.replay([row.id for row in rows])
    table = studio.desk.replay.table
    studio.until(lambda: table.model().rowCount() == len(rows), "the replay's results")
    studio.rest(1.0)
    studio.desk.replay.controls.differing.setChecked(True)
    studio.until(lambda: table.model().rowCount() == 1, "the one that differs")
    table.setCurrentIndex(table.model().index(0, 0))
    studio.desk.replay.controls.differing.setChecked(False)
    studio.rest()
    studio.shoot("replay")


def help_pages(studio: Studio) -> None:
    """The command palette, and the page of keys."""
    window = studio.desk.window
    window.show_page("traffic")
    window.show_keys()
    studio.shoot("keys")
    window.show_keys()
    window.palette_view.open()
    studio.rest()
    studio.shoot("palette")
    window.palette_view.hide()


@contextmanager
def _connected(studio: Studio, path: str) -> Iterator[_Talker]:
    talker = _Talker(studio, "ws" + studio.url.removeprefix("http") + path)
    try:
        yield talker
    finally:
        talker.close()


class _Talker:
    """A WebSocket whose waiting lets the window live."""

    def __init__(self, studio: Studio, url: str) -> None:
        self._studio = studio
        self._socket = self._meanwhile(lambda: connect(url))

    def send(self, text: str) -> None:
        self._meanwhile(lambda: self._socket.send(text))

    def recv(self) -> None:
        self._meanwhile(self._socket.recv)

    def close(self) -> None:
        self._meanwhile(self._socket.close)

    def _meanwhile(self, call: Callable[[], _Result]) -> _Result:
        results: list[_Result] = []
        thread = threading.Thread(target=lambda: results.append(call()), daemon=True)
        thread.start()
        self._studio.until(lambda: not thread.is_alive(), "the WebSocket's answer")
        return results[0]


def _ready_workers(studio: Studio) -> int:
    status = studio.desk.controller.status
    return sum(process.state == WorkerState.READY for process in status.processes) if status else 0


SCENES: dict[str, Callable[[Studio], None]] = {
    scene.__name__: scene
    for scene in (
        welcome,
        mismatch,
        queue,
        chat,
        stream,
        detail,
        blocked,
        beside,
        findings,
        statistics,
        compare,
        death,
        replay,
        help_pages,
    )
}
