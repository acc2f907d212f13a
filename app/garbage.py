"""Collects cyclic garbage in the window's thread, and in no other.

Python looks for garbage in whichever thread happens to allocate. One that reads a trace would then take Qt objects
apart: it holds a lock of Qt's while it waits for the interpreter, and the window's thread the other way round, both
for ever.
Knows nothing of what is collected.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QTimer

#: How often to look; a look is one young generation at most times.
_EVERY_MS = 500
_NAME = "garbage"


def collect_in_this_thread(application: QCoreApplication) -> None:
    """From now on, and as long as ``application`` lives. To be called in its thread; once is enough."""
    gc.disable()
    if application.findChild(QTimer, _NAME) is None:
        timer = QTimer(application, interval=_EVERY_MS)
        timer.setObjectName(_NAME)
        timer.timeout.connect(collect)
        timer.start()


def collect() -> None:
    """Collect the oldest generation that is due by Python's own thresholds."""
    for generation, (count, limit) in reversed(list(enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)))):
        if limit and count > limit:
            gc.collect(generation)
            return
