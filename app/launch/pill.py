"""The status pill and the recording light: how the application stands, in a word and a colour."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.theme import Role, color
from app.theme.widgets import bold

#: What each state means, for the tooltip.
_MEANINGS = {
    "stopped": "Nothing runs",
    "starting": "Its server is being started; requests that come now wait",
    "running": "It serves",
    "switching": "A second server gets ready beside the first, which still serves",
    "reloading": "The code is loaded anew; what serves goes on until that is done",
    "restarting": "Its processes end and are started anew; requests that come now wait",
    "paused": "All its workers are paused: requests wait",
    "held": "No worker is ready at the moment: requests wait until one is",
    "stopping": "It finishes the requests that it has in hand",
    "crashed": "It does not serve, and is not started again by itself",
    "no supervisor": "The process that runs the applications is gone; the trace can still be looked at",
}

#: The states that it is made wide enough for; the others are rare, and worth a jump.
_USUAL = ("stopped", "starting", "running", "switching", "reloading", "restarting", "stopping", "crashed")

_LOOKS: dict[str, tuple[Role, Role]] = {
    "stopped": (Role.MUTED, Role.HOVER),
    "starting": (Role.PENDING, Role.PENDING_BACK),
    "running": (Role.OK, Role.OK_BACK),
    "switching": (Role.PENDING, Role.PENDING_BACK),
    "reloading": (Role.PENDING, Role.PENDING_BACK),
    "restarting": (Role.PENDING, Role.PENDING_BACK),
    "paused": (Role.CLIENT_ERROR, Role.WARN_BACK),
    "held": (Role.SERVER_ERROR, Role.ERROR_BACK),
    "stopping": (Role.CLIENT_ERROR, Role.WARN_BACK),
    "crashed": (Role.SERVER_ERROR, Role.ERROR_BACK),
    "no supervisor": (Role.SERVER_ERROR, Role.ERROR_BACK),
}


class StatusPill(QLabel):
    """One word in a rounded field."""

    def __init__(self) -> None:
        super().__init__()
        self.state = ""
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        bold(self, 0.93)
        self.show_state("stopped")

    def show_state(self, state: str) -> None:
        """Show one of the states of an application."""
        if state != self.state:
            self.state = state
            self.setText(state)
            meaning = _MEANINGS.get(state, "")
            self.setAccessibleName(f"Application is {state}")
            self.setAccessibleDescription(meaning)
            self.setToolTip(meaning)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Wide enough for the longest word, so that the bar does not jump."""
        metrics = self.fontMetrics()
        return QSize(
            max(metrics.horizontalAdvance(word) for word in (*_USUAL, self.text())) + 28, metrics.height() + 10
        )

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The field, a dot, the word."""
        ink, back = _LOOKS.get(self.state, _LOOKS["stopped"])
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(back))
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        width = self.fontMetrics().horizontalAdvance(self.text())
        left = area.center().x() - (width + 12) / 2
        painter.setBrush(color(ink))
        painter.drawEllipse(QRectF(left, area.center().y() - 3, 6, 6))
        painter.setPen(color(ink))
        painter.drawText(
            QRectF(left + 12, area.top(), width + 4, area.height()), Qt.AlignmentFlag.AlignVCenter, self.text()
        )
        painter.end()


class RecordingLight(QWidget):
    """A red dot and the number of exchanges while a trace is being written; a ring when not."""

    def __init__(self) -> None:
        super().__init__()
        self._on = False
        self._count = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_count(0, on=False)

    def show_count(self, count: int, *, on: bool) -> None:
        """Show how many exchanges were recorded, and whether more are."""
        before = self._words()
        self._count, self._on = count, on
        words = self._words()
        said = f"Recording, {words} so far" if on else f"Not recording, {words} kept"
        self.setAccessibleName(said)
        self.setToolTip(said)
        if len(words) != len(before):
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Room for the words."""
        return QSize(self.fontMetrics().horizontalAdvance(self._words()) + 20, self.fontMetrics().height() + 4)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours: paint again."""
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The dot and the count."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = color(Role.SERVER_ERROR if self._on else Role.MUTED)
        painter.setPen(ink)
        painter.setBrush(ink if self._on else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(2, self.height() / 2 - 4, 8, 8))
        painter.setPen(color(Role.TEXT if self._on else Role.MUTED))
        painter.drawText(self.rect().adjusted(16, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._words())
        painter.end()

    def _words(self) -> str:
        return f"{self._count:,} exchange" + ("" if self._count == 1 else "s")
