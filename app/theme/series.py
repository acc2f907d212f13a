"""Colours for lines that stand beside each other in a plot. Pure: roles only.

Who draws them gives each a pattern or a place of its own besides: not everybody tells all of these apart.
"""

from __future__ import annotations

from app.theme.roles import Role

SERIES = (
    Role.ACCENT, Role.CLIENT_ERROR, Role.OK, Role.PENDING, Role.REDIRECT, Role.SERVER_ERROR, Role.TEXT, Role.MUTED,
)  # fmt: skip


def role_of(number: int) -> Role:
    """The colour of the line of that number, from 0; they come again after the last."""
    return SERIES[number % len(SERIES)]
