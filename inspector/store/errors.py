"""What can go wrong with a trace, for the user.

    TraceError    a trace could not be opened, read or made: what happened, why, and what to do

SQLite's own errors stop here: whoever uses the store sees only this one.
"""

from __future__ import annotations

import sqlite3


class TraceError(Exception):
    """A trace could not be opened, read or made. ``str()`` is the three sentences together."""

    def __init__(self, what: str, why: str = "", next: str = "") -> None:
        super().__init__(what, why, next)
        self.what = what
        self.why = why
        self.next = next

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.next) if part)


#: What reading a file may raise: SQLite's own; the other when a damaged name makes a message that is no UTF-8.
READING_ERRORS = (sqlite3.Error, UnicodeDecodeError)


def explain(error: Exception) -> str:
    """Why SQLite gave up, in words. Result codes: https://www.sqlite.org/rescode.html"""
    if not isinstance(error, sqlite3.Error):
        return "The file is damaged."
    name = getattr(error, "sqlite_errorname", "") or ""
    for prefix, words in _REASONS:
        if name.startswith(prefix):
            return words
    return f"SQLite says: {error}."


_REASONS = (
    ("SQLITE_FULL", "The disk is full."),
    ("SQLITE_IOERR", "The disk could not be read or written (input/output error)."),
    ("SQLITE_CORRUPT", "The file is damaged."),
    ("SQLITE_NOTADB", "The file is not an SQLite database."),
    ("SQLITE_CANTOPEN", "It could not be opened; its folder may be missing or closed to you."),
    ("SQLITE_READONLY", "It may not be written."),
    ("SQLITE_PERM", "You may not use it."),
    ("SQLITE_BUSY", "Another program has locked it."),
    ("SQLITE_LOCKED", "Another program has locked it."),
    ("SQLITE_NOMEM", "There is not enough memory."),
)
