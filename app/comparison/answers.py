"""The answers of one mode that are not as recorded: a list, and what differs in the one that is chosen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.comparison.results import Results
from app.replay.comparison import brief, differences
from app.replay.diff_view import DiffView
from app.replay.results_model import WIDTHS, Compared, ResultsModel
from app.traffic.detail.plain_table import PlainTable
from inspector.model import Exchange, ReplayResult

_ORIGINALS = (4, 6, 8)  #: columns of the original, which lies in another file
_WIDTHS = (*WIDTHS[:3], 22, *WIDTHS[4:])


class DifferingAnswers(QWidget):
    """Signals: ``counted(int)``: so many are listed."""

    counted = Signal(int)

    def __init__(self, results: Results, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._results = results
        self._name = ""
        self.model = ResultsModel(self)
        self.table = PlainTable("Answers that differ", self.model, _WIDTHS)
        for column in _ORIGINALS:
            self.table.setColumnHidden(column, True)
        self.diff = DiffView()
        splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        splitter.setHandleWidth(1)
        splitter.addWidget(self.table)
        splitter.addWidget(self.diff)
        splitter.setSizes([420, 580])
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.addWidget(splitter)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        results.differing.connect(self._on_differing)
        results.pair.connect(self._on_pair)

    def expect(self, name: str) -> None:
        """The next answers are of this mode; until then there are none."""
        self._name = name
        self.model.clear()
        self.diff.clear("")
        self.counted.emit(0)

    def _on_differing(self, name: str, found: list[Compared]) -> None:
        if name != self._name:
            return
        self.model.clear()
        self.model.append(found)
        self.counted.emit(len(found))
        if found:
            self.table.setCurrentIndex(self.model.index(0, 0))
        else:
            self.diff.clear(f"All answers of {name} are as recorded.")

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            result = self.model.compared(current.row()).result
            self.diff.show_differences(differences(result.differences), _sentence(result))
            self._results.ask_pair(result)

    def _on_pair(self, result: ReplayResult, original: Exchange | None, replay: Exchange | None) -> None:
        current = self.table.currentIndex()
        if current.isValid() and self.model.compared(current.row()).result is result:
            self.diff.show_responses(original, replay)


def _sentence(result: ReplayResult) -> str:
    return f"Exchange {result.original} of the recording was answered otherwise: {brief(result)}."
