"""Which modes are to be compared: each as a chip with its numbers, and the launch bar's list to add more from."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from app.launch import choice as choices
from app.launch.modes_list import SLUG, ServerList
from app.theme import tip
from app.theme.widgets import icon_button, label, look
from app.traffic.flow import FlowLayout
from supervisor.control.messages import ModesListed, ModeStatus, TrialMode

_USUAL = 3  #: modes that are offered to begin with
_MOST_WORKERS, _MOST_THREADS = 64, 512


class ModeChip(QFrame):
    """One mode.

    Signals:
        changed(): another number of workers or threads.
        removed(): it is not to be compared.
    """

    changed = Signal()
    removed = Signal()

    def __init__(self, mode: ModeStatus, wanted: TrialMode) -> None:
        super().__init__()
        look(self, "chip")
        self.mode = mode
        self.setToolTip(tip(mode.reason))
        title = label(mode.slug)
        mark = choices.MARKS.get(mode.state, "")
        self.workers = self._stepper("workers", wanted.workers, _MOST_WORKERS) if mode.workers else None
        self.threads = self._stepper("threads", wanted.threads or 1, _MOST_THREADS) if mode.threads else None
        self.remove = icon_button("close", f"Don't compare {mode.slug}")
        self.remove.clicked.connect(self.removed)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 2, 2)
        row.setSpacing(4)
        row.addWidget(title)
        if mark:
            row.addWidget(label(mark, "caption"))
        for spin, what in ((self.workers, "workers"), (self.threads, "threads")):
            if spin is not None:
                row.addWidget(spin)
                row.addWidget(QLabel(what))
        row.addWidget(self.remove)

    def _stepper(self, what: str, value: int, most: int) -> QSpinBox:
        spin = QSpinBox(minimum=1, maximum=most, value=value)
        spin.setAccessibleName(f"{what.capitalize()} of {self.mode.slug}")
        spin.valueChanged.connect(self.changed)
        return spin

    @property
    def wanted(self) -> TrialMode:
        """As the supervisor is asked for it."""
        workers = self.workers.value() if self.workers else 1
        return TrialMode(mode=self.mode.slug, workers=workers, threads=self.threads.value() if self.threads else 0)


class ModesChosen(QWidget):
    """The chips, and the list.

    Signals:
        changed(): others are chosen, or other numbers.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: list[ModeChip] = []
        self._listed: ModesListed | None = None
        self.add = ServerList()
        self.add.setObjectName("comparisonAdd")
        self.add.setAccessibleName("Add a mode")
        self.add.setPlaceholderText("Add a mode…")
        self.add.setMinimumContentsLength(16)
        self.add.activated.connect(self._on_picked)
        holder = QWidget()
        self._holder = holder
        self._flow = FlowLayout(holder, 6)
        self._flow.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(holder)
        self._flow.addWidget(self.add)

    @property
    def modes(self) -> tuple[TrialMode, ...]:
        """What is chosen, each once."""
        return tuple(dict.fromkeys(chip.wanted for chip in self.chips))

    @property
    def adapt(self) -> bool:
        """Whether one of them needs an adapter; who chose it wants that."""
        return any(chip.mode.state == "adaptable" for chip in self.chips)

    def event(self, event: QEvent) -> bool:
        """As high as its lines, also where all else gives way."""
        done = super().event(event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._holder.setMinimumHeight(self._flow.heightForWidth(self.width()))
        return done

    def offer(self, listed: ModesListed | None, wanted: tuple[TrialMode, ...]) -> None:
        """Offer the modes of a target, and choose ``wanted``, or some that can run where those are none of it."""
        self._listed = listed
        modes = listed.modes if listed else ()
        self.add.show_modes(modes, listed, "")
        self.add.setEnabled(bool(modes))
        usual = [TrialMode(mode=mode.slug) for mode in modes if choices.runs_as_it_is(mode.state)][:_USUAL]
        known = [mode for mode in wanted if choices.find_mode(listed, mode.mode) in modes]
        self._replace(known or usual)

    def _replace(self, wanted: list[TrialMode]) -> None:
        for chip in self.chips:
            self._take_away(chip)
        self.chips.clear()
        for mode in wanted:
            self._put(mode)

    def _put(self, wanted: TrialMode) -> None:
        mode = choices.find_mode(self._listed, wanted.mode)
        if mode is None:
            return
        chip = ModeChip(mode, wanted)
        chip.changed.connect(self.changed)
        chip.removed.connect(lambda: self._on_removed(chip))
        self.chips.append(chip)
        self._flow.removeWidget(self.add)
        self._flow.addWidget(chip)
        self._flow.addWidget(self.add)
        chip.show()
        self.updateGeometry()

    def _on_picked(self, row: int) -> None:
        slug = self.add.itemData(row, SLUG)
        with QSignalBlocker(self.add):
            self.add.setCurrentIndex(-1)
        self._put(TrialMode(mode=slug, workers=self._unused(slug)))
        self.changed.emit()

    def _unused(self, slug: str) -> int:
        """One worker; twice as many as before for a mode that is added again, to compare it with itself."""
        workers = [chip.wanted.workers for chip in self.chips if chip.mode.slug == slug and chip.workers]
        return min(2 * max(workers), _MOST_WORKERS) if workers else 1

    def _on_removed(self, chip: ModeChip) -> None:
        at = self.chips.index(chip)
        self.chips.remove(chip)
        self._take_away(chip)
        (self.chips[min(at, len(self.chips) - 1)].remove if self.chips else self.add).setFocus()
        self.changed.emit()

    def _take_away(self, chip: ModeChip) -> None:
        self._flow.removeWidget(chip)
        chip.hide()
        chip.deleteLater()
        self.updateGeometry()
