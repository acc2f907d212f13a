"""The SQL functions that conditions of ``inspector.query.sql`` call; the store's reader registers them.

Pure. They are called once for each row that is looked at, with whatever a trace holds, and never raise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache


def header(head: object, name: object) -> str | None:
    """The value of the header ``name`` in a raw head, several joined by ", " (RFC 9110 section 5.3), or None."""
    if not isinstance(head, bytes) or not isinstance(name, str):
        return None
    wanted = name.lower().encode("latin-1", "replace")
    values = []
    for line in head.split(b"\n")[1:]:
        found, colon, value = line.partition(b":")
        if colon and found.lower() == wanted:
            values.append(value.strip().decode("latin-1"))
    return ", ".join(values) if values else None


def regex(pattern: object, value: object) -> int | None:
    """Whether ``pattern`` is found in ``value``, whatever the case of its letters; None where there is no value."""
    if not isinstance(pattern, str) or not isinstance(value, str):
        return None
    compiled = _compiled(pattern)
    return None if compiled is None else int(compiled.search(value) is not None)


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError):  # the language lets no such pattern through
        return None


#: Name in SQL, number of arguments, function. All are deterministic.
FUNCTIONS: tuple[tuple[str, int, Callable[..., str | int | None]], ...] = (
    ("gs_header", 2, header),
    ("gs_regex", 2, regex),
)
