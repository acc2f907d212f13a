"""What stands above the rules: a filter for exchanges, which severities and whose faults, and how much was found."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.feed import TraceFeed
from app.settings import Settings
from app.theme import Role, set_icon
from app.theme.rows import FoldingRow, group
from app.theme.widgets import label, look, rule
from app.traffic import finding_words as words
from app.traffic.filter_field import FilterField, keep_history, seen_in
from inspector.query import Query, parse
from inspector.store.findings import Wanted


class FindingsBar(QWidget):
    """Signals:

    wanted_changed(): other findings are asked for, see ``wanted``.
    judging_wanted(bool): judge what was not judged, or stop that.
    """

    wanted_changed = Signal()
    judging_wanted = Signal(bool)

    def __init__(self, feed: TraceFeed, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findingsBar")
        look(self, "bar")
        self._query: Query | None = None
        self.filter = FilterField("Filter of the findings", "Exchanges, for example  path:/api  (Ctrl+F)", _read)
        self.filter.line.source = seen_in(feed, "findings completion")
        keep_history(self.filter, settings, "findings/filters")
        self.severities = {severity: _toggle(name, icon, ink, words.MEANINGS[severity])
                           for severity, (name, icon, ink) in words.SEVERITIES.items()}  # fmt: skip
        self.faults = {fault: _toggle(name, "", Role.TEXT, f"Findings by the {fault}")
                       for fault, name in words.FAULTS.items()}  # fmt: skip
        self.said = label("", "muted")
        self.said.setAccessibleName("What was found")
        self.judging = QPushButton()
        look(self.judging, "link")
        self.judging.hide()
        self._runs = False
        self._arrange()
        self.filter.used.connect(self._on_filter)
        for key, made in (*self.severities.items(), *self.faults.items()):
            settings.keep_checked(made, f"findings/{key}")
            made.toggled.connect(lambda _on: self.wanted_changed.emit())
        self.judging.clicked.connect(lambda: self.judging_wanted.emit(not self._runs))

    def _arrange(self) -> None:
        kinds = group(*self.severities.values(), rule(), *self.faults.values(), gap=6)
        row = FoldingRow(self.filter, kinds)
        words_row = QHBoxLayout()
        words_row.setSpacing(8)
        words_row.addWidget(self.said)
        words_row.addWidget(self.judging)
        words_row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(4)
        column.addWidget(row)
        column.addLayout(words_row)

    @property
    def wanted(self) -> Wanted:
        """What is asked for; all severities, or none, mean any."""
        return Wanted(self._query, _down(self.severities), _down(self.faults))

    @property
    def narrowed(self) -> bool:
        """Whether something is asked for."""
        return bool(self.filter.text or self.wanted != Wanted())

    def clear(self) -> None:
        """Ask for all."""
        for made in (*self.severities.values(), *self.faults.values()):
            made.setChecked(False)
        self.filter.line.setText("")
        self.filter.use()

    def say(self, text: str, judging: str = "", *, runs: bool = False) -> None:
        """What was found; ``judging``: what a press of the button does about what was not judged, empty for nothing."""
        self._runs = runs
        self.said.setText(text)
        self.judging.setText(judging)
        self.judging.setVisible(bool(judging))

    def _on_filter(self, text: str) -> None:
        self._query = _read(text)
        self.wanted_changed.emit()


def _read(text: str) -> Query | None:
    return parse(text) if text.strip() else None


def _down(buttons: dict[str, QToolButton]) -> frozenset[str]:
    down = frozenset(str(key) for key, made in buttons.items() if made.isChecked())
    return down if len(down) < len(buttons) else frozenset()


def _toggle(name: str, icon: str, ink: Role, tip: str) -> QToolButton:
    made = QToolButton()
    made.setText(name)
    made.setCheckable(True)
    made.setAccessibleName(f"Only {name.lower()} findings")
    made.setToolTip(f"{tip[:1].upper()}{tip[1:]}. Pressed: only these, and what else is pressed")
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    look(made, "flat")
    if icon:
        set_icon(made, icon, ink)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return made
