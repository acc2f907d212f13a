"""What holds for all tests.

Those that judge how long the window's thread works at once are ``alone``: ``make test`` runs them after all others. The
processor time of one thread grows while other tests share the cores and their caches, and that isn't the window's. For
the same reason a test in which the window stalled is run again: what the machine did does not come twice, what the
window does comes each time.
"""

from __future__ import annotations

import sys

import pytest

# Where the environment forbids compiled files, as containers like to, each of pytest's processes would rewrite the
# assertions of every test anew: that is most of what collecting them costs. What the tests start is not told otherwise.
sys.dont_write_bytecode = False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt's watch over the window (``tests.support.nets.no_stalls``) is what makes a test one of them."""
    for item in items:
        if "no_stalls" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.alone)
            item.add_marker(pytest.mark.flaky(reruns=2, only_rerun="the window stalled"))
