"""The program: looks whether there can be a window, builds it, and runs the event loop.

python -m app                      the desktop app
python -m app open TRACE|PROJECT   on a trace or a project's folder
python -m app demo                 on the demo applications
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

from app.about import versions
from app.crash import CrashReports, LastWords, left_behind
from app.display import missing_display
from app.garbage import collect_in_this_thread
from app.link import SupervisorLink
from app.link.place import UnsafeFolderError, alive, claim, runtime_folder, secure, session_key
from app.link.process import SupervisorProcess
from app.request import parse
from app.settings import Settings
from app.single import FirstWindow
from app.stall_watch import StallWatch

if TYPE_CHECKING:
    from app.desk import Desk
    from app.window import MainWindow

#: How soon a thread that reads gives the interpreter to the window's, which may want it in the middle of a frame.
_SWITCH_S = 0.001


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
    left = left_behind(folder, alive, versions)
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
    from app.desk import Desk  # most of the program: nobody looks through it for garbage any more

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
