"""The Workers page on a real supervisor, server and workers: what its buttons do to processes."""

from __future__ import annotations

import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop
from PySide6.QtWidgets import QApplication

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.link import SupervisorLink
from app.link.place import secure
from app.link.process import SupervisorProcess
from app.settings import Settings
from app.workers import details
from app.workers.page import WorkersPage
from app.workers.processes import Kind, Node
from supervisor.control.messages import AppStatus, Finished, Reply, StartApp, TargetSpec
from tests.support.apps import project

WAIT = 60_000
pytestmark = pytest.mark.usefixtures("no_stalls")


def wait(condition: Callable[[], bool]) -> bool:
    """Let Qt run until it is so; for where no ``qtbot`` reaches."""
    deadline = QDeadlineTimer(WAIT)
    while not condition() and not deadline.hasExpired():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
    return condition()


class Scene:
    """A page on an application with two workers; ``status`` is how that stands."""

    def __init__(self, page: WorkersPage, link: SupervisorLink, feed: TraceFeed, actions: ActionRegistry) -> None:
        self.page, self.link, self.feed, self.actions = page, link, feed, actions
        self.status: AppStatus | None = None
        link.app_changed.connect(self._take)

    def _take(self, status: AppStatus) -> None:
        self.status = status

    def workers(self) -> list[Node]:
        """The living ones of the instance that serves."""
        return [node for node in self.page.model.nodes() if node.kind is Kind.WORKER and node.live]

    def choose(self, slot: int) -> Node:
        node = next(node for node in self.workers() if node.slot == slot)
        self.page.tree.setCurrentIndex(self.page.model.find(node.key))
        return node

    def hold(self, seconds: int) -> threading.Thread:
        """A request that takes so long, asked in the background."""

        def ask() -> None:
            assert self.status is not None
            try:
                with urllib.request.urlopen(f"{self.status.url}/slow?{seconds}", timeout=60) as response:
                    response.read()
            except OSError:
                pass  # its worker is killed meanwhile

        made = threading.Thread(target=ask)
        made.start()
        return made


@pytest.fixture(scope="module")
def scene(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("workers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        process = SupervisorProcess((sys.executable, "-m", "supervisor", "--linger", "5"))
        made = _scene(folder, process)
        made.link.start()
        answers: list[Reply] = []
        spec = TargetSpec(target="asgi:app", cwd=str(project(folder / "shop")))
        made.link.send(StartApp(id=0, target=spec, mode="uvicorn", name="shop", workers=2), answers.append)
        assert wait(lambda: bool(answers))
        assert isinstance(answers[0], Finished), answers[0]
        made.feed.open(answers[0].app.trace)  # type: ignore[union-attr]
        yield made
        ended: list[bool] = []
        made.feed.close()
        made.page.close()
        made.link.shut_down(lambda: ended.append(True))
        assert wait(process.ended)
        made.page.deleteLater()


def _scene(folder: Path, process: SupervisorProcess) -> Scene:
    link, feed, actions = SupervisorLink(secure(folder / "k") / "w1-1.sock", process), TraceFeed(), ActionRegistry()
    page = WorkersPage(link, feed, Settings(folder / "s.ini"), actions)
    page.resize(1200, 700)
    page.show()
    return Scene(page, link, feed, actions)


def test_stacks_pause_and_resume(scene, qtbot):
    qtbot.waitUntil(lambda: len(scene.workers()) == 2 and all(node.worker for node in scene.workers()), timeout=WAIT)
    asking = scene.hold(3)
    qtbot.waitUntil(lambda: any(node.in_hand for node in scene.workers()), timeout=WAIT)
    busy = next(node for node in scene.workers() if node.in_hand)
    scene.choose(busy.slot)
    scene.actions.run("workers.stacks")
    stacks = scene.page.details.stacks
    qtbot.waitUntil(lambda: stacks.model.rowCount() > 1, timeout=WAIT)
    assert stacks.model.stacks[0].exchange == busy.in_hand[0]
    assert any(frame.code == "await asyncio.sleep(float(scope[\"query_string\"] or 30))"
               for frame in stacks.model.stacks[0].frames)  # fmt: skip
    with qtbot.waitSignal(scene.page.exchange_wanted) as wanted:
        stacks.tree.activated.emit(stacks.tree.currentIndex())
    assert wanted.args == [busy.in_hand[0]]
    scene.actions.run("workers.pause")
    qtbot.waitUntil(lambda: scene.choose(busy.slot).state == "paused", timeout=WAIT)
    assert scene.page.details.summary.resume.isEnabled()
    assert "paused" in scene.page.details.summary.sentence.text()
    qtbot.waitUntil(lambda: bool(scene.page.chosen and scene.page.chosen.pauses), timeout=WAIT)
    scene.actions.run("workers.pause")
    qtbot.waitUntil(lambda: scene.choose(busy.slot).state == "ready", timeout=WAIT)
    asking.join()


def test_a_killed_worker_leaves_its_cause_and_what_it_had_in_hand(scene, qtbot):
    qtbot.waitUntil(lambda: not any(node.in_hand for node in scene.workers()), timeout=WAIT)
    asking = scene.hold(60)
    qtbot.waitUntil(lambda: any(node.in_hand for node in scene.workers()), timeout=WAIT)
    busy = next(node for node in scene.workers() if node.in_hand)
    scene.choose(busy.slot)
    scene.actions.run("workers.SIGKILL")
    dead = busy.worker
    qtbot.waitUntil(lambda: bool((life := scene.page._story.life(dead)) and life.ended_ns), timeout=WAIT)
    asking.join()
    scene.page.choose_life(dead)
    summary = scene.page.details.summary
    qtbot.waitUntil(lambda: summary.held.index(0, 1).data() == "GET /slow?60", timeout=WAIT)
    assert "killed by SIGKILL" in summary.sentence.text()
    assert summary.exit.text() == "signal 9, SIGKILL"
    assert scene.page.timeline.chosen == dead
    assert not scene.page.commands.can("SIGKILL").be_done, "who is dead can't be killed"
    qtbot.waitUntil(lambda: len([n for n in scene.workers() if n.state == "ready"]) == 2, timeout=WAIT)


def test_scale_reload_restart_and_stop(scene, qtbot):
    qtbot.waitUntil(lambda: len([n for n in scene.workers() if n.state == "ready"]) == 2, timeout=WAIT)
    scene.choose(scene.workers()[0].slot)
    scene.actions.run("workers.more")
    qtbot.waitUntil(lambda: "is done" in scene.page.bar.said.text(), timeout=WAIT)
    assert scene.page.commands.aim.status.workers == 3
    before = scene.status.instance
    scene.actions.run("workers.reload")
    assert not scene.page.commands.can("restart").be_done, "one after the other"
    qtbot.waitUntil(lambda: "code is done" in scene.page.bar.said.text(), timeout=WAIT)
    assert scene.page.commands.aim.status.instance > before
    scene.actions.run("workers.fewer")
    qtbot.waitUntil(lambda: scene.page.commands.aim.status.workers == 2, timeout=WAIT)
    qtbot.waitUntil(lambda: not scene.page.commands.aim.busy, timeout=WAIT)
    scene.actions.run("workers.stop")
    qtbot.waitUntil(lambda: "is stopped" in scene.page.notice.words.text, timeout=WAIT)
    scene.page.notice.button.click()
    qtbot.waitUntil(lambda: scene.status.state == "running" and not scene.page.commands.aim.busy, timeout=WAIT)
    scene.page.details.tabs.setCurrentIndex(details.EVENTS)
    assert not scene.page.grab().isNull()
