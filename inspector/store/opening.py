"""Opening a trace to read it: as it lies there, or a private copy where that cannot be.

A trace in WAL mode needs its ``-shm`` beside it. Where that is missing and cannot be made (a killed recording on a
read-only folder) or the version is old (it may not be changed), a copy in a temporary folder is read. Its reader may
have tables of its own beside it (``findings``), so nothing forbids that connection to write: the copy is nobody's.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from inspector.store import schema
from inspector.store.errors import READING_ERRORS, TraceError, explain

_SUFFIXES = ("", "-wal")


@dataclass(slots=True)
class Opened:
    """A connection, and the private copy it reads if it reads one."""

    connection: sqlite3.Connection
    copy: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Close, and remove the copy."""
        self.connection.close()
        if self.copy is not None:
            self.copy.cleanup()


def open_for_reading(path: Path) -> Opened:
    """The trace at ``path``. Raises TraceError: it is missing, no trace, damaged, or newer than this program."""
    if not path.is_file():
        what = f"{path} is a folder, not a trace." if path.is_dir() else f"There is no trace at {path}."
        raise TraceError(what, "", "Choose a file that Gatescope recorded (*.gatescope).")
    if not os.access(path, os.R_OK):
        raise TraceError(f"{path} cannot be read.", "You may not read this file.", "Ask its owner.")
    try:
        opened = _open(path)
    except READING_ERRORS as error:
        raise _unreadable(path, error) from None
    return opened


def _open(path: Path) -> Opened:
    try:
        connection = _connect(path, "ro")
    except sqlite3.OperationalError as error:
        if not str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise
        return _open_copy(path)
    try:
        found = schema.check(connection, str(path))
        if found == schema.version():
            schema.check_tables(connection, str(path))
            return Opened(connection)
    except BaseException:
        connection.close()
        raise
    connection.close()
    return _open_copy(path)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5.0)
    # Bytes that are no UTF-8 are shown with replacement characters, not refused.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    try:
        # A file from elsewhere: nothing in its schema may call functions, and damage is looked for.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _open_copy(path: Path) -> Opened:
    """The same from a folder of our own, brought to our version."""
    folder = tempfile.TemporaryDirectory(prefix="gatescope-", ignore_cleanup_errors=True)
    try:
        for suffix in _SUFFIXES:
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                shutil.copyfile(beside, Path(folder.name, "trace" + suffix))
        connection = _connect(Path(folder.name, "trace"), "rw")
        try:
            schema.check(connection, str(path))
            schema.migrate(connection)
            schema.check_tables(connection, str(path))
        except BaseException:
            connection.close()
            raise
    except BaseException:
        folder.cleanup()
        raise
    return Opened(connection, folder)


def _unreadable(path: Path, error: Exception) -> TraceError:
    name = str(getattr(error, "sqlite_errorname", ""))
    if name == "SQLITE_NOTADB":
        return TraceError(f"{path} is not a Gatescope trace.", explain(error), "Choose a file that Gatescope recorded.")
    return TraceError(f"{path} could not be opened.", explain(error), "Open a copy of it, if there is one.")
