"""A real window on a real supervisor, and a camera: what the scenes are played on.

Knows the window as its composition root builds it; knows nothing of what is to be seen.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtWidgets import QApplication

from app.desk import Desk
from app.garbage import collect_in_this_thread
from app.link import SupervisorLink
from app.link.place import secure
from app.link.process import SupervisorProcess
from app.request import Request
from app.settings import Settings
from app.theme import Scheme
from inspector.store.reader import ExchangeRow

SIZES = (QSize(1440, 900), QSize(1024, 700))
SCHEMES = (Scheme.LIGHT, Scheme.DARK)
#: Seconds to wait for anything, on a machine that has other things to do.
PATIENCE = 180.0
#: Seconds in which a window that was resized or repainted comes to rest: queries are answered, bars laid out.
_REST = 0.4


class SceneError(Exception):
    """What a scene waited for did not come."""


class Studio:
    """A window, its camera and somebody who asks for pages.

    ``folder``: for what they write; ``out``: for pictures; ``text_size``: in per cent.
    """

    def __init__(self, application: QApplication, folder: Path, out: Path, text_size: int = 100) -> None:
        collect_in_this_thread(application)
        self.application = application
        self.out = out
        self.folder = folder
        self.made: list[Path] = []
        self._process = SupervisorProcess((sys.executable, "-m", "supervisor", "--linger", "15"))
        link = SupervisorLink(secure(folder / "sockets") / "window-1.sock", self._process)
        settings = Settings(folder / "settings.ini")
        settings.set_option("text_size", text_size)
        self.desk = Desk(application, settings, link)
        self.desk.window.resize(SIZES[0])
        self.desk.window.show()

    # --- time ---------------------------------------------------------------------------------------------------------

    def until(self, happened: Callable[[], object], what: str) -> None:
        """Let the window live until ``happened()``."""
        end = time.monotonic() + PATIENCE
        while not happened():
            if time.monotonic() > end:
                raise SceneError(f"{what} did not happen within {PATIENCE:.0f} seconds")
            self._breathe()

    def rest(self, seconds: float = _REST) -> None:
        """Let the window live for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._breathe()

    def _breathe(self) -> None:
        self.application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.005)

    # --- the application ----------------------------------------------------------------------------------------------

    def open(self, request: Request) -> None:
        """Open what the command line would."""
        self.desk.open(request)

    def start(self, name: str) -> None:
        """Have the application called ``name`` running; the window on it."""
        controller = self.desk.controller
        if controller.name != name:
            controller.select(name)
        if not controller.live:
            controller.start_when_ready()
        self.serving()

    def serving(self, mode: str = "", workers: int = 0) -> None:
        """Wait until the application serves, in ``mode`` and with so many workers if they are given."""
        controller = self.desk.controller

        def serves() -> bool:
            status = controller.status
            if status is None or status.state != "running" or controller.busy:
                return False
            return mode in ("", status.mode) and workers in (0, status.workers)

        self.until(serves, f"serving {mode or 'at all'}")

    def switch(self, mode: str, *, workers: int = 1, adapt: bool = False) -> None:
        """Take another mode, as the launch bar would, and wait until it serves."""
        self.desk.controller.set_workers(workers)
        self.desk.controller.set_mode(mode, adapt=adapt)
        self.serving(mode, workers)

    @property
    def url(self) -> str:
        """Where the proxy answers."""
        status = self.desk.controller.status
        assert status is not None
        return status.url

    @contextmanager
    def asking(self, *paths: str, pause: float = 0.0) -> Iterator[None]:
        """Requests for all ``paths``, each in a thread of its own; over when all were answered."""
        threads = [threading.Thread(target=self._get, args=(path,), daemon=True) for path in paths]
        for thread in threads:
            thread.start()
            self.rest(pause)
        yield
        self.until(lambda: not any(thread.is_alive() for thread in threads), f"an answer to {paths[-1]}")

    def ask(self, *paths: str) -> None:
        """Ask for ``paths``, all at once, and wait for the answers."""
        with self.asking(*paths):
            pass

    def _get(self, path: str) -> None:
        try:
            httpx.get(self.url + path, timeout=PATIENCE, trust_env=False)
        except httpx.HTTPError:
            return  # somebody died on the way: that is what the scene is about

    # --- the table ----------------------------------------------------------------------------------------------------

    def row(self, wanted: Callable[[ExchangeRow], object]) -> ExchangeRow:
        """The newest exchange in the table that is ``wanted``."""
        found: list[ExchangeRow] = []
        model = self.desk.traffic.model

        def there() -> bool:
            rows = (model.row_at(position) for position in reversed(range(model.rowCount())))
            found[:] = [row for row in rows if row is not None and wanted(row)][:1]
            return bool(found)

        self.until(there, "the exchange of the scene")
        return found[0]

    def newest(self, path: str) -> ExchangeRow:
        """The newest exchange of this path."""
        return self.row(lambda row: row.path == path)

    def choose(self, wanted: Callable[[ExchangeRow], object], tab: str = "Summary") -> ExchangeRow:
        """Select an exchange and show one of its tabs."""
        row = self.row(wanted)
        self.desk.window.show_page("traffic")
        self.desk.traffic.show_exchange(row.id)
        panel = self.desk.traffic.detail
        self.until(lambda: panel.shown == row.id, "the exchange's detail")
        titles = [panel.tabs.title(number) for number in range(panel.tabs.pages.count())]
        number = next((number for number, title in enumerate(titles) if title.startswith(tab)), -1)
        if number < 0:
            raise SceneError(f"{tab} is not among {titles}")
        panel.show_tab(number)
        self.rest()
        return row

    # --- the camera ---------------------------------------------------------------------------------------------------

    def shoot(self, name: str) -> None:
        """Pictures of the window as it stands, in each size and scheme: ``NAME-light-1440.png`` and so on."""
        window = self.desk.window
        for size in SIZES:
            window.resize(size)
            for scheme in SCHEMES:
                self.desk.settings.set_option("theme", scheme.value)
                self.rest()
                path = self.out / f"{name}-{scheme.value}-{size.width()}.png"
                if not window.grab().save(str(path)):
                    raise SceneError(f"{path} could not be written")
                self.made.append(path)
        window.resize(SIZES[0])
        self.rest()

    def tidy(self) -> None:
        """After a scene that broke off: nothing under way that the next one would wait for, and the first page."""
        self.desk.comparison.cancel()
        self.desk.window.resize(SIZES[0])
        self.desk.window.show_page("traffic")
        self.rest()

    def close(self) -> None:
        """Close the window and see its supervisor off."""
        self.desk.window.close()
        self.until(self._process.ended, "the supervisor's end")
        self.desk.window.deleteLater()
        self._breathe()
