"""Columns of a table that are left out where there is no room for them beside the one that says what a row is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHeaderView


def spare_columns(header: QHeaderView, width: int, *, least: int, spare: Sequence[int]) -> None:
    """Hide as many of the columns ``spare``, the first of them first, as the first column needs to be ``least`` wide.

    ``width``: pixels that there are for all of them; ``least`` in pixels too. The columns must keep their own widths,
    but for the first.
    """
    for at in spare:
        header.setSectionHidden(at, False)  # a hidden one has no width
    room = width - least - sum(header.sectionSize(at) for at in range(1, header.count()))
    for at in spare:
        if room >= 0:
            return
        room += header.sectionSize(at)
        header.setSectionHidden(at, True)
