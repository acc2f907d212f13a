"""The window: launch area on top, one page below it, status bar. It knows pages only as widgets that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import focus
from app.actions import Action, ActionRegistry
from app.keys import KeysPage
from app.notice import Notice
from app.palette import CommandPalette
from app.settings import Settings
from app.status import StatusLine
from app.switcher import PageSwitcher
from app.theme import Scheme, Theme

_SMALLEST, _LARGEST = 70, 200  #: per cent
_TEXT_SIZES = (
    ("larger", "Larger text", "Ctrl++ Ctrl+=", 10), ("smaller", "Smaller text", "Ctrl+-", -10),
    ("normal", "Text as large as the system says", "Ctrl+0", 0),
)  # fmt: skip
#: Always there, so that the row does not move when the pages come that fill them; others stand before the last.
_MENUS = ("File", "View", "Application", "Traffic", "Replay", "Compare", "Findings", "Statistics", "Help")
_REFILL_MS = 100  #: after the last of several actions that come one after another


@dataclass(frozen=True, slots=True)
class Page:
    """One of the window's pages."""

    id: str
    title: str
    icon: str
    make: Callable[[], QWidget]  #: its widget, which is made when it is asked for first
    module: str = ""  #: what is to be imported for that

    @property
    def widget(self) -> QWidget:
        """What is shown."""
        return self.make()


@dataclass(frozen=True, slots=True)
class Tools:
    """What the window needs beside widgets."""

    actions: ActionRegistry
    settings: Settings
    theme: Theme


class MainWindow(QMainWindow):
    """The one window.

    Signals:
        closed: the user closed it; its layout is saved.
        looked_at: it was minimised (False), or is there again (True).
        files_dropped(list[str]): files or folders were dropped on it.
        trace_wanted(str): a trace was chosen to be opened.
    """

    closed = Signal()
    looked_at = Signal(bool)
    files_dropped = Signal(object)
    trace_wanted = Signal(str)

    def __init__(self, pages: Sequence[Page], launch: QWidget, welcome: Callable[[], QWidget], tools: Tools) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("Gatescope")
        self.setMinimumSize(QSize(900, 560))
        self.resize(1280, 820)
        self.setAcceptDrops(True)
        self._actions, self._settings, self._theme = tools.actions, tools.settings, tools.theme
        self._pages = {page.id: page for page in pages}
        self._launch, self._make_welcome = launch, welcome
        self._welcome: QWidget | None = None
        tools.actions.use_keys(tools.settings.shared("keys", {}))
        self._keys = KeysPage(tools.actions)
        self._keys.changed.connect(self._keep_keys)
        self.notice = Notice()
        self._stack = QStackedWidget()
        self._stack.setMinimumHeight(240)  # pages give way to what the launch area has to explain, as far as that
        self._stack.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.page = self._before = ""
        self.status = StatusLine()
        self.setStatusBar(self.status)
        self._register(pages)
        self._switcher = PageSwitcher([(page.id, page.title, page.icon) for page in pages], tools.actions)
        self._switcher.page_wanted.connect(self.show_page)
        self._lay_out()
        self.palette_view = CommandPalette(tools.actions, self)
        tools.actions.set_home(self)
        self._fill_menus()
        self._refill = QTimer(self, singleShot=True, interval=_REFILL_MS)
        self._refill.timeout.connect(self._fill_menus)
        tools.actions.added.connect(lambda _id: self._refill.start())
        self.page = pages[0].id
        self._switcher.show_current(self.page)
        tools.settings.remember(self)

    def show_page(self, identity: str) -> None:
        """Show one of the pages; the first, if there is none of that name."""
        identity = identity if identity in self._pages else next(iter(self._pages))
        if identity != self.page:
            self._before = self.page
        self.page = identity
        self._settings.set_value("window.page", identity)
        self._bring(self._pages[identity].widget)
        self._switcher.show_current(self.page)
        self.leave_welcome()

    def furnish(self) -> Iterator[None]:
        """Make the pages that are not there yet, in pieces of which each takes some hundredths of a second."""
        for page in self._pages.values():
            if page.module:
                import_module(page.module)
                yield
            widget = page.widget
            yield
            self._take_in(widget)
            yield

    def show_welcome(self) -> None:
        """Show the first page, and nothing else."""
        self._launch.hide()
        self._switcher.hide()
        self.status.show_figures(on=False)
        if self._welcome is None:
            self._welcome = self._make_welcome()
        self._bring(self._welcome)

    def leave_welcome(self) -> None:
        """There is something to show."""
        self._launch.show()
        self._switcher.show()
        self.status.show_figures(on=True)
        if self._stack.currentWidget() is self._welcome:
            self._bring(self._pages[self.page].widget)

    def show_keys(self) -> None:
        """Show the keys page, or go back from it."""
        self._bring(self._pages[self.page].widget if self._stack.currentWidget() is self._keys else self._keys)

    def _bring(self, page: QWidget) -> None:
        """Show what the stack holds; the focus goes into it, unless it is on a bar of the window's own."""
        self._take_in(page)
        now = QApplication.focusWidget()
        inside = now is None or now is self or self._stack.isAncestorOf(now)
        self._stack.setCurrentWidget(page)
        if inside and self.isVisible():
            focus.enter(page)

    def _take_in(self, page: QWidget) -> None:
        if self._stack.indexOf(page) < 0:
            self._stack.addWidget(page)

    def say(self, text: str) -> None:
        """Say something for a few seconds."""
        self.status.say(text)

    def show_trace(self, path: str) -> None:
        """Which file is looked at."""
        self.status.show_trace(path)
        self.setWindowTitle(f"{path.rpartition('/')[2]} - Gatescope" if path else "Gatescope")

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Remember the layout, and say that it is over; nothing is asked."""
        self._settings.save_layout()
        event.accept()
        self.closed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Files of this machine are welcome; what they are is looked at when they are dropped."""
        if _local_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Hand on what was dropped."""
        files = _local_files(event)
        if files:
            event.acceptProposedAction()
            self.files_dropped.emit(files)

    def come_forward(self) -> None:
        """In front of other windows, with the focus, as far as the system lets it."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def choose_trace(self) -> None:
        """Let the user pick a trace, or a file to make one of."""
        dialog = QFileDialog(self, "Open a trace")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(["Traces and archives (*.gatescope *.har)", "All files (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.trace_wanted)
        dialog.open()

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802  Qt's name and form
        """Tab leads on in reading order."""
        return focus.step(self, forward=forward)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Tell when nobody looks."""
        if event.type() == QEvent.Type.WindowStateChange:
            self.looked_at.emit(not self.isMinimized())
        super().changeEvent(event)

    # regions

    def _lay_out(self) -> None:
        self._stack.addWidget(next(iter(self._pages.values())).widget)
        self._stack.addWidget(self._keys)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._launch)
        column.addWidget(self._switcher)
        column.addWidget(self.notice)
        column.addWidget(self._stack, 1)
        self.setCentralWidget(middle)

    # actions

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """A key that nobody took: do what it is for in the page in view, or say why that can't be done now."""
        key, shown = QKeySequence(event.keyCombination()), self._stack.currentWidget()
        owner = self._actions.owner_of(key, QApplication.focusWidget())
        if owner is None and event.text().isalpha() and shown is not None:
            owner = self._actions.owner_within(key, shown)  # nobody types: a letter need not be pressed in the table
        why = self._actions.why_not(owner.id) if owner else ""
        if owner and why:
            self.say(f"{owner.title.rstrip('…')}: not now. {why}.")
        elif owner and owner.scope is not None and event.text().isalpha():
            self._actions.run(owner.id)
        elif event.key() == Qt.Key.Key_Escape and self._before and self._stack.currentWidget() is not self._welcome:
            self._go_back()
        else:
            super().keyPressEvent(event)

    def _go_back(self) -> None:
        """To the page before this one, where nothing on this one was left to go back from; not further."""
        before, here = self._before, self.page
        if here != next(iter(self._pages)):
            self.show_page(before)
            focus.enter(self._pages[before].widget)
            self._before = next(iter(self._pages))

    def _keep_keys(self) -> None:
        self._settings.set_shared("keys", self._actions.chosen_keys())

    def _register(self, pages: Sequence[Page]) -> None:
        for number, page in enumerate(pages, start=1):
            self._actions.add(self._page_action(page, number))
        for scheme in Scheme:
            self._actions.add(self._scheme_action(scheme))
        for verb, title, keys, by in _TEXT_SIZES:
            run = partial(self._size_text, by)
            self._actions.add(Action(f"text.{verb}", title, run, shortcut=keys, group="View"))
        for action in (
            Action("window.palette", "All commands…", self._open_palette, shortcut="Ctrl+K", group="View",
                   icon="keyboard"),
            Action("window.keys", "Keys", self.show_keys, shortcut="F1", group="Help", icon="keyboard"),
            Action("window.leave-keys", "Leave the keys page", self.show_keys, shortcut="Esc", group="Help",
                   scope=self._keys, menu=False),
            Action("window.open-trace", "Open a trace…", self.choose_trace, shortcut="Ctrl+T", group="File",
                   icon="open", tip="A recorded trace, or a HAR file to make one of"),
            Action("window.close", "Quit", self.close, shortcut="Ctrl+Q", group="File", icon="quit"),
        ):  # fmt: skip
            self._actions.add(action)

    def _size_text(self, by: int) -> None:
        """Larger or smaller by so many per cent; 0: as the system says."""
        size = self._settings.option("text_size") + by if by else 100
        self._settings.set_option("text_size", min(max(size, _SMALLEST), _LARGEST))

    def _open_palette(self) -> None:
        self.palette_view.open()

    def _page_action(self, page: Page, number: int) -> Action:
        def show() -> None:
            self.show_page(page.id)
            focus.enter(page.widget)

        title = f"Go to {page.title}"
        return Action(f"page.{page.id}", title, show, shortcut=f"Ctrl+{number}", group="View", icon=page.icon)

    def _scheme_action(self, scheme: Scheme) -> Action:
        titles: dict[Scheme, tuple[str, str]] = {
            Scheme.SYSTEM: ("Colours as the system says", "info"), Scheme.LIGHT: ("Light colours", "sun"),
            Scheme.DARK: ("Dark colours", "moon"), Scheme.CONTRAST: ("Dark colours of high contrast", "moon"),
            Scheme.CONTRAST_LIGHT: ("Light colours of high contrast", "sun"),
        }  # fmt: skip
        title, sign = titles[scheme]
        run: Callable[[], object] = lambda: self._settings.set_option("theme", str(scheme))  # noqa: E731
        return Action(
            f"theme.{scheme}", title, run, group="View", icon=sign, checked_when=lambda: self._theme.scheme is scheme
        )

    def _fill_menus(self) -> None:
        bar = self.menuBar()
        bar.clear()
        for menu in bar.findChildren(QMenu):
            menu.deleteLater()
        groups = dict.fromkeys(_MENUS[:-1], ()) | self._actions.groups()
        groups[_MENUS[-1]] = groups.pop(_MENUS[-1], ())
        for group, actions in groups.items():
            shown = [action for action in actions if action.menu]
            if shown or group in _MENUS:
                menu = bar.addMenu(f"&{group}")
                menu.aboutToShow.connect(self._actions.refresh)
                for action in shown:
                    menu.addAction(self._actions.get(action.id))


def _local_files(event: QDropEvent) -> list[str]:
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
