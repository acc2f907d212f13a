"""The first start: two big buttons, and what WSGI and ASGI are, in a minute, with a drawing."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.theme import Role, color, px
from app.theme.widgets import bold, button, label, look

_WSGI = (
    "The server calls your application like any function: one call for each request, and waits for the answer. "
    "A worker (or a thread of it) has one request in hand; the others wait for their turn. Flask and classic Django "
    "speak WSGI; gunicorn and waitress serve it."
)
_ASGI = (
    "Your application is a coroutine that receives and sends messages. Whenever it waits, for a database or a slow "
    "client, the event loop runs another request: one worker has many in hand, long streams and WebSockets among them. "
    "Code that blocks instead of awaiting stops them all. FastAPI and Starlette speak ASGI; uvicorn serves it."
)


class WelcomePage(QScrollArea):
    """Shown while there is nothing else to show.

    Signals:
        folder_wanted: *Open a project folder* was pressed.
        demo_wanted: *Try the demo* was pressed.
    """

    folder_wanted = Signal()
    demo_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("welcomePage")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.folder = button("Open a project folder", icon="folder", dress="big-primary")
        self.demo = button("Try the demo", icon="demo", dress="big")
        for made in (self.folder, self.demo):
            made.setIconSize(QSize(20, 20))
        self.folder.clicked.connect(self.folder_wanted)
        self.demo.clicked.connect(self.demo_wanted)
        self._lay_out()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(10)
        column.addStretch(1)
        title = label("See what your web server and your application say to each other", wrap=True)
        bold(title, 1.7)
        words = label(
            "Gatescope runs a Python web application under any server, records every request and every message "
            "between the two, and shows which worker did what, and when.", "muted", wrap=True,
        )  # fmt: skip
        column.addWidget(title)
        column.addWidget(words)
        column.addSpacing(10)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        buttons.addWidget(self.folder)
        buttons.addWidget(self.demo)
        buttons.addStretch(1)
        column.addLayout(buttons)
        hint = label("The demo is seven small applications, ready to start; nothing leaves this machine.", "muted",
                     wrap=True)  # fmt: skip
        column.addWidget(hint)
        column.addSpacing(14)
        column.addLayout(self._lessons())
        column.addStretch(2)
        inner.setMaximumWidth(1040)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(inner, 20)
        row.addStretch(1)
        self.setWidget(holder)

    def _lessons(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        lessons = (("WSGI: one call, one answer", _WSGI, True), ("ASGI: messages and an event loop", _ASGI, False))
        for at, (title, words, queue) in enumerate(lessons):
            card = QFrame()
            look(card, "card")
            inside = QVBoxLayout(card)
            inside.setContentsMargins(16, 14, 16, 14)
            inside.setSpacing(10)
            heading = label(title, wrap=True)
            bold(heading, 1.15)
            inside.addWidget(heading)
            inside.addWidget(Drawing(queue=queue))
            inside.addWidget(label(words, wrap=True), 1, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(card, 0, at)
            grid.setColumnStretch(at, 1)
        return grid


#: For three requests: where each begins, as fractions of the width, and what it does: run, or wait.
_Spans = tuple[tuple[float, tuple[tuple[str, float], ...]], ...]
_QUEUE: _Spans = (
    (0.00, (("run", 0.30),)),
    (0.04, (("wait", 0.26), ("run", 0.30))),
    (0.08, (("wait", 0.52), ("run", 0.30))),
)
_LOOP: _Spans = (
    (0.00, (("run", 0.08), ("io", 0.20), ("run", 0.06))),
    (0.04, (("wait", 0.04), ("run", 0.08), ("io", 0.20), ("run", 0.06))),
    (0.08, (("wait", 0.08), ("run", 0.08), ("io", 0.20), ("run", 0.06))),
)


_STEP, _BAR = 28, 20  #: pixels from one lane to the next, and of a bar


class Drawing(QWidget):
    """Three requests on one worker: one after the other, or in turns."""

    def __init__(self, *, queue: bool) -> None:
        super().__init__()
        self._spans = _QUEUE if queue else _LOOP
        self._words = (("run", "runs"), ("wait", "waits its turn")) if queue else (("run", "runs"), ("io", "awaits"))
        how = "one after the other" if queue else "in turns, each while the others wait"
        self.setAccessibleName(f"Drawing: three requests on one worker, {how}")

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """As high as its lanes and the line below them."""
        return QSize(px(240), px(_STEP) * len(self._spans) + px(32))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """No less."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Lanes of bars, and what the bars mean."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetricsF(self.font())
        left = metrics.horizontalAdvance("request 3") + 14
        width = self.width() - left
        for at, (begin, parts) in enumerate(self._spans):
            top = 4 + at * px(_STEP)
            painter.setPen(color(Role.MUTED))
            area = QRectF(0, top, left, px(_BAR))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, f"request {at + 1}")
            x = left + begin * width
            for what, share in parts:
                self._bar(painter, what, QRectF(x, top, share * width, px(_BAR)))
                x += share * width
        self._legend(painter, left, metrics)
        painter.end()

    def _bar(self, painter: QPainter, what: str, area: QRectF) -> None:
        if what == "run":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(Role.ACCENT))
            painter.drawRoundedRect(area.adjusted(0.5, 0, -0.5, 0), 3, 3)
        elif what == "wait":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(Role.SELECTION))
            painter.drawRoundedRect(area.adjusted(0.5, 0, -0.5, 0), 3, 3)
        else:
            painter.setPen(QPen(color(Role.ACCENT), 1.5, Qt.PenStyle.DotLine))
            middle = area.center().y()
            painter.drawLine(QPointF(area.left() + 2, middle), QPointF(area.right() - 2, middle))

    def _legend(self, painter: QPainter, left: float, metrics: QFontMetricsF) -> None:
        top, x, high = 4 + len(self._spans) * px(_STEP) + 6, left, px(18)
        for what, words in self._words:
            self._bar(painter, what, QRectF(x, top + high * 0.25, 22, high * 0.55))
            painter.setPen(color(Role.MUTED))
            wide = metrics.horizontalAdvance(words)
            painter.drawText(QRectF(x + 30, top, wide + 4, high), Qt.AlignmentFlag.AlignVCenter, words)
            x += wide + 60
        painter.setPen(color(Role.MUTED))
        painter.drawText(
            QRectF(x, top, self.width() - x, high),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            "time →",
        )
