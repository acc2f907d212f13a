"""Installing a server, where the user is looking: the exact command, its output as it comes, and how it ended."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QProgressBar, QVBoxLayout

from app.launch.installation import Installation
from app.theme import Role, color, mono_font, pixmap
from app.theme.widgets import CopyButton, ElidedLabel, bold, button, icon_button, label, look

_SIGNS = {"done": ("check", Role.OK), "failed": ("error", Role.SERVER_ERROR), "cancelled": ("info", Role.MUTED)}
#: Lines of output that are seen at once.
_LINES = 6


class InstallPanel(QFrame):
    """Shows an ``Installation``, from its beginning until it is closed.

    Signals:
        again_wanted: the user wants to try once more.
    """

    again_wanted = Signal()

    def __init__(self, installation: Installation) -> None:
        super().__init__()
        self.setObjectName("installPanel")
        self._installation = installation
        self._shown = 0
        self._clock = QElapsedTimer()
        self._tick = QTimer(self, interval=1000)
        self._tick.timeout.connect(self._render_head)
        self._sign = QLabel()
        self._what = label(wrap=True, selectable=True)
        bold(self._what)
        self.command = ElidedLabel(mono=True)
        self.command.setAccessibleName("Command that installs")
        self.copy = CopyButton("Copy the command")
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self._bar.setAccessibleName("Installing")
        self.output = self._make_output()
        self.cancel = button("Cancel", icon="stop")
        self.cancel.clicked.connect(installation.cancel)
        self.again = button("Try again", icon="reload")
        self.again.clicked.connect(self.again_wanted)
        self.close_it = icon_button("close", "Close this")
        self.close_it.clicked.connect(installation.forget)
        self._lay_out()
        look(self, "form")
        installation.changed.connect(self.render_all)
        self.render_all()

    def render_all(self) -> None:
        """Show how far it is."""
        going = self._installation
        shown = going.state not in ("none", "done")
        if going.running and not self._tick.isActive():
            self._clock.start()
            self._tick.start()
            self._shown = 0
            self.output.clear()
        elif not going.running:
            self._tick.stop()
        self.command.show_text(f"$ {going.command}")
        self.copy.text_to_copy = going.command
        new, self._shown = going.lines[self._shown :], len(going.lines)
        if new:
            self.output.appendPlainText("\n".join(new))
        self._bar.setVisible(going.running)
        self.cancel.setVisible(going.running)
        self.again.setVisible(going.state in ("failed", "cancelled"))
        self.close_it.setVisible(not going.running)
        self._render_head()
        self.setVisible(shown)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours: another sign."""
        if event.type() == QEvent.Type.PaletteChange:
            self._render_head()
        super().changeEvent(event)

    def _render_head(self) -> None:
        going = self._installation
        title = going.mode.title if going.mode else ""
        if going.running:
            words = f"Installing what {title} needs…  {self._clock.elapsed() // 1000} s"
        elif going.problem is not None:
            words = f"{going.problem.what}  {going.problem.why}".strip()
        else:
            words = f"Installing what {title} needs was cancelled. The tool was told to clean up."
        self._what.setText(words)
        self.setAccessibleName(words)
        name, role = _SIGNS.get(going.state, ("install", Role.ACCENT))
        self._sign.setPixmap(pixmap(name, 20, color(role), self.devicePixelRatioF()))

    def _make_output(self) -> QPlainTextEdit:
        text = QPlainTextEdit()
        text.setReadOnly(True)
        text.setFont(mono_font())
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setMaximumBlockCount(2000)
        text.setFixedHeight(QFontMetrics(mono_font()).lineSpacing() * _LINES + 14)
        text.setAccessibleName("Output of the installation")
        text.setTabChangesFocus(True)
        return text

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.command, 1)
        line.addWidget(self.copy)
        texts = QVBoxLayout()
        texts.setSpacing(6)
        texts.addWidget(self._what)
        texts.addLayout(line)
        texts.addWidget(self._bar)
        texts.addWidget(self.output)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 8, 10)
        row.setSpacing(10)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        for widget in (self.cancel, self.again, self.close_it):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
