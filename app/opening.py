"""What is opened: a trace, a project's folder, an archive that is made a trace of first; here, or in a further window.

Knows the command line's words for it; nothing of pages. Whatever can't be opened leaves as a signal, in words.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QStandardPaths, Signal

_ROOT = Path(__file__).resolve().parents[1]
_SQLITE = b"SQLite format 3\0"  #: what a trace begins with (https://www.sqlite.org/fileformat.html, section 1.3)


class Opening(QObject):
    """Finds out what a path is, and says what to do with it.

    Signals:
        trace_found(str): look at this trace.
        folder_found(str): take the application in this folder.
        failed(str, str): what could not be opened, and why with what to do.
        began(str): something that takes a while is being done.
    """

    trace_found = Signal(str)
    folder_found = Signal(str)
    failed = Signal(str, str)
    began = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._import: QProcess | None = None

    def open_all(self, paths: list[str]) -> None:
        """The first one here; the others in windows of their own."""
        for at, path in enumerate(paths):
            if at == 0:
                self.open(path)
            else:
                self.open_beside(path)

    def open(self, path: str) -> None:
        """Open it here."""
        found = Path(path)
        try:
            if found.is_dir():
                self.folder_found.emit(path)
            elif found.suffix.casefold() == ".har":
                self._make_trace(found)
            elif _begins(found) == _SQLITE:
                self.trace_found.emit(path)
            else:
                why = "It is no trace, no HAR file and no folder. Take a *.gatescope file, a *.har file, or a project."
                self.failed.emit(f"{found.name} can't be opened.", why)
        except OSError as error:
            self.failed.emit(f"{found.name} can't be read.", f"{error.strerror or error}.")

    def open_beside(self, path: str = "") -> None:
        """Open it, or nothing, in a further window: a process of its own, which this one's end is nothing to."""
        arguments = ["-m", "app", *(["open", path] if path else [])]
        started, _pid = QProcess.startDetached(sys.executable, arguments, str(_ROOT))
        if not started:
            self.failed.emit("No further window could be opened.", f"{sys.executable} can't be run.")

    def _make_trace(self, archive: Path) -> None:
        if self._import is not None:
            self.failed.emit(f"{archive.name} was not read.", "Another archive is being read. Try again in a moment.")
            return
        trace = _imports() / f"{archive.stem}.gatescope"
        process = self._import = QProcess(self)
        process.setWorkingDirectory(str(_ROOT))
        process.setProgram(sys.executable)
        process.setArguments(["-m", "supervisor.cli", "import", str(archive), "-o", str(trace), "--force"])
        process.finished.connect(lambda status, _how: self._on_imported(archive, trace, status))
        process.errorOccurred.connect(lambda _error: self._on_imported(archive, trace, -1))
        self.began.emit(f"Reading {archive.name}…")
        process.start()

    def _on_imported(self, archive: Path, trace: Path, status: int) -> None:
        process, self._import = self._import, None
        if process is None:
            return
        said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        if status == 0:
            self.trace_found.emit(str(trace))
        else:
            self.failed.emit(f"{archive.name} can't be imported.", said or "The importer could not be run.")


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_SQLITE))


def _imports() -> Path:
    """Where traces made of archives are kept."""
    folder = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation))
    made = folder / "gatescope" / "imports"
    made.mkdir(parents=True, exist_ok=True, mode=0o700)
    return made
