"""What an event loop was held up by: where its one callback was at that time, over whatever is in view.

Knows ``Blocked`` and how a traceback is coloured; not where either comes from.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.theme.widgets import CopyButton, icon_button, label, look
from app.traffic import formats, syntax, tracebacks
from app.traffic.blocked import Blocked
from app.traffic.detail.line_view import LineView

_SIZE = QSize(680, 320)
_UNSEEN = "No stack was taken: native code let nobody look, or it was over too soon."


class StallCard(QFrame):
    """Pops up at a point; Escape or a click elsewhere closes it.

    Signals:
        exchange_wanted(int): show the exchange that held the loop up.
        step_wanted(bool): the time before this one that a loop was held up (true), or the one after it.
    """

    exchange_wanted = Signal(int)
    step_wanted = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("stallCard")
        self.setAccessibleName("Blocked event loop")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._exchange = 0
        self.title = label(wrap=True)
        self.words = label("", "muted", wrap=True)
        self.stack = LineView("Stack while the event loop was blocked", wrap=False)
        self.request = QPushButton("Show the request")
        look(self.request, "link")
        self.copy = CopyButton("Copy the stack")
        self.earlier = icon_button("chevron-left", "Blocked before this", "The time before that a loop was blocked")
        self.later = icon_button("chevron-right", "Blocked after this", "The next time that a loop was blocked")
        self.request.clicked.connect(self._on_request)
        self.earlier.clicked.connect(lambda: self.step_wanted.emit(True))
        self.later.clicked.connect(lambda: self.step_wanted.emit(False))
        self._arrange()

    def _arrange(self) -> None:
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        for widget in (self.request, self.earlier, self.later, self.copy):
            head.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.words)
        column.addWidget(self.stack, 1)
        self.resize(_SIZE)

    def show_stall(self, blocked: Blocked, by: str, now: int) -> None:
        """Say of ``blocked`` all that is known; ``by`` is what the request was, empty if it is not known."""
        length = formats.duration(blocked.end(now) - blocked.begin)
        self.title.setText(f"The event loop of worker {blocked.slot} (pid {blocked.pid}) was blocked for {length}")
        what = f"{by} (#{blocked.exchange})" if blocked.exchange else "Something that belongs to no request"
        what = what if blocked.exchange or blocked.stack else "Something"
        self.words.setText(f"{what} ran without an await, and everybody else on this loop waited.")
        self._exchange = blocked.exchange
        self.request.setVisible(bool(blocked.exchange))
        self.copy.text_to_copy = blocked.stack
        self.copy.setEnabled(bool(blocked.stack))
        self.stack.show_lines(syntax.colored(blocked.stack or _UNSEEN, "pytb" if blocked.stack else ""))
        frame = tracebacks.innermost_own(blocked.stack)
        if frame is not None:
            self.stack.emphasize(range(frame.first, frame.last + 1))
            self.stack.go_to(frame.first)

    def pop_up(self, at: QPoint) -> None:
        """Show it at a global point, as far as the screen has room."""
        room = self.screen().availableGeometry()
        left = max(room.left(), min(at.x(), room.right() - self.width()))
        self.move(left, max(room.top(), min(at.y(), room.bottom() - self.height())))
        self.show()
        self.stack.setFocus(Qt.FocusReason.PopupFocusReason)

    def _on_request(self) -> None:
        self.hide()
        self.exchange_wanted.emit(self._exchange)
