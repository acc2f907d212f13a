"""The composition root: builds everything, passes it in, runs the event loop.

python -m app                      the desktop app
python -m app open TRACE|PROJECT   on a trace or a project's folder
python -m app demo                 on the demo applications
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from app.about import installed, versions
from app.actions import Action, ActionRegistry
from app.capturing import Capturing
from app.comparison.page import ComparisonPage
from app.crash import CrashReports, LastWords, left_behind
from app.display import missing_display
from app.feed import TraceFeed
from app.findings.page import FindingsPage
from app.garbage import collect_in_this_thread
from app.launch.area import LaunchArea
from app.launch.controller import LaunchController
from app.launch.demos import demo_entries
from app.link import LinkState, SupervisorLink
from app.link.place import UnsafeFolderError, alive, claim, runtime_folder, secure, session_key
from app.link.process import SupervisorProcess
from app.logs.page import LogsPage
from app.opening import Opening
from app.replay.page import ReplayPage
from app.settings import Settings
from app.single import FirstWindow
from app.stall_watch import StallWatch
from app.statistics.page import StatisticsPage
from app.theme import Scheme, Theme, dress, icon
from app.traffic.compare.page import ComparePage
from app.traffic.filter_field import keep_history, seen_in
from app.traffic.page import TrafficPage
from app.traffic.pinned import PinnedDetails
from app.traffic.terms import FieldTerm
from app.welcome import WelcomePage
from app.window import MainWindow, Page, Tools
from app.workers.page import WorkersPage

#: How long the window's process waits for the supervisor to confirm its end.
FAREWELL_MS = 2000
#: How soon a thread that reads gives the interpreter to the window's, which may want it in the middle of a frame.
_SWITCH_S = 0.001


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for."""

    demo: bool = False
    project: str = ""
    trace: str = ""

    @property
    def session(self) -> str:
        """What this session is about: the same again finds its supervisor again."""
        return "demo" if self.demo else self.project or self.trace


class Desk:
    """Everything there is, wired up."""

    def __init__(self, application: QApplication, settings: Settings, link: SupervisorLink) -> None:
        self.application, self.settings, self.link = application, settings, link
        self.theme = Theme(application, Scheme(settings.option("theme")))
        self.theme.set_text_size(settings.option("text_size"))  # before there is anything that is measured by it
        self._build()
        dress(self.window)
        self._trace_path = ""
        self._connect()

    def _build(self) -> None:
        link, settings = self.link, self.settings
        self.actions = ActionRegistry()
        self.feed = TraceFeed()
        self.controller = LaunchController(link, settings)
        self.launch = LaunchArea(self.controller, link, self.actions)
        self.launch.options.capture.line.source = seen_in(self.feed, "capture completion")
        keep_history(self.launch.options.capture, settings, "launch.captures")
        self.traffic = TrafficPage(self.feed, self.actions, settings)
        self.replay = ReplayPage(link, self.feed, self.actions, settings)
        self.compare = ComparePage(link, self.feed, self.actions, settings)
        self.comparison = ComparisonPage(link, self.feed, self.actions, settings)
        self.workers = WorkersPage(link, self.feed, settings, self.actions)
        self.findings = FindingsPage(self.feed, self.actions, settings, self.traffic.judging)
        self.logs = LogsPage(link, self.feed, settings, self.actions)
        self.statistics = StatisticsPage(self.feed, self.actions, settings)
        self.welcome = WelcomePage()
        pages = (
            Page("traffic", "Traffic", "traffic", self.traffic), Page("workers", "Workers", "workers", self.workers),
            Page("findings", "Findings", "findings", self.findings),
            Page("replay", "Replay", "replay", self.replay), Page("logs", "Logs", "logs", self.logs),
            Page("statistics", "Statistics", "statistics", self.statistics),
            Page("compare", "Side by side", "columns", self.compare),
            Page("comparison", "Compare", "bars", self.comparison),
        )  # fmt: skip
        tools = Tools(self.actions, settings, self.theme)
        self.window = MainWindow(pages, self.launch, self.welcome, tools)
        self.window.setWindowIcon(icon("gatescope"))
        self.pinned = PinnedDetails(self.feed, self.traffic.table.current_id, self.actions, settings)
        self.opening = Opening(self.window)

    def open(self, request: Request) -> None:
        """Show what was asked for, and reach the supervisor."""
        self.link.start()
        if request.trace:
            self.show_trace(request.trace, live=False)
        elif request.demo:
            self.try_demo()
        elif request.project:
            self.launch.open_folder(request.project)
        else:
            self.controller.load_recent()
            names = list(self.controller.entries)
            if names:
                self.controller.select(names[0])
            else:
                self.window.show_welcome()
                return
        self.window.show_page(self.settings.value("window.page", "traffic"))

    def try_demo(self) -> None:
        """Offer the demo applications, and start one."""
        self.controller.add_entries(demo_entries())
        names = [name for name, entry in self.controller.entries.items() if entry.demo]
        if names and not self.controller.any_live:
            self.controller.select("fastapi" if "fastapi" in names else names[0])
            self.controller.start_when_ready()

    def show_trace(self, path: str, live: bool) -> None:
        """Look at a trace from now on; an empty path: at none."""
        self.window.show_trace(path)
        self.window.status.show_live(on=bool(path) and live)
        if path != self._trace_path:
            self._trace_path = path
            if path:
                self.feed.open(path, live=live)
            else:
                self.feed.close()
        elif path:
            self.feed.set_live(live)

    def _connect(self) -> None:
        controller, window, traffic = self.controller, self.window, self.traffic
        controller.trace_changed.connect(self.show_trace)
        controller.changed.connect(self._on_changed)
        controller.entries_changed.connect(self._on_entries_changed)
        self.link.state_changed.connect(self._on_link_changed)
        self.welcome.folder_wanted.connect(self.launch.choose_folder)
        self.welcome.demo_wanted.connect(self.try_demo)
        traffic.replay_wanted.connect(self.replay.replay)
        traffic.selection_changed.connect(self.replay.set_selection)
        self.replay.shown.connect(lambda: window.show_page("replay"))
        self.replay.exchange_wanted.connect(self._on_exchange_wanted)
        self.workers.exchange_wanted.connect(self._on_exchange_wanted)
        traffic.compare_wanted.connect(self.compare.show_two)
        traffic.other_wanted.connect(self._on_other_wanted)
        self.compare.shown.connect(lambda: window.show_page("compare"))
        self.compare.left.connect(lambda: window.show_page("traffic"))
        self.compare.said.connect(window.say)
        self.findings.exchange_wanted.connect(self._on_finding_wanted)
        self.findings.filter_wanted.connect(self._on_filter_wanted)
        self.findings.said.connect(window.say)
        self.statistics.filter_wanted.connect(self._on_filter_wanted)
        self.logs.exchange_wanted.connect(self._on_exchange_wanted)
        self.workers.offer = self.statistics.offer = self.traffic.offer_terms
        self.logs.offer = lambda menu, terms: self.traffic.offer_terms(menu, [FieldTerm(term) for term in terms])
        self.traffic.filtering.narrowed.connect(lambda: self.window.show_page("traffic"))
        self.statistics.said.connect(window.say)
        traffic.filter.query_changed.connect(self.statistics.set_query)
        traffic.notes.changed.connect(self._on_notes_changed)
        traffic.said.connect(window.say)
        traffic.detail.said.connect(window.say)
        traffic.detail.worker_wanted.connect(self._on_worker_wanted)
        traffic.shown_changed.connect(window.status.show_counts)
        self.feed.counts_changed.connect(window.status.show_volume)
        window.looked_at.connect(self.feed.set_visible)
        window.closed.connect(self._on_closed)
        self.settings.option_changed.connect(self._on_option_changed)
        self.settings.unwritable.connect(partial(window.notice.say, "What you set here will be forgotten."))
        self._connect_opening()
        self.pinned.exchange_wanted.connect(self._on_exchange_wanted)
        self.pinned.worker_wanted.connect(self._on_worker_wanted)
        self.pinned.filter_wanted.connect(self._on_filter_wanted)
        self.pinned.said.connect(window.say)
        demo = Action("launch.demo", "Try the demo", self.try_demo, group="File", icon="demo")
        self.actions.add(demo)
        self.actions.add(Action("window.new", "New window", self.opening.open_beside, shortcut="Ctrl+N", group="File",
                                tip="With an application and a trace of its own"))  # fmt: skip
        Capturing(self.controller, lambda: self.traffic.filter.text, self.actions, window.say)
        self.actions.add(Action("window.about", "About: versions of everything", self.show_about, group="Help",
                                icon="info"))  # fmt: skip

    def _connect_opening(self) -> None:
        opening, window = self.opening, self.window
        self.comparison.said.connect(window.say)
        self.comparison.trace_wanted.connect(opening.open)
        self.replay.trace_wanted.connect(opening.open)
        self.comparison.shown.connect(lambda: window.show_page("comparison"))
        window.files_dropped.connect(opening.open_all)
        window.trace_wanted.connect(opening.open)
        opening.trace_found.connect(self._on_trace_found)
        opening.folder_found.connect(self.launch.open_folder)
        opening.began.connect(window.say)
        opening.failed.connect(window.notice.say)

    def show_about(self) -> None:
        """The versions of everything, to be copied."""
        self.window.notice.say("Gatescope and what it works with", "", self.versions(), fault=False, unfolded=True)

    def versions(self) -> str:
        """Of everything that takes part now."""
        listed = self.controller.listed
        interpreter = listed.target.python if listed else ""
        return versions(installed(interpreter) if interpreter else None)

    def _on_trace_found(self, path: str) -> None:
        """A trace was opened by hand: look at it here, unless what runs is being recorded; then in a further window."""
        if self.controller.live:
            self.opening.open_beside(path)
            self.window.say(f"{Path(path).name} opens in a window of its own: this one records.")
        else:
            self.window.show_page("traffic")
            self.show_trace(path, live=False)

    def _on_exchange_wanted(self, identity: int) -> None:
        self.window.show_page("traffic")
        self.traffic.show_exchange(identity)

    def _on_finding_wanted(self, identity: int) -> None:
        self.traffic.detail.show_findings()
        self._on_exchange_wanted(identity)

    def _on_other_wanted(self, identity: int) -> None:
        if self.controller.current is not None:
            self.compare.show_other(identity, self.controller.current.spec)

    def _on_filter_wanted(self, text: str) -> None:
        self.window.show_page("traffic")
        self.traffic.filter_by(text)

    def _on_notes_changed(self, gone: set[int], other: bool) -> None:
        if gone or other:
            self.statistics.restart()

    def _on_worker_wanted(self, identity: int) -> None:
        self.window.show_page("workers")
        self.workers.choose_life(identity)

    def _on_changed(self) -> None:
        status = self.controller.status
        self.replay.set_app(self.controller.name if status else "")
        current = self.controller.current
        self.comparison.set_target(current.spec if current else None, self.controller.listed)
        self.window.status.show_recording(status.in_flight if status else 0, status.dropped if status else 0)
        self.window.status.show_capture(status.capture if status else "", status.not_captured if status else 0)
        self.window.status.show_cost(status.probe_ns if status else 0, status.call_ns if status else 0)
        self.traffic.set_known(status is not None)
        self.traffic.set_address(status.url if status and self.controller.live else "")
        self.traffic.lanes.show_processes(status.processes if status else ())
        self.actions.refresh()

    def _on_entries_changed(self) -> None:
        if self.controller.entries:
            self.window.leave_welcome()

    def _on_link_changed(self, state: LinkState) -> None:
        self.launch.render_problem()
        if state is LinkState.LOST and self.link.problem is not None:
            self.window.leave_welcome()
            self.window.say(self.link.problem.what)

    def _on_option_changed(self, name: str) -> None:
        if name == "theme":
            self.theme.apply(Scheme(self.settings.option("theme")))
            self.actions.refresh()
        elif name == "text_size":
            self.theme.set_text_size(self.settings.option("text_size"))

    def _on_closed(self) -> None:
        """The window is gone: end the supervisor, but don't wait for it for ever."""
        self.pinned.close_all()
        self.comparison.results.close()
        self.feed.close()
        QTimer.singleShot(FAREWELL_MS, self.application, self.application.quit)
        self.link.shut_down(self.application.quit)


def parse(arguments: list[str]) -> Request:
    """What the command line asks for. Exits with status 2 and a message if it makes no sense."""
    parser = argparse.ArgumentParser(prog="gatescope", description="See what a web server and its application say.")
    verbs = parser.add_subparsers(dest="verb")
    opening = verbs.add_parser("open", help="on a trace or a project's folder")
    opening.add_argument("path", nargs="?", default="")
    verbs.add_parser("demo", help="on the demo applications")
    given = parser.parse_args(arguments)
    if given.verb == "demo":
        return Request(demo=True)
    path = Path(given.path).resolve() if given.verb == "open" and given.path else None
    if path is None:
        return Request()
    if not path.exists():
        parser.error(f"{path} is not there: give a trace (*.gatescope) or a project's folder")
    return Request(project=str(path)) if path.is_dir() else Request(trace=str(path))


class _Signals:
    """Closes the window on SIGINT and SIGTERM: Python only looks at signals when Qt runs some of its code."""

    def __init__(self, window: MainWindow) -> None:
        self._read, self._write = socket.socketpair()
        self._write.setblocking(False)
        self._read.setblocking(False)
        signal.set_wakeup_fd(self._write.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, window)
        self._notifier.activated.connect(window.close)


def _watch_for_faults(desk: Desk, folder: Path) -> LastWords:
    """Faults of the window are told in it, each once, and those of windows that died here at the next start."""
    why = "Traffic is not affected. Nothing is sent to anybody: what follows is all there is, and has no traffic in it."
    CrashReports(lambda what, text: desk.window.notice.say(what, why, text), desk.versions).install()
    left = left_behind(folder, alive, versions())
    if left:
        desk.window.notice.say("A window of Gatescope died the last time.", why, left)
    words = LastWords(folder, os.getpid())
    words.begin()
    desk.application.aboutToQuit.connect(words.end)
    return words


def _watch_stalls(window: MainWindow) -> None:
    """Tell, where whoever started it reads, when this window does not answer for too long."""
    watch = StallWatch(window)
    watch.stalled.connect(lambda stall: sys.stderr.write(f"gatescope: {stall}"))
    window.closed.connect(watch.stop)
    watch.start()


def main(arguments: list[str] | None = None) -> int:
    """Run the desktop app. The exit status: 0, or 2 when it can't even begin."""
    request = parse(sys.argv[1:] if arguments is None else arguments)
    if reason := missing_display(os.environ, sys.platform):
        sys.stderr.write(
            f"gatescope: there is no screen to show a window on: {reason}.\n"
            "Every action works without one too, for example: gatescope run TARGET --mode MODE  (gatescope --help)\n"
        )
        return 2
    try:
        folder = secure(runtime_folder())
    except (UnsafeFolderError, OSError) as error:
        sys.stderr.write(f"gatescope: no safe place for the control socket. {error}\n")
        return 2
    application = QApplication(sys.argv[:1])
    sys.setswitchinterval(_SWITCH_S)
    collect_in_this_thread(application)
    application.setApplicationName("Gatescope")
    application.setDesktopFileName("gatescope")
    application.setQuitOnLastWindowClosed(False)
    first = FirstWindow(folder / f"{session_key(request.session)}.window")
    if request.session and not first.is_first():
        return 0  # it has come forward
    path = claim(folder, session_key(request.session), os.getpid(), alive)
    desk = Desk(application, Settings(project=request.session), SupervisorLink(path, SupervisorProcess()))
    _signals = _Signals(desk.window)
    _words = _watch_for_faults(desk, folder)
    first.raise_wanted.connect(desk.window.come_forward)
    desk.window.show()
    desk.open(request)
    if os.environ.get("GATESCOPE_WATCH_STALLS"):
        _watch_stalls(desk.window)
    gc.freeze()  # what is there now stays: to look through it for garbage would hold up the window each time
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
