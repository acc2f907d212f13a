"""The status bar: what is shown, what is under way, how fast it comes, how much it takes, what is missing, and where.

Shows what it is told; the rate it works out itself, from the counts.
"""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from app.rate import Rate
from app.theme import tip
from app.theme.widgets import ElidedLabel, label, look
from app.traffic import formats
from inspector.export import cost_words
from inspector.store.reader import TraceCounts

_AGAIN_MS = 500
_STAY_MS = 4_000
_DROPPED = "Details left out because recording could not keep up; requests never wait for it"


_MEASURED = "The median of some calls that are measured as they happen; the calls' own time includes it"


class StatusLine(QStatusBar):
    """Figures at the left, the trace's file at the right; words for a moment take their place."""

    def __init__(self) -> None:
        super().__init__()
        self.counts, self.flight, self.rate, self.volume = label(), label(), label(), label()
        self.captured, self.dropped, self.cost = label("", "muted"), label(), label("", "muted")
        self.trace = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._rate = Rate()
        self._recorded: int | None = None
        self._again = QTimer(self, interval=_AGAIN_MS)
        self._again.timeout.connect(self._show_rate)
        self._lay_out()

    def _lay_out(self) -> None:
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 8, 0)
        named: tuple[tuple[QLabel, str], ...] = (
            (self.counts, "Exchanges"), (self.flight, "In flight"), (self.rate, "Rate"),
            (self.captured, "Not captured"), (self.dropped, "Dropped"), (self.volume, "Size of the trace"),
            (self.cost, "Cost of the probe"),
        )  # fmt: skip
        for widget, name in named:
            widget.setAccessibleName(name)
            self.addWidget(widget)
        for widget in (self.captured, self.rate, self.volume, self.cost):
            widget.hide()
        self.rate.setToolTip("Exchanges recorded a second, over the last few seconds")
        self.volume.setToolTip("What the trace takes on the disk, its log too")
        self.trace.setAccessibleName("Trace file")
        self.trace.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.addWidget(self.trace, 1)  # a permanent one would leave no room for messages

    def _offer(self, widget: QWidget, *, there: bool) -> None:
        """Show or hide a figure; while something is said, Qt holds all of them back and shows them afterwards."""
        if there and self.currentMessage():
            widget.hide()
            widget.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, on=False)
        else:
            widget.setVisible(there)

    def say(self, text: str) -> None:
        """Say something for a few seconds."""
        self.showMessage(text, _STAY_MS)

    def show_counts(self, shown: int, total: int) -> None:
        """How many exchanges the table shows, of how many."""
        exchanges = "exchange" if total == 1 else "exchanges"
        self.counts.setText(f"{total:,} {exchanges}" if shown == total else f"{shown:,} of {total:,} {exchanges}")

    def show_figures(self, *, on: bool) -> None:
        """Whether there is anything to count."""
        for widget in (self.counts, self.flight, self.dropped):
            self._offer(widget, there=on)

    def show_volume(self, counts: TraceCounts) -> None:
        """How much there is in the trace now."""
        self.volume.setText(formats.size(counts.file_bytes))
        self._offer(self.volume, there=True)
        self._recorded = counts.exchanges
        self._rate.see(counts.exchanges, monotonic())

    def show_live(self, *, on: bool) -> None:
        """Whether the trace grows: one that does not has no rate."""
        self._offer(self.rate, there=on)
        if on and not self._again.isActive():
            self._rate = Rate()
            self._again.start()
            self._show_rate()
        elif not on:
            self._again.stop()

    def _show_rate(self) -> None:
        now = monotonic()
        if self._recorded is not None:
            self._rate.see(self._recorded, now)
        rate = self._rate.per_second(now)
        self.rate.setText(f"{rate:,.0f}/s" if rate >= 10 or rate == 0 else f"{rate:.1f}/s")

    def show_capture(self, filter_: str, not_captured: int) -> None:
        """What is recorded by the user's choice, and how much it left out; an empty filter records everything."""
        self._offer(self.captured, there=bool(filter_))
        self.captured.setText(f"{not_captured:,} not captured")
        words = f"By your choice only what passes this filter is recorded (launch options):\n{filter_}"
        self.captured.setToolTip(tip(words))

    def show_recording(self, in_flight: int, dropped: int) -> None:
        """What is under way, and what was not recorded."""
        self.flight.setText(f"{in_flight:,} in flight")
        self.dropped.setText(f"{dropped:,} dropped")
        look(self.dropped, "error" if dropped else "")
        self.dropped.setToolTip(_DROPPED)

    def show_cost(self, probe_ns: int, call_ns: int) -> None:
        """What the probe itself costs a call, of the time that one takes; 0: not measured."""
        self._offer(self.cost, there=bool(probe_ns))
        self.cost.setText(f"probe {cost_words.short(probe_ns)} a call")
        words = f"Recording costs a request {cost_words.of_a_call(probe_ns, call_ns)} in the worker"
        self.cost.setToolTip(tip(f"{words}.\n{_MEASURED}"))

    def show_trace(self, path: str) -> None:
        """Which file is looked at; an empty path: none."""
        self.trace.show_text(path)
        self._recorded = None
        if not path:
            self.volume.hide()
            self.show_live(on=False)
