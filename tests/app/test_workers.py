"""The Workers page: a sound model with stable rows, a time line, details, and lists that follow."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QWheelEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.theme import Role, color
from app.workers import details
from app.workers.evidence import Evidence, Held
from app.workers.history import Event, InHand, Life, Story
from app.workers.model import (
    COLUMNS,
    COURSE_ROLE,
    CPU,
    IN_HAND,
    LAST,
    MEMORY,
    NODE_ROLE,
    PID,
    PROCESS,
    RESTARTS,
    STATE,
    WorkersModel,
)
from app.workers.page import WorkersPage
from app.workers.processes import forest
from app.workers.stacks_model import EXCHANGE_ROLE, StacksModel
from app.workers.summary import Facts, SummaryTab
from app.workers.tables import events_model, held_model, lives_model
from app.workers.timeline import AXIS, NAMES, Timeline
from inspector.model import Worker, WorkerEvent
from supervisor.control.messages import (
    AppChanged,
    AppStatus,
    DumpStacks,
    Frame,
    PauseWorker,
    Problem,
    ResumeWorker,
    ScaleApp,
    SignalWorker,
    Stack,
    StacksDumped,
    TargetSpec,
    WorkerStatus,
)
from tests.support.made_trace import MadeTrace

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
DEADLINE = 10_000  #: ms
S = 1_000_000_000


def worker(slot: int, **more: object) -> WorkerStatus:
    usual: dict[str, object] = {"generation": 1, "pid": 100 + slot, "state": "ready", "cpu": 10.0, "rss": 50 * 2**20}
    return WorkerStatus(slot=slot, **{**usual, **more})  # type: ignore[arg-type]


def app(name: str, *workers: WorkerStatus, **more: object) -> AppStatus:
    usual: dict[str, object] = {"target": TargetSpec(target="x:y"), "mode": "uvicorn", "state": "running", "pid": 99,
                                "instance": 7, "workers": len(workers) or 1}  # fmt: skip
    return AppStatus(name=name, processes=workers, **{**usual, **more})  # type: ignore[arg-type]


class Shown(WorkersModel):
    """The model under a tester, told in statuses."""

    def __init__(self) -> None:
        super().__init__(InHand())
        self._statuses: dict[str, AppStatus] = {}
        QAbstractItemModelTester(self, FATAL)

    def show_status(self, status: AppStatus) -> None:
        self._statuses[status.name] = status
        self._held.see(status, time.monotonic())
        self.show_nodes(forest(self._statuses.values(), Story(), ""))

    def slots(self, number: int) -> QModelIndex:
        """The instance of an application, under which its slots are."""
        return self.index(0, 0, self.index(number, 0))


@pytest.fixture
def model(qapp):
    return Shown()


def row(model: WorkersModel, number: int, parent: QModelIndex | None = None) -> list[str]:
    return [model.index(number, column, parent or QModelIndex()).data() for column in range(len(COLUMNS))]


def test_applications_their_instances_and_slots(model):
    model.show_status(app("shop", worker(1), worker(2, restarts=3, last_outcome="killed by SIGKILL"), in_flight=2))
    model.show_status(app("blog"))
    assert model.rowCount() == 2
    assert row(model, 0)[:3] == ["shop", "running", ""]
    assert (row(model, 0)[RESTARTS], row(model, 0)[CPU], row(model, 0)[MEMORY]) == ("3", "20 %", "100 MiB")
    assert row(model, 0)[IN_HAND] == "2 in flight"
    assert row(model, 0, model.index(0, 0))[:3] == ["uvicorn, 2 workers", "running", "99"]
    assert row(model, 1, model.slots(0))[PROCESS] == "worker 2"
    assert row(model, 1, model.slots(0))[LAST] == "killed by SIGKILL"
    assert row(model, 1)[CPU] == ""


def test_rows_are_stable_over_lives(model):
    model.show_status(app("shop", worker(1), worker(2)))
    second = QPersistentModelIndex(model.index(1, PID, model.slots(0)))
    model.show_status(app("shop", worker(1), worker(2, pid=777, generation=2)))
    assert second.data() == "777"
    model.show_status(app("shop", worker(1), worker(2, pid=777), worker(3), worker(4)))
    assert second.data() == "777"
    model.show_status(app("shop", worker(1)))
    assert not second.isValid()
    model.show_status(app("shop", state="stopped"))
    assert model.rowCount(model.index(0, 0)) == 0


def test_applications_may_come_in_another_order(model):
    first, second = app("shop", worker(1)), app("blog", worker(1))
    model.show_nodes(forest([first, second], Story(), ""))
    blog = QPersistentModelIndex(model.index(1, 0))
    model.show_nodes(forest([second, first], Story(), ""))
    assert blog.data() == "blog"
    assert blog.row() == 0


def test_colours_and_sides(model):
    model.show_status(app("shop", worker(1, state="exited"), worker(2, state="other")))
    shop = model.slots(0)
    role = Qt.ItemDataRole.ForegroundRole
    dead, odd = model.index(0, STATE, shop), model.index(1, STATE, shop)
    assert dead.data(role) != model.index(0, STATE).data(role) != odd.data(role)
    assert model.index(0, PID, shop).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
    assert model.index(0, PID, shop).data(Qt.ItemDataRole.FontRole).fixedPitch() in (True, False)
    assert model.headerData(PID, Qt.Orientation.Horizontal) == "PID"
    assert model.headerData(PID, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert model.headerData(PID, Qt.Orientation.Vertical) is None


def test_a_paused_worker_stands_out(model):
    model.show_status(app("shop", worker(1, state="paused"), worker(2)))
    first, second = (model.index(n, STATE, model.slots(0)) for n in (0, 1))
    assert first.data(Qt.ItemDataRole.BackgroundRole) == color(Role.WARN_BACK)
    assert second.data(Qt.ItemDataRole.BackgroundRole) is None
    assert "paused" in first.siblingAtColumn(PROCESS).data(Qt.ItemDataRole.AccessibleTextRole)


def test_what_is_in_hand_is_counted_and_ages(model, qtbot):
    model.tick()
    model.show_status(app("shop", worker(1, in_hand=(7, 8))))
    shop = model.slots(0)
    assert row(model, 0, shop)[IN_HAND] == "2"
    tip = model.index(0, IN_HAND, shop).data(Qt.ItemDataRole.ToolTipRole)
    assert "#7, for 0.0 s" in tip
    assert "#8" in tip
    with qtbot.waitSignal(model.dataChanged):
        model.tick()


def test_the_course_of_cpu_and_memory(model):
    model.show_status(app("shop", worker(1), worker(2)))
    model.sample()
    model.show_status(app("shop", worker(1, cpu=30.0), worker(2)))
    model.sample()
    slots = model.slots(0)
    assert model.index(0, CPU, slots).data(COURSE_ROLE) == [10.0, 30.0]
    assert model.index(0, MEMORY, slots).data(COURSE_ROLE) == [50 * 2**20] * 2
    assert model.index(0, CPU).data(COURSE_ROLE) == [20.0, 40.0]
    model.show_status(app("shop", worker(1, pid=500), worker(2)))  # another process has a course of its own
    model.sample()
    assert model.index(0, CPU, slots).data(COURSE_ROLE) == [10.0]
    assert model.index(0, CPU).data(COURSE_ROLE) == [10.0, 30.0 - 20.0, 20.0]


@pytest.fixture
def feed(qapp):
    made = TraceFeed()
    yield made
    made.close()


@pytest.fixture
def actions(qapp):
    made = ActionRegistry()
    yield made
    made.deleteLater()


@pytest.fixture
def page(link, feed, settings, actions, qtbot):
    made = WorkersPage(link, feed, settings, actions)
    qtbot.addWidget(made)
    made.resize(1100, 640)
    made.show()
    yield made
    made.hide()


@pytest.fixture
def told(page, link, backend, qtbot):
    """Tell the page of an application by way of the socket."""
    link.start()
    qtbot.waitUntil(lambda: len(backend.commands) == 2, timeout=DEADLINE)

    def tell(status: AppStatus) -> None:
        backend.tell(AppChanged(app=status))
        qtbot.waitUntil(lambda: page._statuses.get(status.name) == status, timeout=DEADLINE)

    return tell


def choose(page: WorkersPage, slot: int) -> None:
    node = next(node for node in page.model.nodes() if node.slot == slot)
    page.tree.setCurrentIndex(page.model.find(node.key))


def test_the_tree_follows_the_supervisor(page, told, qtbot):
    assert page._pages.currentIndex() == 0
    told(app("shop", worker(1, in_hand=(5,)), worker(2)))
    assert page._pages.currentIndex() == 1
    assert page.tree.isExpanded(page.model.index(0, 0))
    assert page.tree.isExpanded(page.model.index(0, 0, page.model.index(0, 0)))
    assert "2 workers: 2 ready" in page.tree.accessibleDescription()
    assert page.bar.subject.text() == "Worker 1", "the first worker is chosen, so that something is shown"
    assert not page.grab().isNull()


def test_an_empty_page_offers_what_can_be_done(page, actions, qtbot):
    ran = []
    actions.add(Action("launch.demo", "Try the demo", lambda: ran.append("demo")))
    page._on_flush()
    assert page.empty.button.text() == "Try the demo"
    page.empty.button.click()
    assert ran == ["demo"]


def test_actions_make_sense_or_say_why_not(page, told, actions):
    def tip(verb: str) -> str:
        return actions.get(f"workers.{verb}").toolTip()

    def can(verb: str) -> bool:
        actions.refresh()
        return actions.get(f"workers.{verb}").isEnabled()

    assert not can("reload")
    assert "No application" in tip("reload") or "no supervisor" in tip("reload")
    told(app("shop", worker(1), worker(2, state="paused"), mode="gunicorn-sync"))
    choose(page, 1)
    assert all(can(verb) for verb in ("reload", "restart", "more", "fewer", "stop", "pause", "stacks", "SIGKILL"))
    assert "SIGTTIN to gunicorn's master (pid 99)" in tip("more")
    assert page.bar.buttons["pause"].text() == "Pause"
    choose(page, 2)
    assert page.bar.buttons["pause"].text() == "Resume"
    assert not can("stacks")
    assert "let worker 2 (pid 102) go on first" in tip("stacks")
    told(app("shop", worker(1), mode="waitress"))
    assert not can("more")
    assert "one process" in tip("more")
    told(app("shop", worker(1, state="exited"), state="stopped"))
    assert not can("SIGKILL")
    assert can("restart")
    assert page.bar.buttons["restart"].text() == "Start again"
    assert "is stopped" in page.notice.words.text


def test_commands_go_to_the_chosen_worker(page, told, backend, actions, qtbot):
    told(app("shop", worker(1), worker(2)))
    choose(page, 2)
    for verb, kind in (("pause", PauseWorker), ("SIGTERM", SignalWorker), ("more", ScaleApp)):
        actions.run(f"workers.{verb}")
        qtbot.waitUntil(lambda kind=kind: bool(backend.of(kind)), timeout=DEADLINE)
    assert backend.of(PauseWorker)[0].slot == 2
    assert (backend.of(SignalWorker)[0].slot, backend.of(SignalWorker)[0].signal) == (2, "SIGTERM")
    assert backend.of(ScaleApp)[0].workers == 3
    qtbot.waitUntil(lambda: "done" in page.bar.said.text(), timeout=DEADLINE)
    told(app("shop", worker(1), worker(2, state="paused")))
    page.details.summary.resume.click()
    qtbot.waitUntil(lambda: bool(backend.of(ResumeWorker)), timeout=DEADLINE)


def test_a_refusal_is_said_in_place(page, told, backend, actions, qtbot):
    backend.refusals[SignalWorker] = Problem(what="Worker 1 of shop has just ended.", why="It crashed.")
    told(app("shop", worker(1)))
    actions.run("workers.SIGKILL")
    qtbot.waitUntil(lambda: not page.problem.isHidden(), timeout=DEADLINE)
    assert "just ended" in page.problem.accessibleName()
    page.problem.dismissed.emit()
    assert page.problem.isHidden()


STACKS = (
    Stack(kind="thread", name="MainThread", state="main",
          frames=(Frame(file="/usr/lib/python3.11/selectors.py", line=468, function="select"),)),
    Stack(kind="task", name="Task-3", state="waiting", exchange=5, frames=(
        Frame(file="/v/site-packages/uvicorn/x.py", line=1, function="run"),
        Frame(file="/v/site-packages/starlette/y.py", line=2, function="call"),
        Frame(file="/srv/shop/app.py", line=12, function="checkout", code="await pay()"),
        Frame(file="/usr/lib/python3.11/asyncio/tasks.py", line=639, function="sleep"))),
)  # fmt: skip


def test_stacks_are_shown_copied_and_lead_to_the_request(page, told, link, backend, actions, qtbot):
    backend.held.add(DumpStacks)
    told(app("shop", worker(1), worker(2)))
    choose(page, 2)
    actions.run("workers.stacks")
    qtbot.waitUntil(lambda: bool(backend.of(DumpStacks)), timeout=DEADLINE)
    view = page.details.stacks
    assert page.details.tabs.currentIndex() == details.STACKS
    asked = backend.of(DumpStacks)[0]
    backend.tell(StacksDumped(id=asked.id, app="shop", slot=2, generation=1, pid=102, at_ns=time.monotonic_ns(),
                              stacks=STACKS))  # fmt: skip
    qtbot.waitUntil(lambda: view.model.rowCount() == 2, timeout=DEADLINE)
    task = view.model.index(0, 0)
    assert task.data() == "task Task-3", "what works on a request comes first"
    assert view.model.rowCount(task) == 3
    view.all_calls.setChecked(True)
    assert view.model.rowCount(view.model.index(0, 0)) == 4
    with qtbot.waitSignal(page.exchange_wanted) as wanted:
        view.jump.click()
    assert wanted.args == [5]
    actions.run("workers.copy-stacks")
    copied = QApplication.clipboard().text()
    assert 'File "/srv/shop/app.py", line 12, in checkout\n    await pay()' in copied
    assert not page.grab().isNull()
    choose(page, 1)
    assert view.dumped is None, "another worker, other stacks"


def test_why_there_are_no_stacks(page, told, backend, actions, qtbot):
    backend.refusals[DumpStacks] = Problem(what="Worker 1 (pid 101) does not say what it is doing.", why="Native code.")
    told(app("shop", worker(1)))
    actions.run("workers.stacks")
    qtbot.waitUntil(lambda: not page.details.stacks.problem.isHidden(), timeout=DEADLINE)
    page.details.stacks.problem.dismissed.emit()
    assert page.details.stacks.empty.button.text() == "Take its stacks"
    told(app("shop", worker(1, state="paused")))
    assert page.details.stacks.empty.button.text() == "Let it go on"
    page.details.stacks.empty.button.click()
    qtbot.waitUntil(lambda: bool(backend.of(ResumeWorker)), timeout=DEADLINE)


def test_a_supervisor_that_dies_leaves_what_the_trace_holds(page, told, backend, feed, tmp_path, qtbot):
    made = MadeTrace(tmp_path / "t.gatescope", workers=2)
    made.writer.flush()
    feed.open(made.path)
    status = app("shop", worker(1), worker(2), trace=str(made.path), instance=made.instance)
    told(status)
    qtbot.waitUntil(lambda: page.lives.rowCount() == 2, timeout=DEADLINE)
    backend.die()
    qtbot.waitUntil(lambda: "supervisor is gone" in page.notice.words.text, timeout=DEADLINE)
    assert not page.notice.isHidden()
    assert page.bar.isHidden()
    assert row(page.model, 0)[:2] == ["shop", "recorded"]
    feed.set_live(False)
    qtbot.waitUntil(lambda: page.lives.index(0, 7).data() == "cut off", timeout=DEADLINE)
    made.close()


@pytest.fixture
def trace(tmp_path):
    """Slot 1 with a worker that was killed with a request in hand, and the one after it; slot 2 with one that lives."""
    made = MadeTrace(tmp_path / "t.gatescope", workers=2)
    held = made.begin(0)
    dead, later = made.writer.new_id("worker"), made.writer.new_id("worker")
    end = held.called_ns + S
    made.writer.worker(
        Worker(dead, made.instance, 3, 1, 4200, "exited", born_ns=made.now - S, ready_ns=made.now, ended_ns=end,
               cause="crash", outcome="crashed with SIGSEGV", signal=11, in_hand=(held.id,))
    )  # fmt: skip
    made.writer.worker(Worker(later, made.instance, 3, 2, 4201, "paused", born_ns=end + 1, ready_ns=end + S))
    made.writer.worker_event(WorkerEvent(dead, end, "exited", {"stack": "Fatal Python error: Segmentation\n  File x"}))
    made.writer.worker_event(WorkerEvent(later, end + 2 * S, "paused", {}))
    made.dead, made.later, made.held = dead, later, held.id
    made.writer.flush()
    yield made
    made.close()


def test_lives_and_events_follow_the_trace(page, feed, tmp_path, qtbot):
    made = MadeTrace(tmp_path / "t.gatescope", workers=2)
    made.writer.flush()
    feed.open(made.path)
    qtbot.waitUntil(lambda: page.lives.rowCount() == 2, timeout=DEADLINE)
    assert page.lives.index(0, 3).data() == "worker 2, generation 1"
    assert page.events.rowCount() == 2
    identity = made.writer.new_id("worker")
    dead = Worker(identity, made.instance, 1, 2, 4200, "exited", born_ns=made.now, ended_ns=made.now + 10**9,
                  cause="killed", outcome="killed by SIGKILL", in_hand=(5,))  # fmt: skip
    made.writer.worker(dead)
    made.writer.flush()
    qtbot.waitUntil(lambda: page.lives.rowCount() == 3, timeout=DEADLINE)
    assert page.lives.index(0, 7).data() == "killed by SIGKILL"
    assert page.events.index(0, 4).data() == "killed by SIGKILL, with #5 in hand"
    made.close()
    feed.close()
    assert page.lives.rowCount() == 0


def test_a_saved_trace_tells_the_whole_story_and_offers_no_deeds(page, trace, feed, qtbot):
    feed.open(trace.path, live=False)
    qtbot.waitUntil(lambda: page.lives.rowCount() == 4, timeout=DEADLINE)
    assert "nothing here runs" in page.notice.words.text
    assert page.bar.isHidden()
    assert not page.commands.can("SIGKILL").be_done
    page.choose_life(trace.dead)
    summary = page.details.summary
    qtbot.waitUntil(lambda: "Segmentation" in summary.words.toPlainText(), timeout=DEADLINE)
    assert summary.held.rowCount() == 1
    assert summary.sentence.text() == "The worker crashed with SIGSEGV."
    assert summary.exit.text() == "signal 11, SIGSEGV"
    assert "GET /" in summary.held.index(0, 1).data()
    assert summary.held.index(0, 2).data() == "1.00 s"
    assert page.details.events.rowCount() == 3
    with qtbot.waitSignal(page.exchange_wanted) as wanted:
        summary.table.activated.emit(summary.held.index(0, 0))
    assert wanted.args == [trace.held]
    page.choose_life(trace.later)
    assert summary.before_words.text() == "Before it: generation 1 crashed with SIGSEGV."
    summary.before.click()
    assert page.chosen.id == trace.dead
    assert page.timeline.chosen == trace.dead
    page.details.tabs.setCurrentIndex(details.STACKS)
    assert page.details.stacks.empty.headline.text() == "No stacks"


def test_choosing_an_instance_says_how_it_runs(page, told):
    told(app("shop", worker(1), worker(2), command="uvicorn shop:app --workers 2"))
    page.tree.setCurrentIndex(page.model.index(0, 0, page.model.index(0, 0)))
    assert page.details.title.text() == "uvicorn, 2 workers, instance 7"
    assert not page.commands.can("pause").be_done
    page.tree.setCurrentIndex(page.model.index(0, 0))
    assert page.details.title.text() == "Application shop"


def test_clicking_what_is_in_hand_shows_it(page, told, qtbot):
    told(app("shop", worker(1, in_hand=(4, 5))))
    page.details.tabs.setCurrentIndex(details.EVENTS)
    choose(page, 1)
    page.tree.clicked.emit(page.tree.currentIndex().siblingAtColumn(IN_HAND))
    assert page.details.tabs.currentIndex() == details.SUMMARY


# --- the time line ----------------------------------------------------------------------------------------------------


def life(identity: int, slot: int, born: int, ended: int = 0, **more: object) -> Life:
    usual: dict[str, object] = {"app": "shop", "mode": "uvicorn", "generation": identity, "pid": 100 + identity,
                                "state": "exited" if ended else "ready", "began": born / 1e9}  # fmt: skip
    return Life(slot=slot, id=identity, born_ns=born, ready_ns=born + S // 2, ended_ns=ended, **{**usual, **more})  # type: ignore[arg-type]


LIVES = [
    life(1, 1, 10 * S, 20 * S, cause="crash", outcome="crashed", alarming=True, in_hand=(7,)), life(2, 1, 25 * S),
    life(3, 2, 10 * S, 30 * S, cause="graceful", outcome="ended"), life(4, 2, 31 * S, pauses=((35 * S, 0),)),
]  # fmt: skip


@pytest.fixture
def timeline(qtbot):
    made = Timeline()
    qtbot.addWidget(made)
    made.resize(700, 200)
    made.show_lives(LIVES, (), 40 * S, 0)
    made.show()
    return made


def middle(timeline: Timeline, wanted: Life) -> QPoint:
    number = next(n for n, row in enumerate(timeline.rows) if wanted in row.lives)
    scale = timeline._scale()
    x = (scale.x(wanted.born_ns) + scale.x(wanted.ended_ns or 40 * S)) / 2
    return QPoint(NAMES + round(x), timeline._top(number) + 10)


def test_a_click_chooses_a_life_and_a_double_click_enters_it(timeline, qtbot):
    with qtbot.waitSignal(timeline.life_chosen) as chosen:
        qtbot.mouseClick(timeline.viewport(), Qt.MouseButton.LeftButton, pos=middle(timeline, LIVES[0]))
    assert chosen.args == [1]
    with qtbot.waitSignal(timeline.life_entered):
        qtbot.mouseDClick(timeline.viewport(), Qt.MouseButton.LeftButton, pos=middle(timeline, LIVES[3]))
    assert timeline.hit(QPoint(4, AXIS + 4)) is None
    assert timeline.hit(QPoint(300, 2)) is None


def test_arrows_walk_from_life_to_life(timeline, qtbot):
    walked = []
    timeline.life_chosen.connect(walked.append)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        qtbot.keyClick(timeline, key)
    assert walked == [4, 3, 1, 2, 2, 4]
    assert "pid 104" in timeline.accessibleDescription()
    with qtbot.waitSignal(timeline.life_entered):
        qtbot.keyClick(timeline, Qt.Key.Key_Return)


def test_the_tooltip_says_cause_and_what_was_in_hand(timeline):
    words = timeline.words(LIVES[0])
    assert "The worker crashed." in words
    assert "In hand: #7." in words
    at = middle(timeline, LIVES[0])
    event = QHelpEvent(QEvent.Type.ToolTip, at, timeline.viewport().mapToGlobal(at))
    assert timeline.viewportEvent(event)
    assert timeline.viewportEvent(QHelpEvent(QEvent.Type.ToolTip, QPoint(0, 0), QPoint(0, 0)))


def wheel(timeline: Timeline, x: float, delta: int, modifiers: Qt.KeyboardModifier) -> None:
    event = QWheelEvent(QPointF(x, 60), QPointF(x, 60), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, modifiers,
                        Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(timeline.viewport(), event)


def test_the_wheel_zooms_at_the_pointer_and_home_shows_all(timeline, qtbot):
    whole = timeline._view().span
    before = timeline._scale().t(300)
    wheel(timeline, NAMES + 300, 240, Qt.KeyboardModifier.NoModifier)
    assert timeline.view.span < whole
    assert abs(timeline._scale().t(300) - before) < whole / 100
    begin = timeline.view.begin
    wheel(timeline, NAMES + 300, -240, Qt.KeyboardModifier.ShiftModifier)
    assert timeline.view.begin > begin
    timeline.choose(1)
    assert timeline.view.begin <= 20 * S <= timeline.view.end or timeline.view.begin <= 10 * S
    qtbot.keyClick(timeline, Qt.Key.Key_Home)
    assert timeline._view().span == whole
    qtbot.keyClick(timeline, Qt.Key.Key_Plus)
    assert timeline._view().span < whole


def test_a_thousand_lives_are_painted_without_a_pause(timeline):
    lives = [life(n, 1 + n % 4, n * S, n * S + S // 2, cause=("killed", "graceful")[n % 2]) for n in range(1, 1001)]
    timeline.show_lives(lives, (), 1002 * S, 0)
    timeline.grab()
    spent = []
    for _ in range(5):
        began = time.thread_time()
        timeline.grab()
        spent.append(time.thread_time() - began)
    assert min(spent) < 0.05, f"a frame took {min(spent) * 1000:.0f} ms"


def test_every_sign_can_be_painted(timeline):
    causes = ("graceful", "scale-down", "reload", "max-requests", "timeout", "forced", "killed", "crash", "exit",
              "boot error", "out of memory", "unknown", "who knows")  # fmt: skip
    lives = [life(n, n, S, (2 + n) * S, cause=cause) for n, cause in enumerate(causes, 1)]
    lives += [life(50, 20, S, 4 * S, cause="graceful", in_hand=(1,)), life(51, 21, S, state="cut off")]
    timeline.resize(900, 900)
    timeline.show_lives(lives, (), 20 * S, 0)
    assert not timeline.grab().isNull()
    assert len({one.sign.shape for one in lives}) == 13


# --- lists ------------------------------------------------------------------------------------------------------------


def test_the_lists_are_sound(qapp):
    lives = [Life("shop", "uvicorn", 1, 1, 100, "ready", 1.0),
             Life("shop", "uvicorn", 1, 1, 100, "exited", 1.0, 2.0, "died", alarming=True, in_hand=(5,))]  # fmt: skip
    events = [Event(1.0, "shop", "failed", "died", 1, 100), Event(1.0, "shop", "other", "odd")]
    held = [Held(5, "GET /", 0, ""), Held(6, "GET /\n", S, "call, 1.0 s ago", "lost")]
    for model, rows in ((lives_model(qapp), lives), (events_model(qapp), events), (held_model(qapp), held)):
        tester = QAbstractItemModelTester(model, FATAL)
        model.tick()
        model.show_rows(rows)
        model.tick()
        assert model.rowCount() == len(rows)
        assert model.headerData(0, Qt.Orientation.Vertical) is None
        assert model.headerData(0, Qt.Orientation.Horizontal)
        for line in range(model.rowCount()):
            for column in range(model.columnCount()):
                assert isinstance(model.index(line, column).data(), str)
                model.index(line, column).data(Qt.ItemDataRole.ForegroundRole)
        tester.deleteLater()
        model.deleteLater()


def test_the_stacks_model_is_sound(qapp):
    model = StacksModel(qapp)
    QAbstractItemModelTester(model, FATAL)
    model.show_stacks(list(STACKS))
    model.show_stacks(list(STACKS), all_calls=True)
    assert model.headerData(0, Qt.Orientation.Horizontal)
    assert model.index(1, 0).data(EXCHANGE_ROLE) == 5
    frame = model.index(2, 2, model.index(1, 0))
    assert frame.data() == "await pay()"
    assert frame.data(EXCHANGE_ROLE) == 5
    assert "/srv/shop/app.py:12" in frame.data(Qt.ItemDataRole.ToolTipRole)
    model.deleteLater()


def test_the_node_of_a_row_is_at_hand(model):
    model.show_status(app("shop", worker(1)))
    assert model.index(0, 0, model.slots(0)).data(NODE_ROLE).slot == 1
    assert model.node(QModelIndex()) is None
    assert not model.find(("nowhere",)).isValid()


def test_what_blocked_the_event_loop_is_said_and_led_to(qtbot):
    tab = SummaryTab()
    qtbot.addWidget(tab)
    tab.show()
    tab.show_facts(Facts("The worker serves."), Evidence(1, blocked="Its event loop was blocked once.", blocker=7))
    assert tab.blocked_words.isVisible()
    with qtbot.waitSignal(tab.exchange_wanted, check_params_cb=lambda exchange: exchange == 7):
        tab.blocker.click()
    tab.show_facts(Facts("The worker serves."), Evidence(1))
    assert not tab.blocked_words.isVisible()
