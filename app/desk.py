"""The window with all that it is made of: builds the parts, passes each what it needs, and joins them by signals.

What is painted first is made first. Pages that are not in view follow in pieces, and then the supervisor is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.about import installed, versions
from app.actions import Action, ActionRegistry
from app.capturing import Capturing
from app.feed import TraceFeed
from app.launch.area import LaunchArea
from app.launch.controller import LaunchController
from app.launch.demos import demo_entries
from app.link import LinkState, SupervisorLink
from app.opening import Opening
from app.request import Request
from app.settings import Settings
from app.theme import Scheme, Theme, dress, icon
from app.traffic.filter_field import keep_history, seen_in
from app.traffic.page import TrafficPage
from app.traffic.pinned import PinnedDetails
from app.traffic.terms import FieldTerm
from app.window import MainWindow, Page, Tools

if TYPE_CHECKING:
    from app.comparison.page import ComparisonPage
    from app.findings.page import FindingsPage
    from app.logs.page import LogsPage
    from app.replay.page import ReplayPage
    from app.statistics.page import StatisticsPage
    from app.traffic.compare.page import ComparePage
    from app.traffic.edit.editing import Editing
    from app.welcome import WelcomePage
    from app.workers.page import WorkersPage

#: How long the window's process waits for the supervisor to confirm its end.
FAREWELL_MS = 2000
#: How long a trace's rows have the window to themselves when it opens, before the pages that are not in view are made.
_ROWS_FIRST_MS = 300


class Desk:
    """Everything there is, wired up."""

    def __init__(self, application: QApplication, settings: Settings, link: SupervisorLink) -> None:
        self.application, self.settings, self.link = application, settings, link
        self.theme = Theme(application, Scheme(settings.option("theme")))
        self.theme.set_text_size(settings.option("text_size"))  # before there is anything that is measured by it
        self._build()
        dress(self.window)
        self._trace_path = ""
        self._rest = self._furnish()
        self._next = QTimer(self.window, singleShot=True)
        self._next.timeout.connect(self._go_on)
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
        pages = (
            Page("traffic", "Traffic", "traffic", lambda: self.traffic),
            Page("workers", "Workers", "workers", lambda: self.workers, "app.workers.page"),
            Page("findings", "Findings", "findings", lambda: self.findings, "app.findings.page"),
            Page("replay", "Replay", "replay", lambda: self.replay, "app.replay.page"),
            Page("logs", "Logs", "logs", lambda: self.logs, "app.logs.page"),
            Page("statistics", "Statistics", "statistics", lambda: self.statistics, "app.statistics.page"),
            Page("compare", "Side by side", "columns", lambda: self.compare, "app.traffic.compare.page"),
            Page("comparison", "Compare", "bars", lambda: self.comparison, "app.comparison.page"),
        )
        tools = Tools(self.actions, settings, self.theme)
        self.window = MainWindow(pages, self.launch, lambda: self.welcome, tools)
        self.window.setWindowIcon(icon("gatescope"))
        self.pinned = PinnedDetails(self.feed, self.traffic.table.current_id, self.actions, settings)
        self.opening = Opening(self.window)

    def open(self, request: Request) -> None:
        """Show what was asked for; the other pages follow, and when all are there to hear of it, the supervisor."""
        self.link.expect()
        self._show(request)
        self._next.start(_ROWS_FIRST_MS if request.trace else 0)

    def _furnish(self) -> Iterator[None]:
        """Make the pages that nobody has asked for yet, in pieces: keys and clicks come between."""
        yield from self.window.furnish()
        self.link.start()

    def _go_on(self) -> None:
        if next(self._rest, self) is None:
            self._next.start(0)

    def _show(self, request: Request) -> None:
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

    # pages that are not needed for what is painted first: made when they are first asked for, at the latest by _furnish

    @cached_property
    def welcome(self) -> WelcomePage:
        """What there is to begin with."""
        from app.welcome import WelcomePage

        made = WelcomePage()
        made.folder_wanted.connect(self.launch.choose_folder)
        made.demo_wanted.connect(self.try_demo)
        return made

    @cached_property
    def workers(self) -> WorkersPage:
        """The Workers page."""
        from app.workers.page import WorkersPage

        made = WorkersPage(self.link, self.feed, self.settings, self.actions)
        made.exchange_wanted.connect(self._on_exchange_wanted)
        made.offer = self.traffic.offer_terms
        return made

    @cached_property
    def findings(self) -> FindingsPage:
        """The Findings page."""
        from app.findings.page import FindingsPage

        made = FindingsPage(self.feed, self.actions, self.settings, self.traffic.judging)
        made.exchange_wanted.connect(self._on_finding_wanted)
        made.filter_wanted.connect(self._on_filter_wanted)
        made.said.connect(self.window.say)
        return made

    @cached_property
    def replay(self) -> ReplayPage:
        """The Replay page."""
        from app.replay.page import ReplayPage

        made = ReplayPage(self.link, self.feed, self.actions, self.settings)
        made.shown.connect(partial(self.window.show_page, "replay"))
        made.exchange_wanted.connect(self._on_exchange_wanted)
        made.trace_wanted.connect(self.opening.open)
        self.traffic.selection_changed.connect(made.set_selection)
        made.set_selection(self.traffic.table.selected_ids())
        self._always(lambda: made.set_app(self.controller.name if self.controller.status else ""))
        return made

    @cached_property
    def logs(self) -> LogsPage:
        """The Logs page."""
        from app.logs.page import LogsPage

        made = LogsPage(self.link, self.feed, self.settings, self.actions)
        made.exchange_wanted.connect(self._on_exchange_wanted)
        made.offer = lambda menu, terms: self.traffic.offer_terms(menu, [FieldTerm(term) for term in terms])
        return made

    @cached_property
    def statistics(self) -> StatisticsPage:
        """The Statistics page."""
        from app.statistics.page import StatisticsPage

        made = StatisticsPage(self.feed, self.actions, self.settings)
        made.filter_wanted.connect(self._on_filter_wanted)
        made.offer = self.traffic.offer_terms
        made.said.connect(self.window.say)
        self.traffic.filter.query_changed.connect(made.set_query)
        made.set_query(self.traffic.listing.query)
        self.traffic.notes.changed.connect(lambda gone, other: made.restart() if gone or other else None)
        return made

    @cached_property
    def compare(self) -> ComparePage:
        """The page for two exchanges side by side."""
        from app.traffic.compare.page import ComparePage

        made = ComparePage(self.link, self.feed, self.actions, self.settings)
        made.shown.connect(partial(self.window.show_page, "compare"))
        made.left.connect(partial(self.window.show_page, "traffic"))
        made.said.connect(self.window.say)
        return made

    @cached_property
    def comparison(self) -> ComparisonPage:
        """The page that compares modes."""
        from app.comparison.page import ComparisonPage

        made = ComparisonPage(self.link, self.feed, self.actions, self.settings)
        made.said.connect(self.window.say)
        made.trace_wanted.connect(self.opening.open)
        made.shown.connect(partial(self.window.show_page, "comparison"))
        self.window.closed.connect(made.results.close)

        def tell() -> None:
            current = self.controller.current
            made.set_target(current.spec if current else None, self.controller.listed)

        self._always(tell)
        return made

    @cached_property
    def editing(self) -> Editing:
        """Requests changed and sent again."""
        from app.traffic.edit.editing import Editing

        controller = self.controller
        made = Editing(self.link, self.feed, self.traffic, lambda: controller.name if controller.status else "")
        made.said.connect(self.window.say)
        made.shown.connect(self._on_sent_shown)
        return made

    def _always(self, tell: Callable[[], None]) -> None:
        """Tell how things stand, now and whenever that changes."""
        self.controller.changed.connect(tell)
        tell()

    def _connect(self) -> None:
        controller, window, traffic = self.controller, self.window, self.traffic
        controller.trace_changed.connect(self.show_trace)
        controller.changed.connect(self._on_changed)
        controller.entries_changed.connect(self._on_entries_changed)
        self.link.state_changed.connect(self._on_link_changed)
        traffic.replay_wanted.connect(self._on_replay_wanted)
        traffic.edit_wanted.connect(self._on_edit_wanted)
        traffic.compare_wanted.connect(self._on_compare_wanted)
        traffic.other_wanted.connect(self._on_other_wanted)
        traffic.filtering.narrowed.connect(lambda: window.show_page("traffic"))
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

    def _on_edit_wanted(self, identity: int) -> None:
        self.editing.edit(identity)

    def _on_sent_shown(self, _identity: int) -> None:
        self.window.show_page("traffic")
        self.traffic.table.setFocus()

    def _on_replay_wanted(self, identities: Sequence[int]) -> None:
        self.replay.replay(identities)

    def _on_compare_wanted(self, one: int, other: int) -> None:
        self.compare.show_two(one, other)

    def _on_finding_wanted(self, identity: int) -> None:
        self.traffic.detail.show_findings()
        self._on_exchange_wanted(identity)

    def _on_other_wanted(self, identity: int) -> None:
        if self.controller.current is not None:
            self.compare.show_other(identity, self.controller.current.spec)

    def _on_filter_wanted(self, text: str) -> None:
        self.window.show_page("traffic")
        self.traffic.filter_by(text)

    def _on_worker_wanted(self, identity: int) -> None:
        self.window.show_page("workers")
        self.workers.choose_life(identity)

    def _on_changed(self) -> None:
        status = self.controller.status
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
        self._next.stop()
        self.pinned.close_all()
        self.feed.close()
        QTimer.singleShot(FAREWELL_MS, self.application, self.application.quit)
        self.link.shut_down(self.application.quit)
