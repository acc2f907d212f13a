"""Tests that judge how long the window's thread works at once are ``alone``: ``make test`` runs them after all others.

The processor time of one thread grows while other tests share the cores and their caches, and that isn't the window's.
"""

from __future__ import annotations

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt's watch over the window (``tests.support.nets.no_stalls``) is what makes a test one of them."""
    for item in items:
        if "no_stalls" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.alone)
